# SPDX-License-Identifier: Apache-2.0
"""The disk of faulty_io.cc, from the side of a test."""

import collections
import os

import checkpoints
from freshet_process import BINARY

LIBRARY = os.path.join(os.path.dirname(BINARY), "tests/fault/libfaulty_io.so")


class FaultyDisk:
    """Good until set() says otherwise. `environment` is what a service is started with to be on it."""

    def __init__(self, directory):
        self.control, self.trace = directory / "fault", directory / "trace"
        libraries = LIBRARY + " " + checkpoints.SAME_KEY["LD_PRELOAD"]
        self.environment = {"LD_PRELOAD": libraries, "FAULTY_IO_CONTROL": str(self.control),
                            "FAULTY_IO_TRACE": str(self.trace)}
        self.clear()

    def set(self, point, nth, action):
        # By a rename: the process reads it at any time.
        new = self.control.with_suffix(".new")
        new.write_text(f"{point} {nth} {action}\n")
        new.rename(self.control)

    def clear(self):
        self.control.write_text("")

    def _lines(self):
        return [line.split() for line in self.trace.read_text().splitlines()] if self.trace.exists() else []

    def hits(self):
        """How often each point is passed, by the process that passes it most often."""
        most = collections.Counter()
        for process in {line[0] for line in self._lines()}:
            most |= collections.Counter(line[1] for line in self._lines() if line[0] == process)
        return most

    def struck(self):
        """The calls that the fault hit."""
        return [line for line in self._lines() if len(line) > 2]
