"""Samples of a long run as a CSV file and as one small SVG chart each."""

import csv

WIDTH, HEIGHT, MARGIN, LEFT = 420, 130, 26, 62
COLUMNS = 2


def write_csv(path, samples):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, samples[0])
        writer.writeheader()
        writer.writerows(samples)


def _panel(name, times, values, x, y):
    top = max(values) * 1.1 or 1
    span = max(times[-1] - times[0], 1e-9)
    points = " ".join(f"{x + LEFT + (WIDTH - LEFT) * (time - times[0]) / span:.1f},"
                      f"{y + HEIGHT - (HEIGHT - MARGIN) * value / top:.1f}" for time, value in zip(times, values))
    return (f'<text x="{x + LEFT}" y="{y + 16}" font-weight="bold">{name}</text>'
            f'<line x1="{x + LEFT}" y1="{y + HEIGHT}" x2="{x + WIDTH}" y2="{y + HEIGHT}" stroke="#999"/>'
            f'<text x="{x + LEFT - 6}" y="{y + HEIGHT}" text-anchor="end">0</text>'
            f'<text x="{x + LEFT - 6}" y="{y + MARGIN + 8}" text-anchor="end">{top:.3g}</text>'
            f'<polyline points="{points}" fill="none" stroke="#0072B2" stroke-width="1.5"/>')


def write_svg(path, samples, title):
    names = [name for name in samples[0] if name != "seconds"]
    times = [sample["seconds"] for sample in samples]
    rows = -(-len(names) // COLUMNS)
    width, height = COLUMNS * (WIDTH + 30), 50 + rows * (HEIGHT + 24)
    panels = "".join(_panel(name.replace("_", " "), times, [sample[name] for sample in samples],
                            index % COLUMNS * (WIDTH + 20), 40 + index // COLUMNS * (HEIGHT + 24))
                     for index, name in enumerate(names))
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
                   f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
                   f'<text x="{LEFT}" y="24" font-size="15">{title}</text>{panels}</svg>\n')
