#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a relative link in a Markdown file points to no file or to no heading.

usage: check_links.py
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *$")


def prose(path):
    """The lines of a file outside fenced code, numbered."""
    fenced = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(path):
    """The names that GitHub gives to the headings of a file."""
    found, seen = set(), {}
    for _, line in prose(path):
        if heading := HEADING.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            seen[slug] = seen.get(slug, -1) + 1
            found.add(slug if seen[slug] == 0 else f"{slug}-{seen[slug]}")
    return found


def problems(path):
    for number, line in prose(path):
        for link in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            if not target.exists():
                yield f"{path.relative_to(ROOT)}:{number}: no file {file}"
            elif anchor and anchor not in anchors(target):
                yield f"{path.relative_to(ROOT)}:{number}: no heading #{anchor} in {file or path.name}"


def main():
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", "*.md"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]
    found = [problem for path in files for problem in problems(path)]
    print("\n".join(found) or f"all links of {len(files)} files lead somewhere")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
