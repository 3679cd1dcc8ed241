#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if an optimized function is not clearly faster than the plain code that it replaced.

Reads Google Benchmark's JSON from standard input. Both are measured in one run, on the same machine with the same noise.
The limits are far below the usual ratios (docs/performance.md), but above 1, which is the ratio if a kernel is not used.
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
        print(f"{ours}: {ratio:.1f} times as fast as {plain}, required: {least}")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
