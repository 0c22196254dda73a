"""Metrics of many nodes -> clues: when it began, what changed then, and how much of a caller's trouble its callees account for (pure).

Every series is compared twice: the episode's level with normal times, and the change at its beginning with what changes normal times
hold. Both have to be unusual. So neither a node that was always noisy, nor one that has been different for days, is a clue. Failures
are counted (availability times requests), so that one failure in a hundred is worth what a hundred requests can say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind
from diagnostics.hypothesis_testing.fleet.graph import EMPTY, Graph
from diagnostics.hypothesis_testing.fleet.measured import Change, Measured, changes, excess
from diagnostics.hypothesis_testing.fleet.vocabulary import Role, Series, series_of
from diagnostics.stats import contrast

#: Chance of an alarm from the symptom alone where nothing is wrong.
ALARM = 0.01
#: A symptom this unusual is suspected: it counts together with what changed below it at the same time.
SUSPECTED = 0.2
#: Chance of an alarm from both together, by Fisher's combination of their p-values. Small, as a suspicion is cheap and what is called
#: normal holds small incidents of its own.
TOGETHER = 0.001


#: Where the symptom may be in more series than this, those that stand out most are compared with their past; all of them are paid for.
MOST_SYMPTOMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Metrics side by side: moments in Unix seconds, ascending, and one column for each series (NaN: nothing was emitted)."""

    times: Sequence[float]
    columns: Mapping[str, Any]

    @property
    def step(self) -> float:
        """Usual distance of two rows, seconds; 0 with fewer than two."""
        gaps = sorted(b - a for a, b in zip(self.times, self.times[1:], strict=False))
        return gaps[len(gaps) // 2] if gaps else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the metrics say.

    Attributes:
        clues: One for each series that could be compared.
        excess: For each node, by how much it was worse than before, in the unit of the symptom (seconds or failures in all).
        onset: When the symptom began, Unix seconds; None where nothing is abnormal.
        end: When it ended, or the end of the recording.
        p_value: That normal times hold such a symptom somewhere, over all series in which it was looked for.
        behind: The least p-value of the clues, over all of them (Bonferroni).
        symptom: The column in which it was found.
        node: The node of it.
        in_seconds: Whether ``excess`` is in seconds; in failed requests otherwise.
        traffic: For nodes whose traffic changed with it, one sentence: it says nothing about who is sick, but a person wants to know.
    """

    clues: tuple[Clue, ...] = ()
    excess: Mapping[str, float] = field(default_factory=dict)
    onset: float | None = None
    end: float | None = None
    p_value: float = 1.0
    behind: float = 1.0
    symptom: str = ""
    node: str = ""
    in_seconds: bool = True
    traffic: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_abnormal(self) -> bool:
        """Whether there is a symptom that normal times do not hold, or a suspected one with enough behind it."""
        together = contrast.combined(self.p_value, self.behind)
        return self.p_value <= ALARM or (self.p_value <= SUSPECTED and together <= TOGETHER)


def look(
    metrics: Table,
    normal: Table,
    graph: Graph = EMPTY,
    *,
    target: str | None = None,
    onset: float | None = None,
) -> Seen:
    """Return what changed.

    Args:
        metrics: The time in question, from before the onset where possible.
        normal: Fault-free times of the same series.
        graph: Who calls whom.
        target: Where the symptom was seen: a node, ``node|metric``, ``node|metric|stat`` or a metric's name. When not given, it is
            looked for where users would see it: at the nodes that nobody calls, or at all of them where nobody calls anybody.
        onset: When it began, Unix seconds, within a row or so; it is looked for when not given.

    Raises:
        ConfigurationError: The tables share no series, or the target is none of them; names those that there are.
    """
    # In one order: the columns' own must not matter.
    known = sorted(
        (s for s in map(series_of, metrics.columns) if s is not None and s.column in normal.columns),
        key=lambda s: s.column,
    )
    if not known:
        raise ConfigurationError(
            "metrics and normal share no column named node|metric|stat; "
            f"metrics have {', '.join(list(metrics.columns)[:4])}, normal has {', '.join(list(normal.columns)[:4])}"
        )
    wanted = set(targets(known, target, graph))
    y = contrast.matrix([metrics.columns[s.column] for s in known])
    x = contrast.matrix([normal.columns[s.column] for s in known])
    traffic = {s.node: i for i, s in reversed(list(enumerate(known))) if s.role is Role.TRAFFIC}
    measured = [Measured(s, x[:, i], y[:, i], *_asked(traffic.get(s.node), x, y)) for i, s in enumerate(known)]
    symptom, span = _symptom([m for m in measured if m.series in wanted], metrics, onset)
    if symptom is None or span is None:
        return Seen()
    times, node = metrics.times, symptom.series.node
    said = [(m, clue_of(m, change, times)) for m, change in changes(measured, span.start, span.stop)]
    clues = tuple(c for m, c in said if m.series.role is not Role.TRAFFIC)
    below = graph.below(node) if node in graph.nodes else None
    behind = [c.evidence["p_value"] for c in clues if below is None or c.node in below]
    return Seen(
        clues=clues,
        excess=excess(symptom, measured, clues, span.start, span.stop),
        onset=times[span.start],
        end=times[span.stop - 1] + metrics.step,
        p_value=span.p_value,
        behind=min(1.0, min(behind, default=1.0) * len(behind)),
        symptom=symptom.series.column,
        node=node,
        in_seconds=symptom.series.role is Role.TIME,
        traffic={
            m.series.node: f"its traffic changed with it: {c.reason}"
            for m, c in said
            if m.series.role is Role.TRAFFIC and c.score > 0
        },
    )


def _asked(column: int | None, x: Any, y: Any) -> tuple[Any, Any]:
    return (None, None) if column is None else (x[:, column], y[:, column])


def targets(known: Sequence[Series], target: str | None, graph: Graph) -> list[Series]:
    """Return the series in which the symptom is looked for; traffic is none.

    Raises:
        ConfigurationError: There is no such node, metric or column.
    """
    sick = [s for s in known if s.role is not Role.TRAFFIC]
    fronts = {n for n in graph.nodes if graph.callees[n] and not graph.callers[n]}
    if target is None:
        return [s for s in sick if s.node in fronts] or sick
    for fits in (
        lambda s: s.column == target,
        lambda s: f"{s.node}|{s.metric}" == target,
        lambda s: s.node == target,
    ):
        found = [s for s in known if fits(s)]
        if found:
            return [s for s in found if s.role is not Role.TRAFFIC] or found
    found = [s for s in known if s.metric == target]
    if found:
        return [s for s in found if s.node in fronts] or found
    import difflib

    names = {s.node for s in known} | {f"{s.node}|{s.metric}" for s in known}
    close = difflib.get_close_matches(target, names, n=3)
    raise ConfigurationError(
        f"there is no node or metric {target!r}; {'close: ' if close else 'there are '}{', '.join(close or sorted(names)[:6])}"
    )


def clue_of(m: Measured, change: Change, times: Sequence[float]) -> Clue:
    """Return what a series says about its node."""
    s = m.series
    before, after = contrast.mean_of(m.raw, 0, change.start), contrast.mean_of(m.raw, change.start, change.stop)
    low, mid, high = contrast.range_of(m.raw_normal)
    reason = f"{s.inner} {number(after)} from {clock(times[change.start])} on"
    if not math.isnan(before):
        reason += f", before {number(before)}"
    reason += f"; in normal times {number(low)}-{number(high)} (p = {change.p_value:.2g})"
    evidence = {"p_value": change.p_value, "before": before, "after": after, "normal": mid}
    return Clue(
        node=s.node,
        inner=s.inner,
        kind=Kind.METRIC,
        score=contrast.support(change.p_value),
        onset=times[change.start],
        reason=reason,
        evidence={k: v for k, v in evidence.items() if not math.isnan(v)},
    )


def _symptom(
    wanted: Sequence[Measured], metrics: Table, onset: float | None
) -> tuple[Measured | None, contrast.Episode | None]:
    starts = None
    if onset is not None:
        # The row that holds the onset, and one on each side: clocks and intervals do not meet exactly.
        row = sum(t <= onset for t in metrics.times) - 1
        starts = range(max(0, row - 1), min(len(metrics.times), row + 2))
    looked = wanted
    if len(wanted) > MOST_SYMPTOMS:
        z = contrast.matrix([m.z for m in wanted])
        lower = contrast.strengths(-z, starts)
        strength = [
            max(s, lower[i]) if wanted[i].series.direction == 0 else s
            for i, s in enumerate(contrast.strengths(z, starts))
        ]
        order = sorted(range(len(wanted)), key=lambda i: (-strength[i] if strength[i] == strength[i] else math.inf, i))
        looked = [wanted[i] for i in order[:MOST_SYMPTOMS]]
    found = [
        (span.p_value, -span.strength, i, m, span)
        for i, m in enumerate(looked)
        for side in ((1.0, -1.0) if m.series.direction == 0 else (1.0,))
        if (span := contrast.episode(side * m.z, side * m.z_normal, starts)) is not None
    ]
    if not found:
        return None, None
    p, _, _, m, span = min(found, key=lambda f: f[:3])
    # Several series and sides were looked at: Holm's first step.
    return m, replace(span, p_value=min(1.0, p * len(found) * len(wanted) / len(looked)))


def number(value: float) -> str:
    """Return a number as a person reads it."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def clock(moment: float) -> str:
    """Return a moment as hours and minutes in UTC."""
    seconds = int(moment) % 86400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d} UTC"
