# SPDX-License-Identifier: Apache-2.0
"""A data directory that an earlier release wrote opens, with everything that was in it."""

import json
import pathlib
import sys
import tarfile

import pytest
from freshet_process import Freshet, wait_until

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))
import make as golden  # noqa: E402

ARCHIVES = sorted(GOLDEN.glob("*.tar.gz"))
assert ARCHIVES


def compare(found, expected):
    """All that is stored is as it was. How lists are made of it may have become better since: most items are the same."""
    for owner, items in expected["lists"].items():
        assert len(set(items) & set(found["lists"][owner])) >= 0.8 * len(items), (owner, items, found["lists"][owner])
    assert {**found, "lists": None} == {**expected, "lists": None}


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def test_a_directory_of_an_earlier_release(archive, tmp_path):
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    expected = json.loads((tmp_path / "expected.json").read_text())
    # 0.1.0 stored items beside the log; now each is a record of it.
    expected["positions"]["0"] += len(expected["items"])
    expected["events_learned"] += len(expected["items"])
    # Lists leave no records, so that positions stay.
    service = Freshet(tmp_path, (tmp_path / "freshet.toml").read_text() + "\n[served]\nshare = 0\n")
    try:
        answers = []
        for _ in range(2):  # as it was found, and as this release leaves it
            service.start()
            wait_until(lambda: service.status()["learner"]["events_learned"] == expected["events_learned"],
                       "the items in the log")
            answers.append(golden.answers(service))
            service.stop()
        compare(answers[0], expected)
        assert answers[1] == answers[0]
        log = service.log_path.read_text()
        assert log.count("learner resumes from its checkpoint") == 2, log
        service.start()
        token = service.send({"user": "u1", "item": "i9", "ts": 1_700_200_000_000})
        service.recommend("u1", after=token)
        assert service.get("/v1/users/u1").json["count"] == expected["histories"]["/v1/users/u1"]["count"] + 1
        service.stop()
    finally:
        service.close()
