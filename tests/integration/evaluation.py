# SPDX-License-Identifier: Apache-2.0
"""A synthetic shop's events, and runs of `freshet evaluate` over them."""

import json
import random

from freshet_process import run

COLUMNS = ("session", "user", "item", "time", "type", "id", "value")
WEIGHTLESS = {"impression", "dislike", "never heard of"}
START = 1_600_000_000


def shop(events, seed, items=80, owners=40, both=False):
    """Clicks of sessions that go on at the same time and mostly follow a favourite path, with everything that a real log
    has: repeats, pauses, events twice, late events, events that teach nothing, users, sessions, and both at once."""
    chance = random.Random(seed)
    follower = {item: chance.randrange(items) for item in range(items)}
    at = {}
    time, rows = START, []
    for number in range(events):
        if rows and chance.random() < 0.02:
            rows.append(dict(rows[-1 - chance.randrange(min(len(rows), 20))]))
            continue
        owner = chance.randrange(owners)
        step = chance.random()
        item = at.get(owner, 0)
        if step < 0.65:
            item = follower[item]
        elif step < 0.92:
            item = chance.randrange(items) if chance.random() < 0.95 else items + number
        at[owner] = item if item < items else 0
        time += chance.randrange(40)
        if chance.random() < 0.004:
            time += 2400
        has_session = both or owner % 3 != 0
        rows.append({
            "session": f"s{owner}" if has_session else "",
            "user": f"u{owner // 2}" if both or owner % 3 != 1 else "",
            "item": f"i{item}",
            "time": time - (600 if chance.random() < 0.01 else 0),
            "type": chance.choice(["view"] * 8 + ["cart", "impression", "dislike", "never heard of"]),
            "id": f"e{number}" if chance.random() < 0.5 else "",
            "value": chance.random(),
        })
    return rows


def write(path, rows, columns=COLUMNS):
    path.write_text("".join("\t".join(str(row[column]) for column in columns) + "\n" for row in rows))
    return path


class Evaluation:
    """One run of the command: its report and its predictions, (position, target) -> {part: rank or None}."""

    def __init__(self, directory, *arguments, columns=COLUMNS):
        report, predictions = directory / "report.json", directory / "predictions.tsv"
        self.output = run("evaluate", *arguments, "--columns", ",".join(columns), "--json", report, "--predictions",
                          predictions, timeout=300)
        self.report = json.loads(report.read_text())
        header, *lines = [line.split("\t") for line in predictions.read_text().splitlines()]
        assert header[:2] == ["position", "target"]
        self.parts = header[2:]
        self.text = predictions.read_text()
        self.ranks = {(int(line[0]), line[1]): {part: None if rank == "-" else int(rank)
                                                for part, rank in zip(self.parts, line[2:], strict=True)}
                      for line in lines}
        assert len(self.ranks) == len(lines)
