# SPDX-License-Identifier: Apache-2.0
"""Every call that makes something durable, one after the other: the process is killed before it, killed in the middle
of it, or the call fails. Afterwards nothing is lost or doubled, and the learner equals one that never stopped."""

import random
import shutil

import checkpoints
from clients import GONE, Books, Client, connect
from faulty_disk import FaultyDisk
from freshet_process import Freshet, wait_until

TOML = '[online]\ncheckpoint_interval = "1s"\nkeep_checkpoints = 2\nleast_scored = 1\n[embedded]\nretention = "3650d"\n'
REQUESTS = 4  # in each of the two lives of a service


class Case:
    """A service on a faulty disk, with one client, through two lives: start, events, checkpoint, stop."""

    def __init__(self, directory, base):
        shutil.copytree(base, directory / "data") if base else directory.mkdir()
        self.disk = FaultyDisk(directory)
        self.service = Freshet(directory, TOML, environment=checkpoints.SAME_KEY)
        self.books = Books()
        self.client = Client(directory.name, self.books, random.Random(1))

    def start(self):
        """Starts it, once more if the fault was fatal."""
        for _ in range(2):
            if self.service.start_or_die(**self.disk.environment):
                return
            assert self.service.process.returncode in (-9, 2), self.service.log_path.read_text()
            assert self.disk.struck(), self.service.log_path.read_text()
        raise AssertionError("does not start again:\n" + self.service.log_path.read_text())

    def send(self):
        for _ in range(REQUESTS):
            connection = connect(self.service.url)
            try:
                self.client.send(connection)
            except GONE:
                self.service.process.wait(timeout=30)
                self.start()
            connection.close()
            self.settle()

    def settle(self):
        """What was not acknowledged is sent until it is: a fault that has passed may not need an operator."""
        try:
            self.client.settle(self.service.url, give_up=0)
        except GONE:
            self.service.process.wait(timeout=30)
            self.start()
            self.client.settle(self.service.url, give_up=0)

    def stop(self):
        if self.service.stop_or_die() != 0:
            self.start()
            self.service.stop()

    def live_twice(self):
        for _ in range(2):
            self.start()
            self.send()
            self.stop()

    def check(self, directory):
        self.disk.clear()
        self.service.start(**self.disk.environment)
        self.books.check_histories(self.service)
        wait_until(lambda: self.service.status()["learner"]["lag_events"] == 0, "the learner at the end of the log")
        events = self.service.status()["learner"]["events_learned"]
        self.service.stop()
        assert self.books.clean, self.books.figures
        assert "bug:" not in self.service.log_path.read_text()
        own = checkpoints.newest(self.service.data).read_bytes()
        assert own == checkpoints.of_an_uninterrupted_run(directory, TOML, events, self.service.data)


def every_fault(trace):
    """Each point that two lives pass, each time that they pass it, each way to fail there."""
    for point, hits in sorted(trace.items()):
        for nth in range(1, hits + 1):
            for action in ("kill", "EIO", "ENOSPC", *(["torn"] if point.endswith(".write") else [])):
                yield point, nth, action


def test_every_crash_point(rounds, seed, report, tmp_path):
    plain = Case(tmp_path / "plain", base=None)
    plain.live_twice()
    base = plain.service.data
    traced = Case(tmp_path / "traced", base)
    traced.live_twice()
    faults = list(every_fault(traced.disk.hits()))
    random.Random(seed).shuffle(faults)
    faults = faults[:rounds(short=6, long=None)]
    accepted = struck = 0
    for number, (point, nth, action) in enumerate(faults):
        case = Case(tmp_path / f"case{number}", base)
        case.disk.set(point, nth, action)
        try:
            case.live_twice()
            case.check(tmp_path / "uninterrupted")
        except BaseException:
            print(f"{point} {nth} {action}\n{case.service.log_path.read_text()[-6000:]}")
            raise
        finally:
            case.service.close()
            shutil.rmtree(tmp_path / "uninterrupted", ignore_errors=True)
        accepted += len(case.books.acknowledged)
        struck += bool(case.disk.struck())
        shutil.rmtree(tmp_path / f"case{number}")
    report(points=len(traced.disk.hits()), faults=len(faults), struck=struck, accepted=accepted, lost=0, doubled=0,
           misordered=0, same_checkpoint=True)
