#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy (.clang-tidy) over our sources; those that include torch take a minute each and are left out.

usage: check_tidy.py BUILD_DIRECTORY [--since COMMIT | FILE...]

A source that was clean is not looked at again until it, a header of ours that it includes, its compile command, the
checks or clang-tidy change: what was clean is remembered in $FRESHET_CACHE/tidy. --since limits the run to sources that
COMMIT's successors have touched, directly or through a header.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIDY = "clang-tidy-16"
TORCH = ROOT / "online/parts/neural/CMakeLists.txt"  # its sources include torch


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def all_sources():
    with_torch = {f"online/parts/neural/{name}" for name in re.findall(r"\w+\.cc", TORCH.read_text())}
    files = output_of("git", "ls-files", "*.cc").split()
    return [name for name in files if not name.startswith(("tests/", "bench/")) and name not in with_torch]


def headers_of(build):
    """{source: our headers that it includes}, from the compiler's dependency lists."""
    found = {}
    for block in output_of("ninja", "-C", build, "-t", "deps").split("\n\n"):
        paths = [os.path.normpath(os.path.join(build, line.strip())) for line in block.splitlines()[1:]]
        ours = [os.path.relpath(path, ROOT) for path in paths if path.startswith(f"{ROOT}/")]
        for source in ours[:1]:
            found[source] = sorted(set(ours[1:]))
    return found


def changed_since(commit):
    return set(output_of("git", "diff", "--name-only", "--merge-base", commit).split())


class Cache:
    """Fingerprints of sources that were clean, a file each."""

    def __init__(self, build, headers):
        self.directory = pathlib.Path(os.environ["FRESHET_CACHE"], "tidy")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.headers = headers
        self.digests = {}
        commands = json.loads((build / "compile_commands.json").read_text())
        self.commands = {os.path.relpath(entry["file"], ROOT): entry["command"].replace(str(ROOT), "") for entry in commands}
        self.common = output_of(TIDY, "--version") + (ROOT / ".clang-tidy").read_text()

    def digest(self, name):
        if name not in self.digests:
            self.digests[name] = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        return self.digests[name]

    def stamp(self, source):
        """None: nothing is known of what it includes."""
        if source not in self.headers or not all((ROOT / name).exists() for name in self.headers[source]):
            return None
        parts = [self.common, self.commands.get(source, ""), source, self.digest(source)]
        parts += [f"{name} {self.digest(name)}" for name in self.headers[source]]
        return self.directory / hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_clean(build, source):
    result = subprocess.run([TIDY, "-p", build, "--quiet", source], capture_output=True, text=True, cwd=ROOT)
    sys.stdout.write(result.stdout)
    if result.returncode != 0 and not result.stdout:
        sys.stdout.write(result.stderr)
    return result.returncode == 0


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.exit(__doc__)
    build, arguments = pathlib.Path(arguments[0]).resolve(), arguments[1:]
    headers = headers_of(build)
    if arguments[:1] == ["--since"]:
        changed = changed_since(arguments[1])
        sources = [name for name in all_sources() if changed & {name, *headers.get(name, ())}]
    else:
        sources = [os.path.relpath(name, ROOT) for name in arguments] or all_sources()
    cache = Cache(build, headers)
    stamps = {source: cache.stamp(source) for source in sources}
    new = [source for source in sources if stamps[source] is None or not stamps[source].exists()]
    dirty = []
    cache.digests.clear()  # reads the files again, in case one was edited meanwhile
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, clean in zip(new, pool.map(lambda source: is_clean(build, source), new)):
            if not clean:
                dirty.append(source)
            elif stamps[source] is not None and cache.stamp(source) == stamps[source]:
                stamps[source].touch()
    print(f"{len(sources)} sources, {len(sources) - len(new)} known to be clean, {len(dirty)} with findings")
    sys.exit(1 if dirty else 0)


if __name__ == "__main__":
    main()
