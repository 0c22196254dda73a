"""Spans, logs and pod metrics of one incident -> local clues and call graph, for ``culprits``.

Broken habits are made local here: a caller whose habits broke no more often than a callee's did has no broken habit of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from diagnostics.hypothesis_testing.fleet import habits, links, logs, pods, traces
from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind
from diagnostics.hypothesis_testing.fleet.culprits import NETWORK
from diagnostics.hypothesis_testing.fleet.graph import Graph
from diagnostics.hypothesis_testing.fleet.habits import END, PRICE, START, Broken, speaks
from diagnostics.hypothesis_testing.fleet.shifts import every, levels, shifts
from diagnostics.hypothesis_testing.fleet.tables import pl, tidy_logs, tidy_spans

#: What a leg and a piece of work are told apart by.
LEG, WORK = ("caller", "callee"), ("pod", "op")
#: Milliseconds that are nobody's incident.
LEAST_MS = 1.0
#: Buckets of latency histograms are this coarse at the bottom, in milliseconds.
COARSE_MS = 5.0
#: Calls that a row of a metric stands for.
MANY = 20
#: Any single call may be slow by itself (one in twenty); half of them slow at once are worth this much each (nats).
OUTLIER = 1.5
#: Lines and calls of an operation that broke about as often are one break.
CLOSE = 0.8
#: What follows this often anyway may be another mix of requests; a caller that asks for other things then explains it.
MIX = 0.05


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Which slots the incident is in.

    Attributes:
        now: Slots of the incident.
        skip: Slots that are neither the incident nor "as always".
    """

    now: frozenset[str]
    skip: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """What was read once, for any number of incidents: tables by slot.

    Attributes:
        counts: What follows what inside spans (see ``habits.transitions``).
        legs: Time of calls on their way, in milliseconds: ``shifts.levels`` of ``slot, caller, callee``.
        own: Time operations are busy themselves: ``shifts.levels`` of ``slot, pod, op``.
        metrics: Resource metrics of pods, None where there are none.
        metric_legs: Latency of calls as metrics tell it at both ends, in the slots of the metrics: ``slot, caller, callee, outer_ms,
            inner_ms``. None where there are none.
        slot_of: For each minute (since 1970) that has spans, its slot; fault-free slots that were recorded apart are not in it.
        request_ms: What a whole request usually takes.
        graph: Who calls whom.
    """

    counts: pl.DataFrame
    legs: pl.DataFrame
    own: pl.DataFrame
    metrics: pl.DataFrame | None
    metric_legs: pl.DataFrame | None = None
    slot_of: Mapping[int, str]
    request_ms: float
    graph: Graph


def read(
    spans: pl.DataFrame,
    logs_: pl.DataFrame | None = None,
    metrics: pl.DataFrame | None = None,
    metric_legs: pl.DataFrame | None = None,
) -> Telemetry:
    """Return the tables of these spans, log lines and pod metrics.

    Raises:
        ConfigurationError: A column is missing.
    """
    spans = tidy_spans(spans)
    counts = [habits.transitions(spans, traces.call_events(spans), "calls")]
    if logs_ is not None and not logs_.is_empty():
        counts.append(habits.transitions(spans, logs.events(tidy_logs(logs_, spans)), "logs"))
    legs = traces.legs(spans)
    return Telemetry(
        counts=pl.concat(counts), legs=levels(legs, LEG, "ms", least=LEAST_MS),
        own=levels(traces.own_time(spans), WORK, "ms", least=LEAST_MS), metrics=metrics, metric_legs=metric_legs,
        slot_of=traces.minutes(spans), request_ms=traces.request_ms(spans), graph=traces.call_graph(legs, spans["pod"]),
    )  # fmt: skip


def clues(told: Telemetry, spans: Slots, metrics: Slots | None = None) -> list[Clue]:
    """Return what changed in the slots of the incident against all others.

    Args:
        told: The tables.
        spans: Slots of spans and logs.
        metrics: Slots of the metrics, where they have other names; as ``spans`` if not given.
    """
    metrics = metrics or spans
    resources = []
    if told.metrics is not None:
        resources = pods.clues(told.metrics, metrics.now, metrics.skip)
        # Spans tell whom a pod calls; where it has none in the incident, rates of requests have to.
        seen = set(told.own.filter(pl.col("slot").is_in(list(spans.now)))["pod"].unique())
        quiet = pods.silent(told.metrics, told.graph.callers, metrics.now, metrics.skip)
        resources += [clue for clue in quiet if clue.node not in seen]
    return [*resources, *_networks(told, spans, metrics), *_slow(told, spans), *_regions(told, spans)]


def _networks(told: Telemetry, spans: Slots, metrics: Slots) -> list[Clue]:
    rows = list(shifts(told.legs, LEG, spans.now, spans.skip).iter_rows())
    if told.metric_legs is not None:
        rows += _legs_by_metric(told.metric_legs, metrics)
    nats: dict[tuple[str, str], float] = {}
    for caller, callee, value, usual, n, sigmas, _ in rows:
        said = _matters(speaks(sigmas), value - usual, told.request_ms, n)
        nats[caller, callee] = max(said, nats.get((caller, callee), said))
    found = []
    for pod, score in links.slow_networks(nats).items():
        slowest = max((row for row in rows if pod in row[:2]), key=lambda row: row[5])
        caller, callee, value, usual, _, sigmas, _ = slowest
        times = f"are {value:.3g} ms on their way, usually {usual:.3g} ms ({sigmas:+.1f} robust sigmas)"
        reason = f"{pod}: calls {caller} -> {callee} {times}"
        evidence = {"now": value, "usual": usual, "sigmas": sigmas}
        found.append(Clue(node=pod, inner=NETWORK, kind=Kind.METRIC, score=score, reason=reason, evidence=evidence))
    return found


