# SPDX-License-Identifier: Apache-2.0
"""A clock that is wrong, and events with wrong times: nobody loses what they had, the times are named, and a list is what
it would have been."""

import os
import time

import pytest
from freshet_process import BINARY, Freshet, wait_until

DAY = 24 * 3600
LIBRARY = os.path.join(os.path.dirname(BINARY), "tests/fault/libwrong_clock.so")
TOML = '[online]\nparts = ["popularity", "covisitation"]\ncheckpoint_interval = "1s"\n'


class Clock:
    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds_ahead):
        # By a rename: the process reads it at any time.
        new = self.path.with_suffix(".new")
        new.write_text(str(seconds_ahead))
        new.rename(self.path)

    def environment(self):
        return {"LD_PRELOAD": LIBRARY, "WRONG_CLOCK": str(self.path)}


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "ahead")


@pytest.fixture
def service(tmp_path, clock):
    running = Freshet(tmp_path, TOML)
    running.start(**clock.environment())
    yield running
    running.close()
    print(running.log_path.read_text()[-5000:])


def learned(service, token):
    """Waits until histories and learner have what is before the token."""
    offset = int(token.split("-")[1])
    wait_until(lambda: service.get("/v1/status").json["learner"]["positions"].get("0", 0) >= offset, "the learner")
    wait_until(lambda: service.get("/v1/status").json["history"]["positions"].get("0", 0) >= offset, "the histories")


def send(service, events):
    answer = service.post("/v1/events", events)
    assert answer.status == 202, answer.body
    assert answer.json["rejected"] == []
    learned(service, answer.json["token"])


def visits(session, items):
    return [{"user": f"u{session}", "session": session, "item": item} for item in items]


def items_of(service, path):
    answer = service.get(path)
    assert answer.status == 200, (path, answer.body)
    body = answer.json
    return [entry["item"] for entry in body.get("items", body.get("events", []))]


@pytest.mark.parametrize("restarts", [False, True], ids=["live", "with restarts"])
@pytest.mark.parametrize("days", [2, 366, 3660])
def test_a_clock_that_runs_ahead_takes_nothing_from_anybody(service, clock, restarts, days):
    def jump(seconds):
        clock.set(seconds)
        if restarts:
            service.stop()
            service.start(**clock.environment())

    for i in range(20):
        send(service, visits(f"s{i}", ["a", "b", "c"]))
    popular = items_of(service, "/v1/popular")
    similar = items_of(service, "/v1/items/a/similar")
    mine = items_of(service, "/v1/users/us3/recommendations")

    jump(days * DAY)
    for i in range(5):
        send(service, visits(f"ahead{i}", ["x", "y"]))
    assert items_of(service, "/v1/users/us3") == ["c", "b", "a"], "while the clock is wrong"
    jump(0)

    assert items_of(service, "/v1/users/us3") == ["c", "b", "a"]
    assert items_of(service, "/v1/items/a/similar")[: len(similar)] == similar
    # What came while the clock was ahead counts as of a day later, for a day.
    assert set(mine) <= set(items_of(service, "/v1/users/us3/recommendations"))
    send(service, visits("later", ["a", "b"]))
    assert items_of(service, "/v1/users/ulater") == ["b", "a"]
    for i in range(100):
        send(service, visits(f"t{i}", ["a", "b", "c"]))
    assert sorted(items_of(service, "/v1/popular")[:3]) == sorted(popular)
    answer = service.get("/readyz")
    assert answer.status == 200
    assert "a clock is or was ahead" in answer.json["components"]["store"]["warning"]
    metrics = service.get("/metrics").body
    ahead = next(line for line in metrics.splitlines() if line.startswith("freshet_store_stream_time_ahead_seconds "))
    assert float(ahead.split()[1]) > (days - 1) * DAY


def test_events_too_old_to_be_kept_are_refused_with_the_reason(service):
    now = int(time.time())
    send(service, [{"user": "u", "item": "now"}, {"user": "u", "item": "seconds", "ts": now},
                   {"user": "u", "item": "milliseconds", "ts": now * 1000}])
    assert sorted(items_of(service, "/v1/users/u")) == ["milliseconds", "now", "seconds"]
    answer = service.post("/v1/events", [{"user": "u", "item": "old", "ts": now - 400 * DAY},
                                         {"user": "u", "item": "late", "ts": now - 300 * DAY}])
    assert answer.status == 202
    assert answer.json["accepted"] == 1
    assert [entry["index"] for entry in answer.json["rejected"]] == [0]
    assert "too old" in answer.json["rejected"][0]["error"]
    learned(service, answer.json["token"])
    assert sorted(items_of(service, "/v1/users/u")) == ["late", "milliseconds", "now", "seconds"]
    assert "old" not in items_of(service, "/v1/popular")


def test_one_event_of_today_does_not_end_a_log_of_years_ago(service):
    then = int(time.time()) - 5 * 365 * DAY
    for i in range(10):
        send(service, [{**event, "ts": then + i * DAY} for event in visits(f"s{i}", ["a", "b"])])
    send(service, [{"user": "me", "item": "x"}])
    assert [items_of(service, f"/v1/users/us{i}") for i in range(10)] == [["b", "a"]] * 10
    for i in range(10, 20):
        send(service, [{**event, "ts": then + i * DAY} for event in visits(f"s{i}", ["a", "b"])])
    assert items_of(service, "/v1/popular")[2:] == ["x"]
