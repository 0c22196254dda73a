"""Numenta anomaly benchmark: one score a row from the streaming detector, and the official scoring.

``predict`` reads ``series.parquet`` alone. A score lies between 0 and 1: nats / (nats + threshold), so that 0.5 is
the threshold that the detector ships with; rows in the quiet time after an alarm have 0.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from diagnostics.stats.anomaly import AnomalyDetector, Judgement

#: Score of an alarm at the detector's own threshold.
SHIPPED = 0.5
#: The same for the profiles: weights of a hit, of a miss, of a false alarm.
PROFILES = {
    "standard": (1.0, 1.0, 0.11),
    "reward_low_FP_rate": (1.0, 1.0, 0.22),
    "reward_low_FN_rate": (1.0, 2.0, 0.11),
}
PROBATION_SHARE, PROBATION_MOST = 0.15, 750


def series(folder: Path) -> Iterator[tuple[str, list[datetime], list[float]]]:
    """Yield each file's name, times and values, in the order of its rows."""
    import polars as pl

    frame = pl.read_parquet(folder / "series.parquet").with_columns(pl.col("file").cast(pl.String))
    for (name,), rows in frame.group_by("file", maintain_order=True):
        ordered = rows.sort("row")
        yield str(name), ordered["timestamp"].to_list(), ordered["value"].to_list()


