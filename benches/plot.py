"""Plots as SVG, one below the other over the same x."""

import dataclasses
import html
import math

WIDTH, HEIGHT, LEFT, TOP, GAP = 640, 180, 90, 40, 50
TICKS = 12
COLOURS = ("#1b6ca8", "#c0392b", "#2e7d32", "#6a1b9a")


@dataclasses.dataclass
class Panel:
    """`lines`: name → [(x, y)], y from nought. x is logarithmic, with a dot at each point, or `linear`, without."""

    label: str
    lines: dict
    linear: bool = False


def text(x, y, words, anchor="middle", colour="#222"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{html.escape(words)}</text>'


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def drawn(title, x_label, panels):
    whole = TOP + len(panels) * (HEIGHT + GAP) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 40} {whole}" font-family="sans-serif" font-size="12">',
        f'<rect width="{LEFT + WIDTH + 40}" height="{whole}" fill="#fff"/>',
        text(LEFT + WIDTH / 2, 20, title),
    ]
    for number, panel in enumerate(panels):
        parts += panel_parts(panel, TOP + number * (HEIGHT + GAP))
    parts += [text(LEFT + WIDTH / 2, whole - 8, x_label), "</svg>"]
    return "\n".join(parts) + "\n"


def spaced(xs, place):
    """Those whose numbers do not stand in one another."""
    kept = []
    for x in xs:
        if not kept or place(x) - place(kept[-1]) > 40:
            kept.append(x)
    return kept


def ticks(panel, xs):
    """Where numbers are wanted: at the points, or at round values."""
    if not panel.linear:
        return xs
    step = max(1, round((xs[-1] - xs[0]) / TICKS))
    return [x for x in range(0, int(xs[-1]) + 1, step) if x >= xs[0]]


def panel_parts(panel, top):
    xs = sorted({x for line in panel.lines.values() for x, _ in line})
    most = max(y for line in panel.lines.values() for _, y in line) * 1.1 or 1.0

    def scaled(x):
        return x if panel.linear else math.log10(max(1, x))

    low, high = scaled(xs[0]), scaled(xs[-1])

    def at(x, y):
        share = (scaled(x) - low) / ((high - low) or 1)
        return LEFT + share * WIDTH, top + HEIGHT * (1 - y / most)

    parts = [f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>']
    parts.append(text(LEFT, top - 6, panel.label, "start"))
    parts += [text(LEFT - 6, at(xs[0], y)[1] + 4, short(y), "end") for y in (0, most / 2, most)]
    for x in spaced(ticks(panel, xs), lambda x: at(x, 0)[0]):
        parts.append(text(at(x, 0)[0], top + HEIGHT + 16, short(x)))
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [at(x, y) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if not panel.linear:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        # Names stand above the panel, the last of them rightmost.
        after = "".join(list(panel.lines)[number + 1 :])
        behind = len(after) * 7 + 20 * (len(panel.lines) - number - 1)
        parts.append(text(LEFT + WIDTH - behind, top - 6, name, "end", colour))
    return parts
