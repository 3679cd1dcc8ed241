#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if a source file includes a header that its folder may not include.

The rules are the tables of docs/architecture.md ("Layers"): which folders a folder may include, which files may include
the headers of a third-party library, directly or indirectly, and which may include them by name.

usage: check_layers.py BUILD_DIRECTORY     reads the compiler's dependency lists of a finished Ninja build
       check_layers.py --self-test
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
RULES = "docs/architecture.md"


def table(text, title):
    """Rows of the Markdown table whose first column has the title `title`; a cell is the list of its code spans."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {title} |"):
            break
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")])
    return rows


class Rules:
    """The tables. A folder stands for its own files only; `store/**` for it and all folders below it."""

    def __init__(self, text):
        self.folders = {row[0][0]: row[2] for row in table(text, "folder")}
        self.homes = [(row[0], row[1]) for row in table(text, "headers of")]
        self.direct_homes = [(row[0], row[1]) for row in table(text, "headers included by name")]

    def folder_of(self, path):
        """The folder of `path`; None if no rule applies to it."""
        folder = os.path.dirname(path)
        if folder in self.folders:
            return folder
        top = path.split("/")[0]
        return None if top not in self.folders else folder

    def may_include(self, folder, other):
        return folder == other or any(
            pattern == other or (pattern.endswith("/**") and f"{other}/".startswith(pattern[:-2]))
            for pattern in self.folders.get(folder, []))

    def is_home(self, homes, path):
        return any(path == home or path.startswith(home if home.endswith("/") else f"{home}.") for home in homes)

    def cycles(self):
        """Folders that may include each other, directly or through others."""
        edges = {folder: {other for other in self.folders if other != folder and self.may_include(folder, other)}
                 for folder in self.folders}

        def reaches(start):
            seen, todo = set(), [start]
            while todo:
                for other in edges[todo.pop()] - seen:
                    seen.add(other)
                    todo.append(other)
            return seen

        return sorted(folder for folder in edges if folder in reaches(folder))


def include_violations(root, rules):
    """Checks the #include lines of every source and header. Indirect includes follow, since there is no cycle."""
    tops = sorted({folder.split("/")[0] for folder in rules.folders})
    for path in sorted(path for top in tops for path in (root / top).rglob("*") if path.suffix in (".h", ".cc")):
        name = str(path.relative_to(root))
        folder = rules.folder_of(name)
        if folder not in rules.folders:
            yield f"{name}: {folder} is not in the table of {RULES}"
            continue
        for include in re.findall(r'^#include ["<](.*)[">]', path.read_text(), re.MULTILINE):
            other = rules.folder_of(include)
            if other is not None and not rules.may_include(folder, other):
                yield f"{name} includes {include}: {folder} may not include {other}"
            for patterns, homes in rules.direct_homes:
                if any(f"/{include}".startswith(pattern) for pattern in patterns) and not rules.is_home(homes, name):
                    yield f"{name} includes {include}: only {', '.join(homes)} may"


def dependencies(root, build):
    """Yields (source, headers outside the project) of every object file, from the compiler's dependency lists."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    for block in output.split("\n\n"):
        paths = [os.path.normpath(os.path.join(build, line.strip())) for line in block.splitlines()[1:]]
        ours = [os.path.relpath(path, root) for path in paths if path.startswith(f"{root}/") and path.endswith(".cc")]
        # Ninja's list includes sources of earlier builds.
        if ours and (root / ours[0]).exists():
            yield ours[0], [path for path in paths if not path.startswith(f"{root}/")]


def foreign_violations(root, build, rules):
    """Checks third-party headers that a source includes, directly or indirectly."""
    checked = 0
    for source, headers in dependencies(root, build):
        if rules.folder_of(source) is None:
            continue
        checked += 1
        for header in headers:
            for patterns, homes in rules.homes:
                if any(pattern in header for pattern in patterns) and not rules.is_home(homes, source):
                    yield f"{source} includes {header}: only {', '.join(homes)} may"
    if not checked:
        yield f"{build}: not a finished build"


def check(root, build):
    rules = Rules((root / RULES).read_text())
    yield from (f"{RULES}: {folder} may include itself through others" for folder in rules.cycles())
    yield from include_violations(root, rules)
    yield from foreign_violations(root, build, rules)


def self_test():
    """Builds a small project with one violation of each kind, and checks that each is found."""
    files = {
        f"root/{RULES}": "| folder | is | may include |\n|---|---|---|\n"
                         "| `base` | x | |\n| `ingest` | x | `base/**` |\n| `serve` | x | `base` |\n| `serve/in` | x | |\n\n"
                         "| headers of | may be seen in |\n|---|---|\n| `/rocksdb/` | `ingest/`, `base/good` |\n\n"
                         "| headers included by name | only in |\n|---|---|\n| `/prometheus/` | `base/` |\n",
        "root/ingest/log.h": "",
        "root/base/good.cc": "#include <rocksdb/db.h>\n",
        "root/serve/upward.h": '#include "ingest/log.h"\n',
        "root/serve/direct.h": "#include <prometheus/counter.h>\n",
        "root/serve/in/inward.h": '#include "serve/upward.h"\n',
        "root/serve/out/unlisted.h": "",
        "root/serve/foreign.cc": "#include <rocksdb/db.h>\n",
        "system/rocksdb/db.h": "",
        "root/build/build.ninja": "rule cc\n command = g++ -I.. -isystem ../../system -MD -MF $out.d -c $in -o $out\n"
                                  " depfile = $out.d\n deps = gcc\n"
                                  "build a.o: cc ../base/good.cc\nbuild b.o: cc ../serve/foreign.cc\n",
    }
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        root = pathlib.Path(directory, "root").resolve()
        subprocess.run(["ninja", "-C", root / "build"], check=True, capture_output=True)
        found = sorted(re.split("[: ]", line)[0] for line in check(root, root / "build"))
    assert found == ["serve/direct.h", "serve/foreign.cc", "serve/in/inward.h", "serve/out/unlisted.h", "serve/upward.h"], found
    cycle = Rules("| folder | is | may include |\n|---|---|---|\n| `a` | | `b` |\n| `b` | | `a` |\n\n"
                   "| headers of | may be seen in |\n|---|---|\n\n| headers included by name | only in |\n|---|---|\n")
    assert cycle.cycles() == ["a", "b"]


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    self_test()
    if sys.argv[1] == "--self-test":
        return
    found = sorted(set(check(ROOT, pathlib.Path(sys.argv[1]).resolve())))
    print(*found, f"{len(found)} violations", sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
