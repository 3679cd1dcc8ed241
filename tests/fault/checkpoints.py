# SPDX-License-Identifier: Apache-2.0
"""What the learner wrote down, and what it would have written down without a fault."""

import os
import shutil

from freshet_process import BINARY, Freshet, wait_until

# A new model draws a key, which its checkpoints contain. Services that are compared must draw the same.
SAME_KEY = {"LD_PRELOAD": os.path.join(os.path.dirname(BINARY), "tests/fault/libfixed_random.so")}


def names(data):
    return {path.name for path in (data / "checkpoints").glob("checkpoint-*")}


def newest(data):
    return max((data / "checkpoints").glob("checkpoint-*"))


def of_an_uninterrupted_run(directory, toml, events, database=None):
    """The only checkpoint of a learner that reads a whole log of so many `events` without a pause. `database`: the
    data directory of a service that has stopped, whose embedded log it reads. It was started with SAME_KEY."""
    directory.mkdir()
    service = Freshet(directory, toml, environment=SAME_KEY)
    if database is not None:
        shutil.copytree(database / "db", service.data / "db")
    try:
        service.start(ready=False)

        def at_the_end():
            learner = service.status()["learner"]
            return learner["events_learned"] >= events and learner["lag_events"] == 0

        wait_until(at_the_end, "the whole log learned", 3600)
        service.stop()
    finally:
        service.close()
    return newest(service.data).read_bytes()
