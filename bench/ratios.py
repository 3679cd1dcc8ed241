#!/usr/bin/env python3
"""What must be faster than the plain code that it replaced. Reads Google Benchmark's JSON from standard input.

Both sides are measured in one run, so that the machine and its noise are the same for both; the limits are far below
what is usual (docs/performance.md), and yet above what a kernel that is no longer used would reach.
"""

import json
import sys

LEAST = {("scan/25000", "scan_in_float/25000"): 2.5, ("scan/1000000", "scan_in_float/1000000"): 2.0}


def main():
    times = {}
    for run in json.load(sys.stdin)["benchmarks"]:
        if run["run_type"] == "iteration":
            times.setdefault(run["run_name"], []).append(run["cpu_time"])
    slow = False
    for (ours, plain), least in LEAST.items():
        ratio = min(times[plain]) / min(times[ours])
        slow |= ratio < least
        print(f"{ours}: {ratio:.1f} times as fast as {plain}, at least {least} wanted")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
