#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a source does not say its license; --fix adds the line: first, or after "#!".

usage: check_spdx.py [--fix]
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SAYS = "SPDX-License-Identifier: Apache-2.0"
COMMENT = {".cc": "//", ".h": "//", ".in": "//", ".py": "#", ".sh": "#", ".cmake": "#", "CMakeLists.txt": "#"}


def main():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    silent = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        comment = COMMENT.get(path.name) or COMMENT.get(path.suffix)
        if not comment or "fuzz/corpus" in name:
            continue
        lines = path.read_text().splitlines(keepends=True)
        if any(line.strip() == f"{comment} {SAYS}" for line in lines[:2]):
            continue
        silent.append(name)
        if "--fix" in sys.argv[1:]:
            lines.insert(1 if lines and lines[0].startswith("#!") else 0, f"{comment} {SAYS}\n")
            path.write_text("".join(lines))
    print(*silent, f"{len(silent)} sources do not say: {SAYS}", sep="\n")
    return 1 if silent and "--fix" not in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