def predict(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield one line a row: ``file``, ``row``, ``score``."""
    for name, times, values in series(folder):
        detector = AnomalyDetector()
        # The recorded times have no zone: the detector is given the clock on the wall.
        epoch = datetime(1970, 1, 1)
        for row, (at, value) in enumerate(zip(times, values, strict=True)):
            judgement = detector.update(value, (at - epoch).total_seconds())
            yield {"file": name, "row": row, "score": shown(judgement, detector.settings.threshold)}


def shown(judgement: Judgement, threshold: float) -> float:
    """Return the score of a row, between 0 and 1; at least 0.5 exactly when an alarm is raised."""
    score = round(judgement.score / (judgement.score + threshold), 6)
    if judgement.alarm:
        return max(SHIPPED, score)
    return 0.0 if judgement.score >= threshold else min(score, SHIPPED - 1e-6)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file as the official rules see it.

    Attributes:
        name: Of the file.
        windows: Number of its anomaly windows.
        worth: For each row: what a detection there is worth, at most 1 inside a window, below 0 outside, 0 in the probation.
        window: For each row: the window it lies in, or -1.
    """

    name: str
    windows: int
    worth: Sequence[float]
    window: Sequence[int]


def sigmoid(y: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def case_of(name: str, times: Sequence[Any], windows: Sequence[tuple[Any, Any]]) -> Case:
    """Return what a detection is worth at each row.

    Source: ``nab/sweeper.py`` and ``nab/scorer.py`` of numenta/NAB; Lavin and Ahmad (2015), ICMLA.
    """
    n = len(times)
    window, worth = [-1] * n, [-1.0] * n
    limits = []
    for first, last in sorted(windows):
        # As the official scorer does, by the first row with that very time: clocks may run backwards.
        if first not in times or last not in times:
            raise ValueError(f"{name}: no row has the time at which a window begins or ends")
        limits.append((times.index(first), times.index(last)))
    for k, (left, right) in enumerate(limits):
        width = right - left + 1
        for i in range(left, right + 1):
            window[i] = k
            worth[i] = sigmoid(-(right - i + 1) / width) / sigmoid(-1.0)
        following = limits[k + 1][0] if k + 1 < len(limits) else n
        for i in range(right + 1, following):
            y = (i - right) / (width - 1) if width > 1 else math.inf
            worth[i] = sigmoid(y) if y < 3.0 else -1.0
    probation = min(int(PROBATION_SHARE * n), PROBATION_MOST)
    for i in range(min(probation, n)):
        worth[i], window[i] = 0.0, -1
    return Case(name=name, windows=len(windows), worth=worth, window=window)


def steps(case: Case, scores: Sequence[float], weights: tuple[float, float, float]) -> list[tuple[float, float]]:
    """Return what each row adds to the raw score when the threshold sinks to its score, highest first."""
    hit, miss, false = weights
    best: dict[int, float] = {}
    added = []
    for score, i in sorted(((score, i) for i, score in enumerate(scores) if score > 0.0), key=lambda s: (-s[0], s[1])):
        k = case.window[i]
        if k < 0:
            gain = false * case.worth[i]
        elif k not in best:
            best[k] = case.worth[i]
            gain = miss + hit * case.worth[i]
        else:
            gain = hit * max(0.0, case.worth[i] - best[k])
            best[k] = max(best[k], case.worth[i])
        if gain:
            added.append((score, gain))
    return added


def normalised(gain: float, windows: int, weights: tuple[float, float, float]) -> float:
    """Return the score of ``gain`` over silence: 0 for silence, 100 for a perfect detector; NaN without windows."""
    return 100.0 * gain / ((weights[0] + weights[1]) * windows) if windows else math.nan


def gain_at(added: Iterable[tuple[float, float]], threshold: float) -> float:
    return math.fsum(gain for score, gain in added if score >= threshold)


def oracle(added: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the threshold that scores best, and what it gains over silence."""
    best, total, threshold = 0.0, 0.0, math.inf
    ordered = sorted(added, key=lambda step: -step[0])
    for place, (score, gain) in enumerate(ordered):
        total += gain
        last_of_score = place + 1 == len(ordered) or ordered[place + 1][0] < score
        if last_of_score and total > best:
            best, threshold = total, score
    return threshold, best


def cases(folder: Path) -> list[Case]:
    """Read the labelled windows; only scoring calls this."""
    labelled = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    return [
        case_of(name, times, [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in labelled[name]])
        for name, times, _ in series(folder)
    ]


def score(folder: Path, predictions: Iterable[Mapping[str, Any]]) -> str:
    """Return the official scores as Markdown: all profiles, at the shipped threshold and at the oracle's."""
    known = cases(folder)
    scores = {case.name: [0.0] * len(case.worth) for case in known}
    for line in predictions:
        scores[line["file"]][line["row"]] = float(line["score"])
    windows = sum(case.windows for case in known)
    lines = [
        f"{len(known)} files, {windows} windows; 0 is silence, 100 is perfect",
        "",
        "| profile | shipped threshold | 95 % interval (bootstrap over files) | leave a category out | oracle threshold |",
        "|---|--:|--:|--:|--:|",
    ]
    for profile, weights in PROFILES.items():
        added = {case.name: steps(case, scores[case.name], weights) for case in known}
        shipped = {name: gain_at(one, SHIPPED) for name, one in added.items()}
        threshold, best = oracle(step for one in added.values() for step in one)
        low, high = interval(known, shipped, weights)
        out = left_out(known, added)
        lines.append(
            f"| {profile} | {normalised(sum(shipped.values()), windows, weights):.1f} | {low:.1f}-{high:.1f} "
            f"| {normalised(out, windows, weights):.1f} | {normalised(best, windows, weights):.1f} (at {threshold:.3f}) |"
        )
    weights = PROFILES["standard"]
    lines += ["", "| file | windows found | false alarms | of 100 |", "|---|--:|--:|--:|"]
    for case in known:
        alarms = [
            i for i, one in enumerate(scores[case.name]) if one >= SHIPPED and (case.worth[i] or case.window[i] >= 0)
        ]
        found = {case.window[i] for i in alarms} - {-1}
        gain = gain_at(steps(case, scores[case.name], weights), SHIPPED)
        points = f"{normalised(gain, case.windows, weights):.0f}" if case.windows else f"{gain:+.2f} raw"
        false = sum(case.window[i] < 0 for i in alarms)
        lines.append(f"| {case.name} | {len(found)} of {case.windows} | {false} | {points} |")
    return "\n".join(lines)


def interval(
    known: Sequence[Case], gains: Mapping[str, float], weights: tuple[float, float, float], rounds: int = 2000
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the score when files are drawn anew (seed 1)."""
    generator = random.Random(1)
    drawn = []
    for _ in range(rounds):
        chosen = generator.choices(known, k=len(known))
        count = sum(case.windows for case in chosen)
        if count:
            drawn.append(normalised(sum(gains[case.name] for case in chosen), count, weights))
    drawn.sort()
    return drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn))]


def left_out(known: Sequence[Case], added: Mapping[str, Sequence[tuple[float, float]]]) -> float:
    """Return the gain when each category is scored at the threshold that was best on the others."""
    total = 0.0
    for category in sorted({case.name.split("/")[0] for case in known}):
        inside = [case.name for case in known if case.name.split("/")[0] == category]
        threshold, _ = oracle(step for name, one in added.items() if name not in inside for step in one)
        total += sum(gain_at(added[name], threshold) for name in inside)
    return total
