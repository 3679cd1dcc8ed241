#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plots what scripts/bench.sh measured as an SVG file, and prints it as a Markdown table.

usage: plot.py curve FIGURES.json OUT.svg           latency against rate, of one shop (bench/curve.py)
       plot.py sizes DIRECTORY items|users OUT.svg  cost against size, of DIRECTORY/items-N.json (bench/size.py)
"""

import json
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 440, 260, 56, 56, 40, 20
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]


def brief(value):
    """1500 as 1.5k."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


class Axis:
    """Maps values to coordinates between `start` and `end`: logarithmic if `log`, else linear from zero."""

    def __init__(self, values, start, end, log):
        self.start, self.end, self.log = start, end, log
        low, high = min(values), max(values)
        if log:
            self.low, self.high = (10.0 ** (math.floor(math.log10(low) + 0.05)), 10.0 ** math.ceil(math.log10(high) - 0.05))
            self.high = max(self.high, 10 * self.low)
            self.ticks = [10.0 ** power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        else:
            step = 10 ** math.floor(math.log10(high or 1))
            step = next(step * part for part in (0.2, 0.5, 1, 2) if (high or 1) / (step * part) <= 5)
            self.low, self.high = 0, step * math.ceil((high or 1) / step)
            self.ticks = [step * count for count in range(round(self.high / step) + 1)]

    def at(self, value):
        place = math.log(value / self.low) / math.log(self.high / self.low) if self.log else value / self.high
        return self.start + (self.end - self.start) * place


def panel(title, series, x_label, log_x, log_y, left, top):
    """A chart with a legend above it. `series`: name -> [(x, y), ...]."""
    points = [point for line in series.values() for point in line]
    x = Axis([each for each, _ in points], left + LEFT, left + WIDTH, log_x)
    y = Axis([each for _, each in points], top + HEIGHT - BOTTOM, top + TOP, log_y)
    out = [f'<text x="{left + LEFT}" y="{top + 16}" font-weight="bold">{title}</text>']
    for tick in y.ticks:
        out.append(f'<line x1="{x.start}" y1="{y.at(tick):.1f}" x2="{x.end}" y2="{y.at(tick):.1f}" stroke="#ddd"/>'
                   f'<text x="{x.start - 6}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{brief(tick)}</text>')
    for tick in x.ticks:
        out.append(f'<text x="{x.at(tick):.1f}" y="{y.start + 16}" text-anchor="middle">{brief(tick)}</text>')
    out.append(f'<text x="{x.end}" y="{y.start + 32}" text-anchor="end">{x_label}</text>')
    place, names_y = x.start, top + 32
    for (name, line), color in zip(series.items(), COLORS):
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        out += [] if len(line) > 50 else [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="2.5" fill="{color}"/>' for a, b in line]
        if place + 6 * len(name) > x.end:
            place, names_y = x.start, names_y + 14
        out.append(f'<text x="{place}" y="{names_y}" fill="{color}">{name}</text>')
        place += 6 * len(name) + 14
    return "".join(out)


def write_svg(path, title, panels, columns=2):
    """`panels`: a (title, series, x_label, log_x, log_y) each."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    width, height = columns * (WIDTH + GAP) + GAP, 36 + rows * (HEIGHT + GAP)
    charts = "".join(panel(*each, index % columns * (WIDTH + GAP), 36 + index // columns * (HEIGHT + GAP))
                     for index, each in enumerate(panels))
    pathlib.Path(path).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="24" font-size="15">{title}</text>{charts}</svg>\n')


def print_table(head, rows):
    """`rows`: a name and its values each; rows without values are left out."""
    print("|" + "|".join(f" {each} " if each else " " for each in head) + "|\n|" + "---|" * len(head))
    for name, *values in rows:
        if any(value is not None for value in values):
            print(f"| {name} | " + " | ".join("" if value is None else f"{value:,.4g}" for value in values) + " |")


def read(file):
    return {entry["key"]: entry["value"] for entry in json.loads(pathlib.Path(file).read_text())}


def draw_curve(file, out):
    figures = read(file)
    shares = sorted(int(key.split("_")[1]) for key in figures if key.startswith("at_") and key.endswith("_rate"))
    undisturbed = [share for share in shares if figures[f"at_{share}_elsewhere"] <= 0.1] or shares
    series = {name: [(figures[f"at_{share}_rate"], figures[f"at_{share}_{key}"]) for share in undisturbed]
              for name, key in (("p50", "p50"), ("p99", "p99"), ("p99.9", "p999"))}
    write_svg(out, f"{pathlib.Path(file).stem}: maximum {brief(figures['lists'])} lists/s",
              [("latency in ms, with 1 k events/s", series, "lists/s requested", False, True)])

    print_table(["% of the maximum", *shares],
                [(name, *(figures[f"at_{share}_{key}"] for share in shares))
                 for name, key in (("lists/s requested", "rate"), ("answered", "answered"), ("refused", "refused"),
                                   ("p50 ms", "p50"), ("p99 ms", "p99"), ("p99.9 ms", "p999"),
                                   ("cores busy elsewhere", "elsewhere"))])


def draw_sizes(directory, axis, out):
    runs = sorted((read(file) for file in pathlib.Path(directory).glob(f"{axis}-*.json")), key=lambda run: run[axis])

    def lines(**keys):
        series = {name: [(run[axis], run[key]) for run in runs if run.get(key)] for name, key in keys.items()}
        return {name: line for name, line in series.items() if line}

    labels = {entry["key"]: f"{entry['label'].strip()}, {entry['unit']}" for file in pathlib.Path(directory).glob(f"{axis}-*.json")
              for entry in json.loads(file.read_text())}
    print_table(["", *(brief(run[axis]) + " " + axis for run in runs)],
                [(label, *(run.get(key) for run in runs)) for key, label in labels.items()])
    parts = sorted((key for key in runs[-1] if key.startswith("mem_")), key=runs[-1].get)[-7:]
    write_svg(out, f"Cost against {axis}", [
        ("µs of CPU per list", lines(**{"all": "list_cpu"}), axis, True, False),
        ("latency in ms, with 1 k lists/s and 1 k events/s", lines(p50="p50", p99="p99", **{"p99.9": "p999"}), axis, True, True),
        ("µs of CPU per event", lines(HTTP="event_http", writer="event_writer", compaction="event_compaction",
                                      learner="event_learner"), axis, True, True),
        ("seconds to start", lines(start="start"), axis, True, False),
        ("MiB resident", lines(all="resident", **{"block cache": "store_block_cache"}), axis, True, True),
        ("MiB of the seven largest parts", lines(**{key[4:].replace("_", " "): key for key in reversed(parts)}), axis, True, True),
    ])


def main():
    match sys.argv[1:]:
        case ["curve", file, out]:
            draw_curve(file, out)
        case ["sizes", directory, ("items" | "users") as axis, out]:
            draw_sizes(directory, axis, out)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
