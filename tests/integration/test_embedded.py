# SPDX-License-Identifier: Apache-2.0
"""The service on its embedded log, driven over HTTP."""

import http.server
import json
import re
import subprocess
import threading
from datetime import datetime, timedelta, timezone

import pytest

from freshet_process import BINARY, ROOT, absent_metrics, new_key, run, wait_until


def shop_sessions(count):
    """Sessions that walk a, b, c: after a comes b, after b comes c."""
    events = []
    for session in range(count):
        for step, item in enumerate("abc"):
            events.append({"session": f"s{session}", "item": item, "ts": 1_700_000_000_000 + session * 10_000 + step})
    return events


def wait_learned(service, events):
    """Until lists are made by a model that has learned so many events."""
    wait_until(lambda: service.status()["learner"]["events_published"] >= events, f"{events} events learned")


def test_a_click_changes_the_next_answer(freshet):
    service = freshet()
    service.send(*shop_sessions(50))
    wait_learned(service, 150)

    now = 1_700_000_600_000
    token = service.send({"user": "u", "item": "a", "ts": now})
    first = service.recommend("u", after=token)
    assert first["items"][0]["item"] == "b"
    assert "a" not in [entry["item"] for entry in first["items"]]
    assert first["model"]["version"] >= 1
    assert first["model"]["age_ms"] >= 0

    token = service.send({"user": "u", "item": "b", "ts": now + 1000})
    assert service.items_for("u", after=token)[0] == "c"


def test_an_anonymous_session_and_a_stateless_request_get_the_same_list(freshet):
    service = freshet()
    service.send(*shop_sessions(50))
    wait_learned(service, 150)
    token = service.send({"session": "visitor", "item": "b", "ts": 1_700_000_600_000})
    stored = service.recommend("visitor", kind="sessions", after=token)
    stateless = service.post("/v1/recommendations", {"session": ["b"], "k": 20}).json
    assert [entry["item"] for entry in stored["items"]] == [entry["item"] for entry in stateless["items"]]


@pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "kill -9"])
def test_a_restart_goes_on_where_it_stopped(freshet, crash):
    service = freshet()
    events = shop_sessions(200)
    for start in range(0, len(events), 100):
        service.send(*events[start:start + 100])
    wait_learned(service, 600)
    service.kill() if crash else service.stop()

    service.start()
    wait_learned(service, 600)
    status = service.status()
    assert status["learner"]["events_learned"] == 600
    assert service.get("/v1/sessions/s199").json["count"] == 3
    token = service.send({"user": "u", "item": "a", "ts": 1_700_009_000_000})
    assert service.items_for("u", after=token)[0] == "b"
    service.stop()
    assert service.counts()["events"] == 601


def test_a_replayed_stream_arrives_completely(freshet, tmp_path):
    service = freshet()
    stream = tmp_path / "stream.jsonl"
    run("generate", "--events", 20_000, "--users", 500, "--items", 300, "--seed", 7, "-o", stream)
    report = json.loads(run("replay", stream, "--to", "http", "--url", service.url, "--json").stdout)
    assert report["acknowledged"] == report["sent"] == 20_000
    wait_learned(service, 20_000)
    service.stop()
    assert service.counts()["events"] == 20_000


def test_a_replayed_stream_may_happen_at_another_time(freshet, tmp_path):
    stream = tmp_path / "old.tsv"
    stream.write_text("".join(f"s1\ti{n}\t{1_400_000_000 + 3600 * n}\n" for n in range(3)))
    service = freshet()
    replay = ("replay", stream, "--to", "http", "--url", service.url, "--columns", "session,item,time", "--no-ids")
    last_week = (datetime.now(timezone.utc) - timedelta(days=7)).replace(microsecond=0)
    run(*replay, "--rebase", f"{last_week:%Y-%m-%dT%H:%M:%SZ}")
    started = datetime.now(timezone.utc)
    run(*replay, "--rebase", "now", "--speed", "1000/s")
    ended = datetime.now(timezone.utc)
    wait_until(lambda: '"count":6' in service.get("/v1/sessions/s1").body, "all events in the history")
    times = [datetime.fromisoformat(event["ts"].replace("Z", "+00:00"))
             for event in service.get("/v1/sessions/s1").json["events"]]
    assert times[3:] == [last_week + timedelta(hours=hours) for hours in (2, 1, 0)]
    assert started - timedelta(milliseconds=1) <= times[0] <= ended
    assert [times[0] - time for time in times[:3]] == [timedelta(hours=hours) for hours in (0, 1, 2)]
    piped = ("replay", "-", *replay[2:], "--rebase", "now")
    run(*piped, stdin=stream.read_text())
    wait_until(lambda: '"count":9' in service.get("/v1/sessions/s1").body, "all events in the history")
    assert all(event["ts"] <= f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
               for event in service.get("/v1/sessions/s1").json["events"])
    refused = run(*replay, "--rebase", "yesterday", check=False)
    assert refused.returncode == 2 and '"yesterday" is neither now nor a time' in refused.stderr


