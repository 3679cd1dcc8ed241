#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Latency against rate: CPU per list, maximum rate, and latency at rates up to 120 % of the maximum.

usage: curve.py PORT PID TARGETS STREAM COLUMNS SECONDS OUT.json   against a running service
Lists are requested over 16 connections, while STREAM is sent at 1 k events/s (except for the first figure).
Each rate is kept for SECONDS whatever the service does, and latency counts from the time when a list was due (freshet_load).
"""

import json
import pathlib
import sys

from service import Service, figure

SHARES = [10, 25, 40, 50, 65, 80, 100, 120]  # % of the maximum rate
EVENTS_PER_SECOND = 1000


def main():
    port, pid, targets, stream, columns, seconds, out = sys.argv[1:]
    service, seconds = Service(int(port), int(pid)), float(seconds)
    service.lists(targets, min(seconds, 2))  # warms up caches
    figures = [figure("list_cpu", "CPU per list, no other load", service.lists(targets, seconds)["cpu_us"], "µs")]
    with service.fed(stream, EVENTS_PER_SECOND, columns):
        most = service.lists(targets, 2 * seconds)
        figures.append(figure("lists", "lists, 16 connections, with 1 k events/s", most["answered_per_second"], "lists/s"))
        for name in ("p50", "p99", "p999"):
            figures.append(figure(f"lists_{name}", f"  {name}", most[f"{name}_ms"], "ms"))
        print("  % of max.   asked/s  answered/s  refused/s  p50 ms  p99 ms  p99.9 ms  max ms  cores' time elsewhere")
        for share in SHARES:
            rate = round(most["answered_per_second"] * share / 100)
            at = service.lists(targets, seconds, rate)
            at.update(rate=rate, refused=at["refused"] / seconds)
            print("{:11} {rate:9} {answered_per_second:11.0f} {refused:10.0f} {p50_ms:7.2f} {p99_ms:7.2f} {p999_ms:9.2f}"
                  " {max_ms:7.2f} {elsewhere:22.0%}".format(share, **at), flush=True)
            for key, name, unit in (("rate", "rate", "lists/s"), ("answered", "answered_per_second", "lists/s"),
                                    ("refused", "refused", "refused/s"), ("p50", "p50_ms", "ms"), ("p99", "p99_ms", "ms"),
                                    ("p999", "p999_ms", "ms"), ("elsewhere", "elsewhere", "of the cores' time")):
                figures.append({"key": f"at_{share}_{key}", "label": f"at {share} %: {name}", "unit": unit, "value": at[name]})
    pathlib.Path(out).write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
