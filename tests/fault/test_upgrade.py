"""A data directory that an earlier release wrote opens, with everything that was in it."""

import json
import pathlib
import sys
import tarfile

import pytest
from freshet_process import Freshet

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
sys.path.insert(0, str(GOLDEN))
import make as golden  # noqa: E402

ARCHIVES = sorted(GOLDEN.glob("*.tar.gz"))
assert ARCHIVES


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def test_a_directory_of_an_earlier_release(archive, tmp_path):
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    expected = json.loads((tmp_path / "expected.json").read_text())
    service = Freshet(tmp_path, (tmp_path / "freshet.toml").read_text())
    try:
        for _ in range(2):  # as it was found, and as this release leaves it
            service.start()
            assert golden.answers(service) == expected
            service.stop()
        log = service.log_path.read_text()
        assert log.count("learner goes on from its checkpoint") == 2, log
        service.start()
        token = service.send({"user": "u1", "item": "i9", "ts": 1_700_200_000_000})
        service.recommend("u1", after=token)
        assert service.get("/v1/users/u1").json["count"] == expected["histories"]["/v1/users/u1"]["count"] + 1
        service.stop()
    finally:
        service.close()