def test_a_replay_that_sent_nothing_fails_with_the_reasons(freshet, tmp_path):
    service, stream = freshet(), tmp_path / "clicks.jsonl"
    replay = ("replay", stream, "--to", "http", "--url", service.url)
    stream.write_text('{"user":"u"}\n{"item":"a"}\n')
    nothing = run(*replay, check=False)
    assert nothing.returncode == 1
    assert f"{stream}:1: item: missing" in nothing.stderr and f"{stream}:2: user: missing" in nothing.stderr
    assert "nothing was sent: no events: every line was skipped, 2 in all" in nothing.stderr
    for rebase in ((), ("--rebase", "now")):
        stream.write_text("")
        nothing = run(*replay, "--json", *rebase, check=False)
        assert (nothing.returncode, json.loads(nothing.stdout)["first_problem"]) == (1, "no events: the file is empty")
    stream.write_text('{"user":"u","item":"a","ts":"2026-01-01T00:00:00Z"}\n{"user":"u","item":"b","time":1400000000}\n')
    refused = run(*replay, check=False)
    assert refused.returncode == 2 and f"{stream}:2: time: not recognized as the time" in refused.stderr


def test_a_command_that_made_nothing_fails():
    assert run("generate", "--events", 0, check=False).returncode == 2
    assert run("generate", "--events", 1, "--items-out", "/dev/full", check=False).returncode == 2
    assert run("config", "check", "", check=False).returncode == 2
    for command in (("keys", "new", "shop", "--scope", "read"), ("config", "example")):
        with open("/dev/full", "w") as full:
            lost = subprocess.run([BINARY, *command], stdout=full, stderr=subprocess.PIPE, text=True)
        assert lost.returncode == 2 and lost.stderr.endswith("freshet: standard output cannot be written\n")


def long_stream(tmp_path):
    """400 events, of which the 124th has 8 KiB."""
    events = [{"session": f"s{i % 9}", "item": f"i{i}", "ts": 1_700_000_000_000 + i} for i in range(400)]
    events[123]["props"] = {"long": "x" * 8100}
    stream = tmp_path / "stream.jsonl"
    stream.write_text("".join(json.dumps(event) + "\n" for event in events))
    return stream


def test_a_replay_names_the_event_that_the_service_refuses_and_counts_all(freshet, tmp_path):
    service = freshet("[serve]\nmax_body_bytes = \"8KiB\"\nmax_events_per_request = 7\n")
    stream = long_stream(tmp_path)
    with stream.open("a") as more:
        more.writelines(json.dumps({"session": "s", "item": "i", "ts": 4_000_000_000_000}) + "\n" for _ in range(20))
    answer = run("replay", stream, "--to", "http", "--url", service.url, "--json", check=False)
    report = json.loads(answer.stdout)
    assert answer.returncode == 1
    assert (report["sent"], report["acknowledged"], report["rejected"], report["failed"]) == (420, 399, 21, 0)
    too_long, too_late = 'longer than 8192 bytes: {"id":"stream.jsonl:124"', 'after arrival at .*: {"id":"stream.jsonl:4'
    assert re.search(f"{too_long}|{too_late}", report["first_problem"])
    wait_until(lambda: service.status()["history"]["lag_events"] == 0, "the histories at the end of the log")
    service.stop()
    assert service.counts()["events"] == 399