def _legs_by_metric(table: pl.DataFrame, slots: Slots) -> list[tuple[str, str, float, float, int, float, float]]:
    """Return the legs' rows as ``shifts`` has them. Quantiles of histograms are coarse, so their ratio is compared."""
    by = LEG
    table = _with_ratio(table)
    ratios = shifts(levels(table, by, "ratio", log=False), by, slots.now, slots.skip)
    times = shifts(levels(table, by, "ms", least=LEAST_MS), by, slots.now, slots.skip).select(*by, "now", "usual")
    # One row a minute, but each of them speaks for all calls of the minute.
    return (
        times.join(ratios.select(*by, "sigmas"), on=by)
        .select(*by, "now", "usual", n=pl.lit(MANY), sigmas="sigmas", restless=pl.lit(0.0))
        .rows()
    )


def loudest_legs(table: pl.DataFrame) -> pl.DataFrame:
    """Return ``slot, nats``: how strongly the slowest leg speaks in each slot of the metrics."""
    rows = every(levels(_with_ratio(table), LEG, "ratio", log=False), LEG, frozenset())
    return rows.group_by("slot").agg(nats=(math.sqrt(2.0) * pl.col("sigmas") - PRICE).max())


def _with_ratio(table: pl.DataFrame) -> pl.DataFrame:
    outer, inner = pl.col("outer_ms") + COARSE_MS, pl.col("inner_ms") + COARSE_MS
    return table.with_columns(ratio=(outer / inner).log(), ms=(pl.col("outer_ms") - pl.col("inner_ms")).clip(0))


def _slow(told: Telemetry, spans: Slots) -> list[Clue]:
    found = []
    for pod, op, value, usual, n, sigmas, restless in shifts(told.own, WORK, spans.now, spans.skip).iter_rows():
        reason = f"{pod}: {op} is busy itself for {value:.3g} ms, usually {usual:.3g} ({sigmas:+.1f} robust sigmas)"
        evidence = {"now": value, "usual": usual, "sigmas": sigmas}
        calm = math.sqrt(max(0.0, sigmas * abs(sigmas) - restless**2))
        score = _matters(speaks(calm), value - usual, told.request_ms, n)
        found.append(Clue(node=pod, inner=op, kind=Kind.OPERATION, score=score, reason=reason, evidence=evidence))
    return found


def _regions(told: Telemetry, spans: Slots) -> list[Clue]:
    found = habits.broken(told.counts, spans.now, spans.skip)
    most: dict[str, float] = {}
    lines: dict[tuple[str, str], float] = {}
    for context in found:
        if speaks(context.sigmas) > 0:
            most[context.pod] = max(most.get(context.pod, 0.0), context.excess)
            if context.chain == "logs":
                lines[context.pod, context.op] = max(lines.get((context.pod, context.op), 0.0), context.excess)
    clues_ = []
    for context in found:
        clue = _region(context, _unexplained(context, most, told.graph))
        # The same break seen in the lines and in the calls of a span is named by the lines: they lie closer to each other.
        if context.chain == "calls" and lines.get((context.pod, context.op), 0.0) >= CLOSE * context.excess:
            clue = replace(clue, score=clue.score - 1.0)
        clues_.append(clue)
    return clues_


def _unexplained(context: Broken, most: Mapping[str, float], graph: Graph) -> float:
    """Return the share of these breaks that no callee's breaks explain: a call that broke there breaks the caller's habit once."""
    if context.excess <= 0:
        return 0.0
    if context.instead_usual >= MIX:
        above = max((most.get(pod, 0.0) for pod in graph.above(context.pod) if pod != context.pod), default=0.0)
        if above > 2 * context.excess:
            return 0.0
    below = max((most.get(pod, 0.0) for pod in graph.below(context.pod) if pod != context.pod), default=0.0)
    return max(0.0, 1.0 - below / context.excess)


def _matters(nats: float, more_ms: float, request_ms: float, calls: int) -> float:
    """Return what a longer time says: as much as it adds to what a request takes, and as many calls as were slow."""
    return min(nats * min(1.0, max(0.0, more_ms) / request_ms), OUTLIER * calls) if nats > 0 else nats


def _region(context: Broken, share: float) -> Clue:
    inner = f"{_event(context, context.after)}_{_event(context, context.missing)}"
    reason = (
        f"{context.pod}, {context.op}: after '{_event(context, context.after)}' follows '{_event(context, context.missing)}' in "
        f"{context.share:.0%} of {context.seen}, usually in {context.usual:.0%}; now more often '{_event(context, context.instead)}'"
    )
    evidence = {"now": context.share, "usual": context.usual, "seen": float(context.seen), "excess": context.excess}
    kind = Kind.LOG if context.chain == "logs" else Kind.OPERATION
    return Clue(
        node=context.pod,
        inner=inner,
        kind=kind,
        score=speaks(context.sigmas * share**0.5),
        reason=reason,
        evidence=evidence,
    )


def _event(context: Broken, event: str) -> str:
    if event in (START, END):
        return f"{_short(context.op)} {event.strip('()')}"
    return f"{_short(event)} start" if context.chain == "calls" else event


def _short(op: str) -> str:
    """Return an operation without the package and service before it; a route stays whole."""
    return op if "{" in op else op.rstrip("/").rsplit("/", 1)[-1] or op
