# SPDX-License-Identifier: Apache-2.0
"""Samples of a long run as a CSV file and as one small SVG chart each."""

import csv

import plot


def write_csv(path, samples):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, samples[0])
        writer.writeheader()
        writer.writerows(samples)


def write_svg(path, samples, title):
    names = [name for name in samples[0] if name != "seconds"]
    plot.write_svg(path, title, [
        (name.replace("_", " "), {"": [(sample["seconds"], sample[name]) for sample in samples]}, "seconds", False, False)
        for name in names])
