"""Figures as values that a template draws: bars of before and after, lines over time (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.reports import formats

#: More points than this are thinned to the lowest and highest of each slice: peaks stay.
MAX_POINTS = 600
#: A table under the figure has at most so many rows.
MAX_ROWS = 40
WIDTH, HEIGHT = 1000.0, 240.0
#: An axis of so many seconds tells the day too: its two ends have nearly the same time.
DAY_FROM = 20 * 3600.0

#: Less of these is better; what is in neither list has no better or worse.
_LOWER_IS_BETTER = (
    "error", "failure", "time", "latency", "duration", "p50", "p90", "p95", "p99", "wait", "lag", "cpu",
    "memory", "used", "utilization", "queue", "backlog", "retries", "alerts", "seconds",
)  # fmt: skip
_HIGHER_IS_BETTER = ("success", "availability", "throughput", "uptime", "hit", "free", "requests_per", "rps")
_RATIOS = ("rate", "ratio", "share", "availability", "uptime")
#: Changes below this are noise to a reader.
SAME = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One metric before and after."""

    key: str
    label: str
    before: str
    after: str
    before_width: float
    after_width: float
    change: str
    direction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Something that happened: where it is drawn (percent), its number, and what it was."""

    number: int
    left: float
    at: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series, ready to be drawn."""

    name: str
    path: str
    area: str
    other: str
    top: str
    middle: str
    bottom: str
    start: str
    end: str
    count: int
    summary: str
    markers: tuple[Marker, ...]
    rows: tuple[tuple[str, str], ...]


def bars(impact: Mapping[str, Any], words: Mapping[str, str]) -> list[Bars]:
    """Return the metrics that were measured both before and after (or on one side), in the order given."""
    before, after = _mapping(impact.get("before_fix")), _mapping(impact.get("after_fix"))
    units = _mapping(impact.get("units"))
    drawn = []
    for key in dict.fromkeys([*before, *after]):
        b, a = formats.amount_of(before.get(key)), formats.amount_of(after.get(key))
        if b is None and a is None:
            continue
        unit = str(units.get(key, "")) or unit_of(key, [v for v in (b, a) if v is not None])
        most = max(abs(v) for v in (b, a) if v is not None) or 1.0
        change, direction = _change(key, b, a)
        drawn.append(
            Bars(
                key=key,
                label=_label(key, words),
                before=formats.measured(b, unit),
                after=formats.measured(a, unit),
                before_width=0.0 if b is None else round(100 * abs(b) / most, 2),
                after_width=0.0 if a is None else round(100 * abs(a) / most, 2),
                change=change,
                direction=direction,
            )
        )
    return drawn


def unit_of(key: str, values: Sequence[float] = ()) -> str:
    """Return the unit that a metric's name tells; bare times are milliseconds, as in the specification."""
    words = key.lower().split("_")
    if words[-1] in ("seconds", "s"):
        return "s"
    if words[-1] in ("ms", "milliseconds"):
        return "ms"
    if words[-1] == "bytes":
        return "By"
    if words[-1] in ("percent", "pct"):
        return "%"
    if words[-1] in _RATIOS and all(0 <= v <= 1 for v in values):
        return "1"
    if words[-1] in ("time", "latency", "p50", "p90", "p95", "p99"):
        return "ms"
    return ""


def line(series: Mapping[str, Any]) -> Line | None:
    """Return a series ready to be drawn, or None when it has fewer than two points.

    ``series`` holds ``name``, ``unit``, ``points`` (pairs of a moment and a value), ``markers``; optionally ``gap``
    (where two points are farther apart, in seconds, nothing was measured and nothing is drawn), ``other`` (points of
    another period to compare with, moved to this one's moments), and ``start`` and ``end`` of the axis.
    """
    points = _points(series.get("points"))
    other = _points(series.get("other"))
    if len(points) < 2:
        return None
    unit = str(series.get("unit") or "")
    count = len(points)
    shown = _thinned(points)
    first, last = _instant(series.get("start")), _instant(series.get("end"))
    first, last = points[0][0] if first is None else first, points[-1][0] if last is None else last
    span = (last - first) or 1.0
    values = [v for _, v in points]
    gap = formats.amount_of(series.get("gap"))
    low, high = min(values), max(values)
    # Amounts are drawn from zero, so that twice as high is twice as much.
    bottom = 0.0 if low >= 0 else low
    high = max([high, *(v for _, v in other)])
    top = high if high > bottom else bottom + 1.0
    if unit == "1" and 0.5 < high <= 1.0:
        top = 1.0

    def place(t: float, v: float) -> str:
        x = (t - first) / span * WIDTH
        y = HEIGHT - (v - bottom) / (top - bottom) * HEIGHT
        return f"{x:.1f},{y:.1f}"

    stretches = [[place(t, v) for t, v in part] for part in _stretches(shown, gap)]
    clocked = first > 1e8  # unix seconds; smaller numbers count from the start
    markers = [
        Marker(
            number=i,
            left=round(100 * (t - first) / span, 2),
            at=_time(t, first, clocked=clocked, day=span >= DAY_FROM),
            text=text,
        )
        for i, (t, text) in enumerate(_markers(series.get("markers"), first, last), start=1)
    ]
    stride = max(1, math.ceil(count / MAX_ROWS))
    return Line(
        name=str(series.get("name") or ""),
        path=" ".join("M" + " L".join(steps) for steps in stretches),
        area=" ".join(_under(steps) for steps in stretches),
        other="M" + " L".join(place(t, v) for t, v in _thinned(other)) if len(other) > 1 else "",
        top=formats.measured(top, unit),
        middle=formats.measured((top + bottom) / 2, unit),
        bottom=formats.measured(bottom, unit),
        start=_time(first, first, clocked=clocked, day=span >= DAY_FROM),
        end=_time(last, first, clocked=clocked, day=span >= DAY_FROM),
        count=count,
        summary=f"{formats.measured(low, unit)} – {formats.measured(max(values), unit)}",
        markers=tuple(markers),
        rows=tuple(
            (_time(t, first, clocked=clocked, day=span >= DAY_FROM), formats.measured(v, unit))
            for t, v in points[::stride]
        ),
    )


