"""What the learner wrote down, and what it would have written down without a fault."""

import shutil

from freshet_process import Freshet, wait_until


def names(data):
    return {path.name for path in (data / "checkpoints").glob("checkpoint-*")}


def newest(data):
    return max((data / "checkpoints").glob("checkpoint-*"))


def of_an_uninterrupted_run(directory, toml, events, database=None):
    """The only checkpoint of a learner that reads a whole log of so many `events` without a pause. `database`: the
    data directory of a service that has stopped, whose embedded log it reads."""
    directory.mkdir()
    service = Freshet(directory, toml)
    if database is not None:
        shutil.copytree(database / "db", service.data / "db")
    try:
        service.start(ready=False)
        wait_until(lambda: service.status()["learner"]["events_learned"] >= events, "the whole log learned", 3600)
        service.stop()
    finally:
        service.close()
    return newest(service.data).read_bytes()
