#!/usr/bin/env python3
"""Fails if a folder includes what it must not (docs/architecture.md, "Layers").

usage: check_layers.py BUILD_DIRECTORY     (a finished Ninja build: the compiler's own dependency lists are read)
       check_layers.py --self-test
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Which of our folders each may include.
LAYERS = {
    "base": {"base"},
    "store": {"base", "store"},
    "ingest": {"base", "store", "ingest"},
    "online": {"base", "store", "online"},
    "serve": {"base", "store", "online", "serve"},
    "cli": {"base", "store", "ingest", "online", "serve", "cli"},
}

# Where third-party headers may be seen, directly or through another header: the header's path, the sources that may.
HOMES = [
    (r"/librdkafka/", r"^ingest/kafka_"),
    (r"/rocksdb/", r"^store/"),
    (r"/(torch|ATen|c10)/", r"^online/torch/"),
    (r"/boost/beast/", r"^(serve/|cli/http_client\.cc)"),
    (r"/boost/asio/", r"^(serve|cli)/"),
    (r"/openssl/", r"^(serve/|base/keyed_hash\.cc|cli/http_client\.cc)"),
    (r"/toml\+\+/", r"^cli/"),
    (r"/CLI/", r"^cli/"),
    (r"/spdlog/", r"^base/"),
    (r"/simdjson\.h", r"^(ingest|serve)/"),
]

# base/metrics.h hands prometheus-cpp to everyone, so only its own includes tell: the include, the files that may.
DIRECT_HOMES = [(r"prometheus/", r"^base/")]


def dependencies(root, build):
    """(source, headers) of every object of ours; paths below `root` are relative to it, all others absolute."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    for block in output.split("\n\n"):
        paths = [os.path.normpath(os.path.join(build, line.strip())) for line in block.splitlines()[1:]]
        paths = [os.path.relpath(path, root) if path.startswith(f"{root}/") else path for path in paths]
        sources = [path for path in paths if path.split("/")[0] in LAYERS and path.endswith(".cc")]
        # Ninja remembers the sources of earlier builds too.
        if sources and (root / sources[0]).exists():
            yield sources[0], paths


def include_violations(source, headers):
    folder = source.split("/")[0]
    for header in headers:
        if header.startswith("/"):
            for pattern, home in HOMES:
                if re.search(pattern, header) and not re.search(home, source):
                    yield f"{source} includes {header}: only {home} may"
        else:
            other = header.split("/")[0]
            if other in LAYERS and other not in LAYERS[folder]:
                yield f"{source} includes {header}: {folder} may not see {other}"


def direct_violations(root):
    for path in sorted(path for folder in LAYERS for path in (root / folder).rglob("*.[ch]*")):
        name = str(path.relative_to(root))
        for include in re.findall(r'^#include [<"](.*)[>"]', path.read_text(), re.MULTILINE):
            for pattern, home in DIRECT_HOMES:
                if re.match(pattern, include) and not re.search(home, name):
                    yield f"{name} includes {include}: only {home} may"


def check(root, build):
    """How many sources were checked, and what is wrong with them."""
    sources = dict(dependencies(root, build))
    found = {line for source, headers in sources.items() for line in include_violations(source, headers)}
    return len(sources), sorted(found | set(direct_violations(root)))


def self_test():
    """Plants one violation of each kind in a small project and builds it, so that the guard is known to bite."""
    files = {
        "root/ingest/log.h": "",
        "root/base/good.cc": "",
        "root/serve/upward.cc": '#include "ingest/log.h"\n',
        "root/serve/foreign.cc": "#include <rocksdb/db.h>\n",
        "root/serve/direct.h": "#include <prometheus/counter.h>\n",
        "system/rocksdb/db.h": "",
        "root/build/build.ninja": "rule cc\n command = g++ -I.. -isystem ../../system -MD -MF $out.d -c $in -o $out\n"
                                  " depfile = $out.d\n deps = gcc\n"
                                  "build a.o: cc ../base/good.cc\nbuild b.o: cc ../serve/upward.cc\n"
                                  "build c.o: cc ../serve/foreign.cc\n",
    }
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        root = pathlib.Path(directory, "root").resolve()
        subprocess.run(["ninja", "-C", root / "build"], check=True, capture_output=True)
        checked, found = check(root, root / "build")
    caught = [line.split(":")[0].split(" ")[0] for line in found]
    assert checked == 3 and caught == ["serve/direct.h", "serve/foreign.cc", "serve/upward.cc"], (checked, found)


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    self_test()
    if sys.argv[1] == "--self-test":
        return
    checked, found = check(ROOT, pathlib.Path(sys.argv[1]).resolve())
    print(*found, f"{checked} sources checked, {len(found)} violations", sep="\n")
    sys.exit(1 if found or not checked else 0)


if __name__ == "__main__":
    main()