def _stretches(points: list[tuple[float, float]], gap: float | None) -> list[list[tuple[float, float]]]:
    """Return the points in parts within which none is farther from the one before than ``gap`` seconds."""
    parts: list[list[tuple[float, float]]] = []
    for point in points:
        if not parts or (gap is not None and point[0] - parts[-1][-1][0] > gap):
            parts.append([])
        parts[-1].append(point)
    return parts


def _under(steps: list[str]) -> str:
    """Return the area under a stretch of a line."""
    first, last = steps[0].partition(",")[0], steps[-1].partition(",")[0]
    return f"M{first},{HEIGHT:.1f} L" + " L".join(steps) + f" L{last},{HEIGHT:.1f} Z"


def _change(key: str, before: float | None, after: float | None) -> tuple[str, str]:
    """Return the change in words and whether it is ``better``, ``worse``, ``same`` or neither."""
    if before is None or after is None:
        return "", ""
    if before == after:
        return "", "same"
    if before == 0:
        change, relative = "", math.inf
    else:
        relative = (after - before) / abs(before)
        sign = "+" if relative > 0 else formats.MINUS
        change = f"{sign}{formats.number(abs(relative) * 100, 2)}{formats.NBSP}%"
        if relative >= 1:
            change = f"×{formats.NBSP}{formats.number(after / before, 2)}"
    if abs(relative) < SAME:
        return change, "same"
    words = key.lower()
    if any(w in words for w in _HIGHER_IS_BETTER):
        return change, "better" if after > before else "worse"
    if any(w in words for w in _LOWER_IS_BETTER):
        return change, "better" if after < before else "worse"
    return change, ""


def _points(value: Any) -> list[tuple[float, float]]:
    found = []
    for item in value if isinstance(value, list | tuple) else ():
        if not isinstance(item, list | tuple) or len(item) != 2:
            continue
        t, v = _instant(item[0]), formats.amount_of(item[1])
        if t is not None and v is not None:
            found.append((t, v))
    return sorted(found)


def _markers(value: Any, first: float, last: float) -> list[tuple[float, str]]:
    found = []
    for item in value if isinstance(value, list | tuple) else ():
        if isinstance(item, Mapping):
            t, text = _instant(item.get("at", item.get("t"))), item.get("what", item.get("label", ""))
        elif isinstance(item, list | tuple) and len(item) == 2:
            t, text = _instant(item[0]), item[1]
        else:
            continue
        if t is not None and first <= t <= last:
            found.append((t, str(text)))
    return sorted(found)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= MAX_POINTS:
        return points
    width = math.ceil(len(points) / (MAX_POINTS // 2))
    kept = []
    for begin in range(0, len(points), width):
        part = points[begin : begin + width]
        kept.extend(sorted({min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}))
    return kept


def _instant(value: Any) -> float | None:
    amount = formats.amount_of(value)
    if amount is not None:
        return amount
    parsed = formats.parsed_moment(value)
    return None if parsed is None else parsed.timestamp()


def _time(t: float, first: float, *, clocked: bool, day: bool) -> str:
    return formats.moment(t, day=day) if clocked else formats.seconds(t - first)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _label(key: str, words: Mapping[str, str]) -> str:
    """Return the metric's name; a unit at its end is said by the numbers."""
    bare = re.sub(r"_(seconds|s|ms|milliseconds|bytes|percent|pct)$", "", key)
    found = words.get(f"metric.{bare}")
    if found:
        return found
    text = bare.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