class SmallDoor(http.server.BaseHTTPRequestHandler):
    """A proxy that lets no body of more than 8 KiB in."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        lines = self.rfile.read(int(self.headers["Content-Length"])).splitlines(keepends=True)
        small = sum(map(len, lines)) <= 8192
        if small:
            self.server.lines += lines
        body = json.dumps({"accepted": len(lines), "rejected": []}) if small else "<html>Too large</html>"
        self.send_response(202 if small else 413)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def test_a_replay_sends_in_halves_what_a_proxy_does_not_let_in_at_once(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SmallDoor) as door:
        door.lines = []
        threading.Thread(target=door.serve_forever).start()
        url = f"http://127.0.0.1:{door.server_port}"
        answer = run("replay", long_stream(tmp_path), "--to", "http", "--url", url, "--json", check=False)
        door.shutdown()
    report = json.loads(answer.stdout)
    assert answer.returncode == 1
    assert (report["sent"], report["acknowledged"], report["rejected"], report["failed"]) == (400, 399, 1, 0)
    assert report["first_problem"].startswith("a record of ")
    for part in ("too large for the service", "HTTP 413", '"id":"stream.jsonl:124"'):
        assert part in report["first_problem"]
    assert sorted(json.loads(line)["item"] for line in door.lines) == sorted(f"i{i}" for i in range(400) if i != 123)


def test_replaying_the_same_file_twice_stores_it_once(freshet, tmp_path):
    service = freshet()
    stream = tmp_path / "stream.jsonl"
    run("generate", "--events", 2_000, "--users", 50, "--items", 100, "--seed", 7, "-o", stream)
    for _ in range(2):
        run("replay", stream, "--to", "http", "--url", service.url)
    service.stop()
    assert service.counts()["events"] == 2_000


def test_erasing_a_user_leaves_no_history(freshet):
    service = freshet()
    token = service.send({"user": "u", "item": "a"}, {"user": "other", "item": "a"})
    service.recommend("u", after=token)
    assert service.get("/v1/users/u").json["count"] == 1
    assert service.curl("/v1/users/u", method="DELETE").status in (200, 202)
    assert service.get("/v1/users/u").status == 404
    assert service.get("/v1/users/other").json["count"] == 1
    service.stop()
    service.start()
    assert service.get("/v1/users/u").status == 404


def test_similar_users_outlive_a_restart_and_never_an_erasure(freshet):
    service = freshet('[online]\nparts = ["popularity", "matrix_factorization", "user_cf"]\n')
    clicks = [dict(event, user=event["session"].replace("s", "u")) for event in shop_sessions(20)]
    service.send(*clicks)
    wait_learned(service, 60)

    def similar(user):
        answer = service.get(f"/v1/users/{user}/similar?k=100")
        return {other["user"] for other in answer.json["similar"]} if answer.status == 200 else set()

    wait_until(lambda: "u1" in similar("u2"), "the learned users to be published")
    before = similar("u2")
    assert "u2" not in before
    service.stop()
    service.start()
    assert similar("u2") == before
    assert service.curl("/v1/users/u1", method="DELETE").status == 202
    assert similar("u2") == before - {"u1"}
    wait_learned(service, 61)
    assert similar("u2") == before - {"u1"}
    assert service.get("/v1/users/u1/similar").status == 404


def test_an_unavailable_item_is_not_recommended(freshet):
    service = freshet()
    service.send(*shop_sessions(50))
    wait_learned(service, 150)
    assert service.curl("/v1/items/b", method="PUT", body={"item": "b", "available": False}).status == 202
    token = service.send({"user": "u", "item": "a", "ts": 1_700_000_600_000})
    assert "b" not in service.items_for("u", after=token)
    removed = service.curl("/v1/items/b", method="DELETE").json["token"]
    assert "b" not in service.items_for("u", after=removed)
    visited = service.send({"user": "v", "item": "b", "ts": 1_700_000_600_000})
    assert service.items_for("u", after=visited)[0] == "b"


def test_bad_requests_are_refused_with_a_reason_and_the_service_lives(freshet):
    service = freshet("[serve]\nmax_body_bytes = \"1MiB\"\n")
    assert "json" in service.post("/v1/events", "{not json").body.lower()
    mixed = service.post("/v1/events", [{"user": "u", "item": "a"}, {"user": "u"}, {"item": "x"},
                                        {"user": "u", "item": 1.5}, {"user": "x" * 65536, "item": "a"}])
    assert mixed.status == 202
    assert mixed.json["accepted"] == 1
    assert [entry["index"] for entry in mixed.json["rejected"]] == [1, 2, 3, 4]
    assert "item" in mixed.json["rejected"][0]["error"]
    assert service.post("/v1/events", b'{"user":"\xff\xfe","item":"a"}').status == 400
    assert service.post("/v1/events", [{"user": "u", "item": "a", "ts": "2999-01-01T00:00:00Z"}]).status == 400
    assert service.post("/v1/events", [{"type": "$erase", "user": "u"}]).status == 400
    assert service.post("/v1/events", b"[" + b" " * (10 << 20) + b"]").status == 413
    assert service.get("/v1/users/u/recommendations?kk=3").status == 400
    assert service.get("/v1/users/u/recommendations?after=nonsense").status == 400
    assert service.get("/nowhere").status == 404
    assert service.curl("/v1/popular", method="DELETE").status == 405
    for answer in (service.get("/nowhere"), service.get("/v1/popular?k=x")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json) >= {"title", "status", "detail"}
    assert service.get("/healthz").status == 200


def test_a_token_from_the_future_times_out(freshet):
    service = freshet("[serve]\nafter_timeout = \"100ms\"\n")
    assert service.get("/v1/users/u/recommendations?after=0-999999").status == 412


def test_operations_endpoints_answer(freshet):
    service = freshet("[served]\nshare = 0\n")  # for the positions
    token = service.send(*shop_sessions(20))
    service.recommend("u", after=token)
    wait_learned(service, 60)
    assert service.get("/healthz").status == 200
    assert service.get("/readyz").json["ready"] is True
    metrics = service.get("/metrics").body
    for name in ("freshet_ingest_events_total", "freshet_learner_events_total", "freshet_learner_quality",
                 "freshet_serve_requests_total", "freshet_store_bytes"):
        assert name in metrics
    status = service.status()
    assert status["history"]["positions"] == {"0": 60}
    assert status["history"]["lag_events"] == 0
    assert {"popularity", "covisitation", "session_knn", "lstm", "blend"} <= set(status["learner"]["quality"])
    assert service.get("/openapi.json").json["openapi"].startswith("3.0")


def test_every_metric_is_documented_and_every_documented_one_exists(freshet, tmp_path):
    keys = tmp_path / "keys"
    key = new_key(keys, "everything", "read,write,admin")
    service = freshet(f'[online]\nparts = ["popularity", "neural_cf"]\n[serve]\nkeys_file = "{keys}"\n')
    assert service.get("/v1/status").status == 401
    service.key = key
    token = service.send(*shop_sessions(3))
    service.recommend("s0", kind="sessions", after=token)
    assert {name: what for name, what in absent_metrics(service).items() if not what.startswith(("Kafka: ", "TLS: "))} == {}
    text = (ROOT / "docs/metrics.md").read_text()
    alerts = set(re.findall(r"freshet_\w+", (ROOT / "configs/alerts.yml").read_text()))
    assert alerts and all(f"| `{name}` |" in text for name in alerts)


@pytest.mark.parametrize("config", ["freshet.toml", "dev.toml", "small.toml"])
def test_the_shipped_configurations_start(freshet, config):
    service = freshet(config=ROOT / "configs" / config)
    service.send({"user": "u", "item": "a"})
    service.stop()


def refused(tmp_path, *arguments):
    result = run("serve", *arguments, check=False, timeout=30)
    assert result.returncode == 2, result.stderr
    assert "terminate" not in result.stderr
    return result.stderr


def test_what_cannot_start_says_why_in_one_line(freshet, tmp_path):
    service = freshet()
    port = service.url.rsplit(":", 1)[1]
    assert "address" in refused(tmp_path, "--data", tmp_path / "other", "--listen", f"127.0.0.1:{port}").lower()
    assert str(service.data) in refused(tmp_path, "--data", service.data, "--listen", "127.0.0.1:0")

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "holiday.jpg").write_text("not a database")
    assert "not a freshet data directory" in refused(tmp_path, "--data", foreign, "--listen", "127.0.0.1:0")

    below_a_file = tmp_path / "file"
    below_a_file.write_text("")
    assert str(below_a_file) in refused(tmp_path, "--data", below_a_file / "data", "--listen", "127.0.0.1:0")

    config = tmp_path / "bad.toml"
    config.write_text("[serve]\nprot = 8080\nthreads = \"two\"\n")
    message = refused(tmp_path, "-c", config)
    assert "bad.toml:2" in message and "serve.port" in message
    assert "bad.toml:3" in message and "serve.threads" in message
    assert "0.0.0.0" in refused(tmp_path, "--data", tmp_path / "public", "--listen", "0.0.0.0:0")


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(freshet):
    service = freshet("[online]\ncheckpoint_interval = \"1s\"\n")
    for start in range(3):
        service.send(*shop_sessions(50))
        wait_until(lambda: len(list((service.data / "checkpoints").glob("checkpoint-*"))) > start, "a checkpoint")
    service.stop()
    newest = max((service.data / "checkpoints").glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:-100])
    service.start()
    wait_learned(service, 450)
    assert newest.name in service.log_path.read_text()
    assert service.status()["learner"]["events_learned"] == 450


def test_each_model_hashes_ids_under_a_key_of_its_own(freshet):
    saved = []
    for name in ("one", "other"):
        service = freshet(name=name)
        service.send({"user": "u", "item": "a", "ts": 1_700_000_000_000})
        wait_learned(service, 1)
        service.stop()
        saved.append(max((service.data / "checkpoints").glob("checkpoint-*")).read_bytes())
    assert len(saved[0]) == len(saved[1])
    assert saved[0] != saved[1], "anybody could compute the hashes"


def test_inspect_works_while_the_service_runs(freshet):
    service = freshet()
    token = service.send({"user": "u", "item": "a", "ts": 1_700_000_000_000}, {"user": "u", "item": "b"})
    service.recommend("u", after=token)
    seen = json.loads(run("inspect", service.data, "--user", "u", "--json").stdout)
    assert [event["item"] for event in seen["events"]] == ["b", "a"]


def test_what_clients_send_cannot_steer_the_terminal_that_shows_it(freshet, tmp_path):
    service = freshet()
    user = "u\x1b[2J\x9b31m\u2028\u202e"
    token = service.send({"user": user, "item": "a\x07\u2066", "ts": 1_700_000_000_000})
    service.recommend(user, after=token)
    shown = run("inspect", service.data, "--user", user).stdout
    assert "\\u001b[2J\\u009b31m\\u2028\\u202e" in shown and "a\\u0007\\u2066" in shown
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown), ascii(shown)
    assert json.loads(run("inspect", service.data, "--user", user, "--json").stdout)["owner"] == user

    stream = tmp_path / "stream.tsv"
    stream.write_bytes(b"s1\ti1\t\x1b[2J\x9b\tview\n")
    for command in (["evaluate"], ["replay", "--to", "http", "--url", service.url]):
        complained = run(*command, stream, check=False).stderr
        assert f'{stream}:1: time: "\\u001b[2J\\u009b" is not a time\n' in complained, ascii(complained)


def test_the_binary_explains_itself():
    for command in ("serve", "replay", "evaluate", "ope", "generate", "inspect", "config", "keys"):
        text = run(command, "--help").stdout
        assert "Example" in text or command == "config", text
    for words, says in ((("srve",), '"srve" is not a command; did you mean "serve"? (see `freshet --help`)'),
                        (("config", "nonsense"), "the commands are check, print, example, reference")):
        refused = run(*words, check=False)
        assert refused.returncode == 2 and says in refused.stderr, refused.stderr


@pytest.mark.parametrize("command", [
    ("replay", "x", "--to", "http", "--skip", "-1"), ("replay", "x", "--to", "http", "--limit", "-1"),
    ("replay", "x", "--to", "http", "--patience", "-1"), ("evaluate", "x", "--skip", "-1"),
    ("evaluate", "x", "--seed", "-1"), ("generate", "--seed", "-1"), ("generate", "--users", "-1"),
    ("generate", "--items", "-1"), ("generate", "--events", "-1"), ("generate", "--days", "nan"),
    ("inspect", "x", "--limit", "-1"), ("inspect", "x", "--limit", "0")], ids=" ".join)
def test_a_number_that_an_option_cannot_have_is_named(command):
    refused = run(*command, check=False)
    assert refused.returncode == 2
    assert f'{command[-2]}: "{command[-1]}" is not a ' in refused.stderr


def test_a_made_up_shop_ends_now_unless_it_is_said_when_it_starts():
    before = datetime.now(timezone.utc)
    lines = run("generate", "--events", 3000, "--users", 50, "--items", 30).stdout.splitlines()
    last = datetime.fromtimestamp(json.loads(lines[-1])["ts"] / 1000, timezone.utc)
    assert before - timedelta(milliseconds=1) <= last <= datetime.now(timezone.utc)
    assert run("generate", "--events", 9, "--start", "2026-01-01T00:00:00Z").stdout.startswith('{"id":"g1-0","user":"')
    assert run("generate", "--start", "yesterday", check=False).returncode == 2


def test_a_minus_for_an_output_is_standard_output_or_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = ("generate", "--events", 5, "--users", 2, "--items", 3)
    assert len(run(*shop).stdout.splitlines()) == 5
    items = run(*shop, "-o", "events.jsonl", "--items-out", "-").stdout.splitlines()
    assert len([json.loads(item)["title"] for item in items]) == 3
    for command, option in (((*shop, "--items-out", "-"), "--items-out"),
                            (("evaluate", "events.jsonl", "--predictions", "-"), "--predictions"),
                            (("evaluate", "events.jsonl", "--plot", "-"), "--plot")):
        refused = run(*command, check=False)
        assert refused.returncode == 2 and option in refused.stderr and "standard output" in refused.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl"]
