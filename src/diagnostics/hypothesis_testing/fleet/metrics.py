"""Metrics of many nodes -> clues: when it began, what changed then, and how much of a caller's trouble its callees account for (pure).

Every series is compared twice: the episode's level with normal times, and the change at its beginning with what changes normal times
hold. Both have to be unusual. So neither a node that was always noisy, nor one that has been different for days, is a clue. Failures
are counted (availability times requests), so that one failure in a hundred is worth what a hundred requests can say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind
from diagnostics.hypothesis_testing.fleet.graph import EMPTY, Graph
from diagnostics.hypothesis_testing.fleet.vocabulary import Role, Series, series_of
from diagnostics.stats import contrast

#: Chance of an alarm from the symptom alone where nothing is wrong.
ALARM = 0.01
#: A symptom this unusual is suspected: it counts when a node below it has certainly changed at the same time. Both by chance are as
#: rare as ``ALARM`` even where one series in five thousand has an incident of its own in what is called normal.
SUSPECTED = 0.2
#: What "certainly" is, over all series below the symptom.
CERTAIN = 0.001
#: Discount of trouble in the other currency: whether it is the same trouble is not known.
ABROAD = 0.5


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
        """Whether there is a symptom that normal times do not hold, or a suspected one with something certain behind it."""
        return self.p_value <= ALARM or (self.p_value <= SUSPECTED and self.behind <= CERTAIN)


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
    known = [s for s in map(series_of, metrics.columns) if s is not None and s.column in normal.columns]
    if not known:
        raise ConfigurationError(
            "metrics and normal share no column named node|metric|stat; "
            f"metrics have {', '.join(list(metrics.columns)[:4])}, normal has {', '.join(list(normal.columns)[:4])}"
        )
    wanted = targets(known, target, graph)
    y = contrast.matrix([metrics.columns[s.column] for s in known])
    x = contrast.matrix([normal.columns[s.column] for s in known])
    measured = [_Measured(s, i, known, x, y) for i, s in enumerate(known)]
    symptom, span = _symptom([m for m in measured if m.series in wanted], metrics, onset)
    if symptom is None or span is None:
        return Seen()
    times, node = metrics.times, symptom.series.node
    clues = tuple(
        c
        for m in measured
        if m.series.role is not Role.TRAFFIC and (c := m.clue(span.start, span.stop, times)) is not None
    )
    below = graph.below(node) if node in graph.nodes else None
    behind = [c.evidence["p_value"] for c in clues if below is None or c.node in below]
    return Seen(
        clues=clues,
        excess=_excess(symptom, measured, span, clues),
        onset=times[span.start],
        end=times[span.stop - 1] + metrics.step,
        p_value=span.p_value,
        behind=min(1.0, min(behind, default=1.0) * len(behind)),
        symptom=symptom.series.column,
        node=node,
        in_seconds=symptom.series.role is Role.TIME,
        traffic=_traffic(measured, span, times),
    )


def targets(known: Sequence[Series], target: str | None, graph: Graph) -> list[Series]:
    """Return the series in which the symptom is looked for; traffic is none.

    Raises:
        ConfigurationError: There is no such node, metric or column.
    """
    sick = [s for s in known if s.role is not Role.TRAFFIC]
    if target is None:
        fronts = {n for n in graph.nodes if graph.callees[n] and not graph.callers[n]}
        return [s for s in sick if s.node in fronts] or sick
    for fits in (
        lambda s: s.column == target,
        lambda s: f"{s.node}|{s.metric}" == target,
        lambda s: s.node == target,
        lambda s: s.metric == target,
    ):
        found = [s for s in known if fits(s)]
        if found:
            return [s for s in found if s.role is not Role.TRAFFIC] or found
    import difflib

    names = {s.node for s in known} | {f"{s.node}|{s.metric}" for s in known}
    close = difflib.get_close_matches(target, names, n=3)
    raise ConfigurationError(
        f"there is no node or metric {target!r}; {'close: ' if close else 'there are '}{', '.join(close or sorted(names)[:6])}"
    )


class _Measured:
    """One series, standardised on normal times: 0 is the normal level, 1 its noise, higher is worse."""

    def __init__(self, series: Series, index: int, known: Sequence[Series], x: Any, y: Any) -> None:
        self.series = series
        self.raw_normal, self.raw = x[:, index], y[:, index]
        sibling = {s.role: i for i, s in enumerate(known) if s.node == series.node and s.role is Role.TRAFFIC}
        traffic = sibling.get(Role.TRAFFIC)
        self.has_traffic = traffic is not None
        self.traffic: Any = y[:, traffic] if traffic is not None else None
        self.traffic_normal: Any = x[:, traffic] if traffic is not None else None
        self.counted = series.role is Role.SUCCESS and series.is_mean and self.has_traffic
        if self.counted:
            self.z_normal, self.z = self._count()
        else:
            self.z_normal, self.z = contrast.standardised(self.raw_normal, self.raw, series.direction)

    @property
    def is_time(self) -> bool:
        """Whether it is a mean duration."""
        return self.series.role is Role.TIME and self.series.is_mean

    def _count(self) -> tuple[Any, Any]:
        full = contrast.full_mark(self.raw_normal)
        self.failed_normal = contrast.failed(self.raw_normal, self.traffic_normal, full)
        self.failed = contrast.failed(self.raw, self.traffic, full)
        self.past = contrast.failure_rate(self.failed_normal, self.traffic_normal)
        return (
            contrast.failures_z(self.failed_normal, self.traffic_normal, self.past),
            contrast.failures_z(self.failed, self.traffic, self.past),
        )

    def clue(self, start: int, stop: int, times: Sequence[float]) -> Clue | None:
        """Return how strongly the series changed from ``start`` to ``stop``; None where it says nothing."""
        # It may have begun one row earlier here: trouble takes time to travel, and intervals cut it.
        starts = [start - 1, start] if start > 1 else [start]
        of = self._p_counted if self.counted else self._p_level
        found = [(q, begin) for begin in starts if not math.isnan(q := of(begin, stop))]
        p, start = min(found, default=(math.nan, start))
        p = min(1.0, p * len(found))
        if math.isnan(p):
            return None
        before, after = contrast.mean_of(self.raw, 0, start), contrast.mean_of(self.raw, start, stop)
        low, mid, high = contrast.range_of(self.raw_normal)
        s = self.series
        reason = f"{s.inner} {number(after)} from {clock(times[start])} on"
        if not math.isnan(before):
            reason += f", before {number(before)}"
        reason += f"; in normal times {number(low)}-{number(high)} (p = {p:.2g})"
        evidence = {"p_value": p, "before": before, "after": after, "normal": mid}
        return Clue(
            node=s.node,
            inner=s.inner,
            kind=Kind.METRIC,
            score=contrast.support(p),
            onset=times[start],
            reason=reason,
            evidence={k: v for k, v in evidence.items() if not math.isnan(v)},
        )

    def _p_level(self, start: int, stop: int) -> float:
        two_sided = self.series.direction == 0
        p = contrast.change_p(self.z_normal, self.z, start, stop)
        if two_sided and not math.isnan(p):
            other = contrast.change_p(-self.z_normal, -self.z, start, stop)
            p = min(1.0, 2.0 * min(p, other))
        return p

    def _p_counted(self, start: int, stop: int) -> float:
        return contrast.failures_p(self.failed, self.traffic, self.past, start, stop)

    def excess(self, start: int, stop: int) -> float | None:
        """Return by how much more it took or failed in all from ``start`` to ``stop``; None where it cannot be said."""
        if self.counted:
            return contrast.extra_failures(self.failed, self.traffic, self.past, start, stop)
        if not self.has_traffic:
            return None
        return contrast.extra_total(self.raw_normal, self.raw, self.traffic, start, stop)


def _symptom(
    wanted: Sequence[_Measured], metrics: Table, onset: float | None
) -> tuple[_Measured | None, contrast.Episode | None]:
    starts = None
    if onset is not None:
        # The row that holds the onset, and one on each side: clocks and intervals do not meet exactly.
        row = sum(t <= onset for t in metrics.times) - 1
        starts = range(max(0, row - 1), min(len(metrics.times), row + 2))
    found = [
        (span.p_value, -span.strength, i, m, span)
        for i, m in enumerate(wanted)
        if (span := contrast.episode(m.z, m.z_normal, starts)) is not None
    ]
    if not found:
        return None, None
    from dataclasses import replace

    p, _, _, m, span = min(found, key=lambda f: f[:3])
    # Several series were looked at: Holm's first step.
    return m, replace(span, p_value=min(1.0, p * len(found)))


def _excess(
    symptom: _Measured, measured: Sequence[_Measured], span: contrast.Episode, clues: Sequence[Clue]
) -> dict[str, float]:
    """Return what each node took or failed more, in the symptom's currency: seconds or failures in all.

    Trouble changes its currency on the way: who waits too long fails, who fails is asked again. Then a failure is exchanged for the
    time that a request of the symptom's node usually takes, at the discount ``ABROAD``, and by how likely the series changed at all:
    many quick requests add up to seconds by noise alone. The larger of both counts.
    """
    home = {m.series.node: more for m, more in _totals(symptom.series.role, measured, span)}
    other = Role.SUCCESS if symptom.series.role is Role.TIME else Role.TIME
    usual = next(
        (contrast.range_of(m.raw_normal)[1] for m in measured if m.series.node == symptom.series.node and m.is_time),
        0.0,
    )
    if usual > 0.0:
        rate = usual if other is Role.SUCCESS else 1.0 / usual
        score = {(c.node, c.inner): c.score for c in clues}
        for m, more in _totals(other, measured, span):
            node = m.series.node
            changed = contrast.chance(score.get((node, m.series.inner), 0.0))
            home[node] = max(home.get(node, 0.0), ABROAD * changed * rate * more)
    return home


def _totals(role: Role, measured: Sequence[_Measured], span: contrast.Episode) -> Iterator[tuple[_Measured, float]]:
    for m in measured:
        if m.series.role is role and m.series.is_mean:
            more = m.excess(span.start, span.stop)
            if more is not None and not math.isnan(more):
                yield m, more


def _traffic(measured: Sequence[_Measured], span: contrast.Episode, times: Sequence[float]) -> dict[str, str]:
    found = {}
    for m in measured:
        if m.series.role is Role.TRAFFIC and (c := m.clue(span.start, span.stop, times)) is not None and c.score > 0:
            found[m.series.node] = f"its traffic changed with it: {c.reason}"
    return found


def number(value: float) -> str:
    """Return a number as a person reads it."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def clock(moment: float) -> str:
    """Return a moment as hours and minutes in UTC."""
    seconds = int(moment) % 86400
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d} UTC"
