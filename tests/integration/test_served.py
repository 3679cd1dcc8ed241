# SPDX-License-Identifier: Apache-2.0
"""Lists that were served: recorded, left out of the next ones, paged, exported, and read by `freshet ope`."""

import json
import time

from freshet_process import run, wait_until

DAY_MS = 86_400_000


def shop(freshet, toml="", name="service"):
    """A service that has learned of 60 items."""
    service = freshet(toml, name=name)
    start = int(time.time() * 1000) - DAY_MS
    events = [{"user": f"u{n % 50}", "item": f"i{(n * 7 + n // 50) % 60}", "ts": start + n * 1000, "id": f"e{n}"}
              for n in range(600)]
    token = service.send(*events)
    wait_until(lambda: service.status()["learner"]["events_published"] >= 600, "everything learned")
    return service, token


def lists_of(service, user, count):
    """The user's recorded lists, once there are so many, newest first."""
    def enough():
        answer = service.get(f"/v1/users/{user}/served")
        lists = answer.json["lists"] if answer.status == 200 else []
        return lists if len(lists) >= count else None

    return wait_until(enough, f"{count} lists of {user}")


def names(answer):
    return [entry["item"] for entry in answer["items"]]


def test_what_was_served_is_left_out_and_pages_go_on(freshet):
    service, token = shop(freshet)
    shown = []
    for _ in range(4):
        shown += names(service.recommend("u1", k=10, after=token, exclude_served="30m"))
    assert len(shown) == len(set(shown)) == 40
    assert not set(names(service.recommend("u1", k=10, exclude_served="30m"))) & set(shown)
    lists_of(service, "u1", 5)
    service.stop()
    service.start()  # by the store alone
    assert not set(names(service.recommend("u1", k=5, exclude_served="30m"))) & set(shown)
    assert set(names(service.recommend("u1", k=10))) & set(shown)

    pages, page = [], {}
    for number in range(4):
        answer = service.recommend("u2", k=12, placement="home", **page)
        pages += names(answer)
        page = {"page": answer["next"]}
        service.send({"user": "u2", "item": f"i{number * 9}", "request": answer["request"]})
    assert len(pages) == len(set(pages)) == 48
    recorded = lists_of(service, "u2", 4)
    assert [each["placement"] for each in recorded] == ["home"] * 4
    assert {each.get("page_of") for each in recorded[:3]} == {recorded[3]["request"]}
    refused = service.get(f"/v1/users/u3/recommendations?page={page['page']}")
    assert (refused.status, refused.json["detail"]) == (400, 'page: the "next" of a list of another user or session')


def test_an_export_joins_what_followed_and_ope_reads_it(freshet):
    service, token = shop(freshet, "[serve]\nexplore_share = 0\n")
    clicked = {}
    for n in range(30):
        answer = service.recommend(f"u{n}", k=5, placement="home")
        item = names(answer)[n % 5]
        named = {"request": answer["request"]} if n % 2 == 0 else {}
        service.send({"user": f"u{n}", "session": f"s{n}", "item": item, "type": "click", **named})
        clicked[answer["request"]] = item
    service.send({"user": "u0", "item": "i59", "type": "click"})
    for n in range(30):
        lists_of(service, f"u{n}", 1)
    wait_until(lambda: service.status()["history"]["lag_events"] == 0, "the histories at the end of the log")
    exported = run("served", "export", service.data).stdout
    lists = {line["list"]: line for line in map(json.loads, exported.splitlines())}
    assert lists.keys() == clicked.keys()
    for request, item in clicked.items():
        actions = {entry["item"]: entry["actions"] for entry in lists[request]["items"] if "actions" in entry}
        assert actions == {item: {"click": 1}}
        assert (lists[request]["placement"], lists[request]["policy"]) == ("home", "greedy")
        assert [entry["position"] for entry in lists[request]["items"]] == [1, 2, 3, 4, 5]
        assert all(entry["propensity"] == 1 for entry in lists[request]["items"])
    # Nothing was left to chance, so ope reads the log and refuses.
    refused = run("ope", "-", "--rewards", "click=1", stdin=exported, check=False)
    assert refused.returncode == 1 and "chance" in refused.stderr, refused.stderr
    assert run("served", "export", service.data, "--window", "0s").stdout.count('"actions"') == 15
    wrong = run("served", "export", service.data, "--window", "soon", check=False)
    assert wrong.returncode == 2 and "--window" in wrong.stderr


def test_a_share_of_the_lists_is_recorded_and_none_with_0(freshet):
    service, _ = shop(freshet, "[served]\nshare = 0.5\n")
    requests = [service.recommend("u1", k=3)["request"] for _ in range(40)]
    expected = [request for request in requests if int(request[:8], 16) < 2**31]
    assert [each["request"] for each in reversed(lists_of(service, "u1", len(expected)))] == expected
    off, _ = shop(freshet, "[served]\nshare = 0\n", name="off")
    before = off.status()["history"]["positions"]
    off.recommend("u1", k=3)
    time.sleep(0.3)
    assert off.status()["history"]["positions"] == before
    assert 'freshet_serve_served_lists_total{result="sampled_out"} 1' in off.get("/metrics").body
