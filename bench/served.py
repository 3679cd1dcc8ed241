#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What records of served lists cost: CPU time per list with `served.share` 1 against 0, by turns on the same shop.

usage: served.py [--rounds N] [--seconds S] [--rate R] [--k K]
"""

import argparse
import os
import random
import shutil
import statistics
import time

from service import figure, generate, running, scratch

PORT = int(os.environ.get("FRESHET_BENCH_PORT", 18094))
ITEMS, USERS, EVENTS = 10_000, 20_000, 100_000
TARGETS = 20_000


def wait_until_read(service):
    while any(service.lag()):
        time.sleep(0.1)


def cost(directory, share, targets, options):
    """CPU time per list, in µs: of the threads that answer, and of all until everything is read."""
    with running(PORT, directory, f"[served]\nshare = {share}\n") as (service, _):
        wait_until_read(service)
        service.load(targets, 2, options.rate)  # warms up caches
        wait_until_read(service)
        before = service.cpu()
        lists = service.load(targets, options.seconds, options.rate)["answered_per_second"] * options.seconds
        wait_until_read(service)
        after = service.cpu()
        return 1e6 * (after["http"] - before["http"]) / lists, 1e6 * (sum(after.values()) - sum(before.values())) / lists


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rate", type=int, default=1000)
    arguments.add_argument("--k", type=int, default=20)
    options = arguments.parse_args()
    with scratch() as directory:
        shop, targets = directory / "shop", directory / "targets"
        shop.mkdir()
        generate(directory / "stream.tsv", items=ITEMS, users=USERS, events=EVENTS)
        with running(PORT, shop, ready="/healthz") as (service, _):
            service.send(directory / "stream.tsv")
            wait_until_read(service)
        chance = random.Random(1)
        targets.write_text("".join(f"/v1/users/u{chance.randrange(USERS)}/recommendations?k={options.k}\n"
                                   for _ in range(TARGETS)))
        costs = {0: [], 1: []}
        for _ in range(options.rounds):
            for share, of in costs.items():
                copy = directory / "copy"
                shutil.copytree(shop, copy)
                of.append(cost(copy, share, targets, options))
                shutil.rmtree(copy)
                print(f"share {share}: {of[-1][0]:.1f} µs answering, {of[-1][1]:.1f} µs in all", flush=True)
        for which, what in enumerate(("answering", "in all")):
            medians = [statistics.median(cost[which] for cost in costs[share]) for share in costs]
            figure(f"served_{what}", f"CPU per list, {what}: recorded / not", medians[1] / medians[0], "")


if __name__ == "__main__":
    main()
