"""Charts as server-side SVG: geometry only, classes for colours, axes that start at zero.

Coordinates are written as text here, so that no template puts a locale's decimal comma into an
attribute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 560
HEIGHT: Final = 250
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 12, 28  # room around the bars for the axes' words
BAR_SHARE: Final = 0.68  # of a bar's step that is filled; the rest keeps bars apart
GRID_LINES: Final = 4  # above the zero line: read off at a glance

STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: its value, its CSS class, and what it says when pointed at."""

    value: float
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of parts, the lowest first, with the word below it, if any, and the one in it."""

    label: str
    parts: Sequence[Part]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: str
    y: str
    width: str
    height: str
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Word:
    x: str
    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template draws, in a box of `width` by `height`; `line` is a polyline's points."""

    width: int
    height: int
    left: int
    right: int
    rectangles: Sequence[Rectangle]
    notes: Sequence[Word]
    labels: Sequence[Word]
    grid: Sequence[Word]
    line: str


def bar_chart(
    bars: Sequence[Bar], *, line: Sequence[float] = (), top: float | None = None, unit: str = ""
) -> Chart:
    """Lay out stacked bars, and a line over them with a value for each bar.

    The axis runs from zero to `top`, or to a round number above the highest value. `unit` is
    written behind the numbers of the axis.
    """
    totals = [sum(part.value for part in bar.parts) for bar in bars]
    step = (top or max([*totals, *line, 0])) / GRID_LINES
    step = step if top else _round_step(step)
    scale = (HEIGHT - TOP - BOTTOM) / (step * GRID_LINES)
    pitch = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    centres = [LEFT + pitch * (number + 0.5) for number in range(len(bars))]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        rectangles=[
            rectangle
            for bar, centre in zip(bars, centres, strict=True)
            for rectangle in _stack(bar, centre, pitch * BAR_SHARE, scale)
        ],
        notes=[
            Word(_number(centre), _number(_y(0, scale) - 8), bar.note)
            for bar, centre in zip(bars, centres, strict=True)
            if bar.note
        ],
        labels=[
            Word(_number(centre), _number(HEIGHT - 8), bar.label)
            for bar, centre in zip(bars, centres, strict=True)
            if bar.label
        ],
        grid=[
            Word(str(LEFT), _number(_y(step * count, scale)), f"{step * count:g}{unit}")
            for count in range(GRID_LINES + 1)
        ],
        line=" ".join(
            f"{_number(centre)},{_number(_y(value, scale))}"
            for centre, value in zip(centres, line, strict=False)
        ),
    )


def _stack(bar: Bar, centre: float, width: float, scale: float) -> list[Rectangle]:
    rectangles, below = [], 0.0
    for part in bar.parts:
        if part.value <= 0:
            continue
        below += part.value
        rectangles.append(
            Rectangle(
                x=_number(centre - width / 2),
                y=_number(_y(below, scale)),
                width=_number(width),
                height=_number(part.value * scale),
                css=part.css,
                title=part.title,
            )
        )
    return rectangles


def _y(value: float, scale: float) -> float:
    return HEIGHT - BOTTOM - value * scale


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20 and so on that is at least `least`; 1 for nothing."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= least:
                return step * power
        power *= STEPS[-1]


def _number(value: float) -> str:
    return f"{value:.1f}"
