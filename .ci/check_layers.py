#!/usr/bin/env python3
"""Fails if a folder includes what it must not (docs/architecture.md, "Layers").

usage: check_layers.py BUILD_DIRECTORY     (a finished Ninja build: the compiler's own dependency lists are read)
       check_layers.py --self-test
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Which of our folders each may include.
LAYERS = {
    "base": {"base"},
    "store": {"base", "store"},
    "ingest": {"base", "store", "ingest"},
    "online": {"base", "store", "online"},
    "serve": {"base", "store", "online", "serve"},
    "cli": {"base", "store", "ingest", "online", "serve", "cli"},
}

# Where third-party headers may be seen: a pattern of the header's path, and the sources that may include it.
HOMES = [
    (r"/librdkafka/", r"^ingest/kafka_"),
    (r"/rocksdb/", r"^store/"),
    (r"/torch/|/ATen/|/c10/", r"^online/torch/lstm_trainer\.cc|cmake_pch"),
    (r"/boost/beast/", r"^(serve/server|cli/http_client)\.cc"),
    (r"/toml\+\+/", r"^cli/"),
    (r"/CLI/", r"^cli/"),
    (r"/spdlog/", r"^base/"),
    (r"/simdjson\.h", r"^(ingest|serve)/"),
]


def violations(source, headers):
    """What is wrong with `source` (relative to the root) including `headers` (absolute or relative to the root)."""
    found = []
    folder = source.split("/")[0]
    for header in headers:
        if folder in LAYERS and not header.startswith("/"):
            other = header.split("/")[0]
            if other in LAYERS and other not in LAYERS[folder]:
                found.append(f"{source} includes {header}: {folder} may not see {other}")
        if folder in LAYERS:
            for pattern, home in HOMES:
                if re.search(pattern, header) and not re.search(home, source):
                    found.append(f"{source} includes {header}: only {home} may")
                    break
    return found


def dependencies(build):
    """(source, headers) of every object, from `ninja -t deps`."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    for block in output.split("\n\n"):
        lines = [os.path.normpath(os.path.join(build, line.strip())) for line in block.splitlines()[1:]]
        lines = [os.path.relpath(line, ROOT) if line.startswith(ROOT + "/") else line for line in lines]
        sources = [line for line in lines if line.endswith(".cc")]
        if sources:
            yield sources[0], [line for line in lines if not line.startswith("build/")]


def self_test():
    assert violations("ingest/a.cc", ["base/event.h", "store/journal.h", "/usr/include/x.h"]) == []
    assert violations("ingest/a.cc", ["online/model.h"])
    assert violations("base/a.cc", ["store/journal.h"])
    assert violations("serve/a.cc", ["ingest/event_log.h"])
    assert violations("serve/api.cc", ["/usr/include/rocksdb/db.h"])
    assert violations("store/database.cc", ["/usr/include/rocksdb/db.h"]) == []
    assert violations("online/model.cc", ["/x/libtorch/include/torch/torch.h"])


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return 0
    checked, found = 0, []
    for source, headers in dependencies(os.path.abspath(sys.argv[1])):
        checked += 1
        found += violations(source, headers)
    for line in sorted(set(found)):
        print(line)
    print(f"{checked} sources checked, {len(set(found))} violations")
    return 1 if found or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
