#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py BEFORE AFTER: compares two runs of scripts/bench.sh, figure by figure, as ratios."""

import json
import pathlib
import re
import sys

NOISE = 0.2  # difference between two runs of the same build on a shared machine
CURVE = re.compile("at_(?!50_p99$|50_p50$)|.*_p999$")  # rates that depend on the machine, and tails of few samples: not compared


def figures(directory):
    return {(file.stem, entry["key"]): entry for file in sorted(pathlib.Path(directory).glob("*.json"))
            for entry in json.loads(file.read_text())}


def main():
    before, after = map(figures, sys.argv[1:])
    print(f"\nagainst {sys.argv[1]}")
    for key, now in after.items():
        if key not in before or not before[key]["value"] or CURVE.match(key[1]):
            continue
        ratio = now["value"] / before[key]["value"]
        better = ratio if now["unit"].endswith("/s") else 1 / ratio if ratio else 1
        mark = "better" if better > 1 + NOISE else "WORSE" if better < 1 - NOISE else ""
        print(f"{key[0]:16} {key[1]:18} {before[key]['value']:12g} -> {now['value']:12g} {now['unit']:9} x {ratio:4.2f} {mark}")


if __name__ == "__main__":
    main()
