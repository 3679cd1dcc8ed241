#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cost against size: the cost of a list, of an event, of memory and of a start in a synthetic shop of a given size.

usage: size.py items|users N OUT.json [--quick] [--keep DIRECTORY]
  items   N items; 100,000 users, or N if that is more, with histories of 20
  users   N users with histories of 4; 10,000 items
  --keep  builds the shop in DIRECTORY if it is not there, and keeps it for the next measurement (which adds its own
          events)

The history writer handles a hundred thousand events/s, the learner ten thousand. So a shop is built in two steps: first
the histories of all users, while only popularity is learned; then, with all parts, as many events as fill what is bounded.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import time

from service import figure, generate, running, scratch

PORT = int(os.environ.get("FRESHET_BENCH_PORT", 18090))
TARGETS = 100_000
LISTS_PER_SECOND = EVENTS_PER_SECOND = 1000
# Trims the log as soon as it has been read, so that the first step is not learned again by all parts.
BRIEF_LOG = '[embedded]\nretention = "0s"\ntrim_interval = "1s"\n[online]\ncheckpoint_interval = "5s"\nkeep_checkpoints = 1\n'

EVERY_EVENT = "[online]\nleast_scored = 1\n"  # scores every event, also in a burst


@dataclasses.dataclass
class Shop:
    items: int
    users: int
    remembered: int  # events of users that only the histories (and popularity) take
    anonymous: int   # events of sessions without a user that all parts learn
    learned: int     # events of users that all parts learn

    @staticmethod
    def of_items(items, scale):
        """Histories of 20 events; a hundred thousand users, or as many as items."""
        users, learned = max(round(100_000 * scale), items), max(round(500_000 * scale), items)
        return Shop(items, users, 20 * users - learned, 0, learned)

    @staticmethod
    def of_users(users, scale):
        """Histories of 4 events; all shops have as many sessions as the session kNN keeps."""
        learned = min(4 * users, round(400_000 * scale))
        return Shop(round(10_000 * scale), users, 4 * users - learned, round(800_000 * scale), learned)


def wait_until_learned(service, seconds=1e9):
    """Waits until the histories and the learner have read everything, at most `seconds`."""
    end = time.monotonic() + seconds
    while any(service.lag()) and time.monotonic() < end:
        time.sleep(0.2)


def add(shop, directory, port, parts, seed, users, events, day, columns="user,item,time,type"):
    """Generates the stream of one day and sends it to the shop."""
    if not events:
        return
    stream = directory / "stream.tsv"
    generate(stream, items=shop.items, users=users, events=events, seed=seed, days=1, start=f"2026-01-{day:02}T00:00:00Z")
    with running(port, directory, BRIEF_LOG + parts, "/healthz") as (service, _):
        service.send(stream, columns)
        wait_until_learned(service)
        time.sleep(7)  # until a checkpoint is written and the log is trimmed
    stream.unlink()


def build(shop, directory, port=PORT):
    add(shop, directory, port, 'parts = ["popularity"]\n', 1, shop.users, shop.remembered, 1)
    for checkpoint in (directory / "data/checkpoints").glob("*"):
        checkpoint.unlink()
    add(shop, directory, port, "", 2, max(1, shop.anonymous // 4), shop.anonymous, 2, "session,item,time,type")
    add(shop, directory, port, "", 3, shop.users, shop.learned, 3)


def measure(shop, directory, seconds, port=PORT):
    stream, targets = directory / "beside.tsv", directory / "targets"
    burst = directory / "burst.tsv"
    events = round(10_000 * seconds)
    generate(burst, items=shop.items, users=shop.users, events=events, seed=4, days=1, start="2026-01-04T00:00:00Z")
    generate(stream, items=shop.items, users=shop.users, events=round(EVENTS_PER_SECOND * (4 * seconds + 10)), seed=5, days=1,
             start="2026-01-05T00:00:00Z")
    chance = random.Random(1)
    targets.write_text("".join(f"/v1/users/u{chance.randrange(shop.users)}/recommendations?k=20\n" for _ in range(TARGETS)))
    with running(port, directory, EVERY_EVENT) as (service, start):
        figures = [figure("start", "start until ready", start, "s")]
        wait_until_learned(service)
        service.lists(targets, min(seconds, 3))  # warms up caches
        figures.append(figure("list_cpu", "CPU per list, no other load",
                              service.lists(targets, seconds)["cpu_us"], "µs"))

        with service.fed(stream, EVENTS_PER_SECOND):
            at = service.lists(targets, seconds, LISTS_PER_SECOND)
        for name in ("p50", "p99", "p999"):
            figures.append(figure(name, f"{name}, 1 k lists/s, 1 k events/s", at[f"{name}_ms"], "ms"))
        wait_until_learned(service, 3 * seconds)

        before, learned = service.cpu(), service.status()["learner"]["events_learned"]
        service.send(burst)
        wait_until_learned(service, 3 * seconds)
        after, status = service.cpu(), service.status()
        learned = status["learner"]["events_learned"] - learned
        for kind, what in (("http", "HTTP and log"), ("writer", "histories"), ("compaction", "compaction"),
                           ("learner", "learning")):
            count = learned if kind == "learner" else events
            figures.append(figure(f"event_{kind}", f"CPU per event, {what}", (after[kind] - before[kind]) * 1e6 / count, "µs"))

        mib = 1 / 2**20
        figures.append(figure("resident", "resident", status["memory"]["resident_bytes"] * mib, "MiB"))
        for kind, value in status["memory"]["store_bytes"].items():
            figures.append(figure(f"store_{kind}", f"  store: {kind}", value * mib, "MiB"))
        for part, value in status["learner"]["memory_bytes"].items():
            figures.append(figure(f"mem_{part}", f"  {part}", value * mib, "MiB"))
        figures += [figure("items", "items that the learner knows", status["learner"]["items"], "items"),
                    figure("users", "users", shop.users, "users"),
                    figure("events", "events in the histories", sum(status["history"]["positions"].values()), "events")]
    for file in (burst, stream, targets):
        file.unlink()
    return figures


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("axis", choices=["items", "users"])
    arguments.add_argument("size", type=int)
    arguments.add_argument("out")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--keep")
    options = arguments.parse_args()
    shop = (Shop.of_items if options.axis == "items" else Shop.of_users)(options.size, 0.02 if options.quick else 1)
    with scratch(options.keep) as directory:
        if not (directory / "data").exists():
            build(shop, directory)
        figures = measure(shop, directory, 1 if options.quick else 10)
    pathlib.Path(options.out).write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
