#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden data directory of the present release: tests/golden/VERSION.tar.gz, a directory as the service leaves it,
and what it answers on it. Once per release; never remade afterwards, because later releases have to open it.

usage: tests/golden/make.py VERSION          (FRESHET_BINARY or build/release/freshet)
"""

import json
import pathlib
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from freshet_process import Freshet, wait_until  # noqa: E402

TOML = """[online]
keep_checkpoints = 1
parts = ["popularity", "covisitation", "session_knn", "recurrence", "user_history", "matrix_factorisation", "lstm"]
[online.matrix_factorisation]
dimension = 16
[online.lstm]
dimension = 16
[embedded]
retention = "3650d"
"""
ITEMS = [{"item": "i1", "title": "A title", "price": 9.5, "categories": ["c1", "c2"], "attributes": {"colour": "red"}},
         {"item": "i2", "available": False}]


def events():
    for number in range(240):
        event = {"id": f"e{number}", "item": f"i{number * number % 23}", "type": ("view", "cart", "purchase")[number % 3],
                 "ts": 1_700_000_000_000 + number * 60_000}
        if number % 4:
            event["user"] = f"u{number % 7}"
        if number % 4 < 2:
            event["session"] = f"s{number % 5}-ü"
        yield event


def wait_for_the_end(service):
    def at_the_end():
        status = service.status()
        return not status["history"]["lag_events"] and not status["learner"]["lag_events"]
    wait_until(at_the_end, "both readers at the end of the log")
    learner = service.status()["learner"]
    wait_until(lambda: service.status()["learner"]["events_published"] == learner["events_learned"], "published")


def answers(service):
    """What the service says of what it has stored and learned."""
    wait_for_the_end(service)
    status = service.status()
    owners = [f"/v1/users/u{number}" for number in range(7)] + [f"/v1/sessions/s{number}-%C3%BC" for number in range(5)]
    lists = {}
    for owner in owners:
        entries = service.get(f"{owner}/recommendations?k=10").json["items"]
        lists[owner] = [entry["item"] for entry in entries]
    return {"histories": {owner: service.get(owner).json for owner in owners if service.get(owner).status == 200},
            "positions": status["history"]["positions"],
            "stream_time": status["history"]["stream_time"],
            "items": {item["item"]: service.get(f"/v1/items/{item['item']}").json for item in ITEMS},
            "events_learned": status["learner"]["events_learned"],
            "lists": lists}


def main(version):
    with tempfile.TemporaryDirectory() as directory:
        service = Freshet(directory, TOML).start()
        try:
            stream = list(events())
            service.send(*stream[:120])
            assert service.post("/v1/items", ITEMS).status < 300
            service.send(*stream[100:])  # twenty of them for the second time
            assert service.curl("/v1/users/u3", method="DELETE").status == 202
            wait_for_the_end(service)
            service.stop()  # a checkpoint, and tables instead of a write-ahead log after the next start
            service.start()
            service.send({"id": "last", "user": "u1", "item": "i5", "ts": 1_700_100_000_000})
            expected = answers(service)
            service.stop()
        finally:
            service.close()
        root = pathlib.Path(directory)
        (root / "expected.json").write_text(json.dumps(expected, indent=1))
        with tarfile.open(HERE / f"{version}.tar.gz", "w:gz") as archive:
            for name in ("data", "freshet.toml", "expected.json"):
                archive.add(root / name, name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
