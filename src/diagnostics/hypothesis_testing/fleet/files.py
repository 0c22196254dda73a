"""Files of a fleet -> one answer: what ``diagnose rank`` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet import read
from diagnostics.hypothesis_testing.fleet.answer import Answer, investigate
from diagnostics.hypothesis_testing.fleet.clues import Ranking
from diagnostics.hypothesis_testing.fleet.graph import EMPTY, Graph
from diagnostics.hypothesis_testing.fleet.metrics import Seen, clock

if TYPE_CHECKING:
    import polars as pl

    from diagnostics.hypothesis_testing.fleet.trail import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the telemetry lies: Parquet or CSV tables, the graph as JSON; each may be absent.

    Attributes:
        metrics: The time in question: ``ts`` and columns ``node|metric|stat``; beside spans also one row a ``pod`` and minute.
        normal: Fault-free times of the same metrics.
        graph: Who calls whom.
        logs: Lines: ``trace``, ``span``, ``pod``, ``ts_ns``, ``message``.
        traces: Spans: ``trace``, ``span``, ``parent``, ``pod``, ``op``, ``start_ns``, ``dur_ns``.
    """

    metrics: Path | None = None
    normal: Path | None = None
    graph: Path | None = None
    logs: Path | None = None
    traces: Path | None = None


def answer_of(files: Files, *, target: str | None = None, onset: float | None = None) -> Answer:
    """Return where it began, or that nothing is abnormal.

    Raises:
        ConfigurationError: A file cannot be read, has other columns, or there is nothing to compare with.
        MissingExtraError: polars is not installed.
    """
    graph = read.graph(files.graph) if files.graph is not None else EMPTY
    if files.traces is not None:
        return _with_spans(files, graph, target, onset)
    if files.metrics is None:
        raise ConfigurationError("Give the metrics of the time in question.")
    metrics = read.table(files.metrics)
    normal = read.table(files.normal) if files.normal is not None else None
    return investigate(metrics, normal, graph, target=target, onset=onset)


def _with_spans(files: Files, graph: Graph, target: str | None, onset: float | None) -> Answer:
    from diagnostics.hypothesis_testing.fleet import incident, tables, trail

    assert files.traces is not None
    spans = read.columns(files.traces, tables.SPANS, optional=tables.SLOT)
    logs = None if files.logs is None else read.columns(files.logs, tables.LOGS, optional=tables.SLOT)
    pods = _of_pods(files.metrics)
    told = incident.read(spans, logs, pods)
    if graph.edges:
        told = replace(told, graph=graph)
    if files.metrics is None or pods is not None:
        found = trail.strongest(told) if onset is None else trail.since(told, onset)
        return _answer(found, told.graph, target)
    metrics, normal = read.table(files.metrics), None if files.normal is None else read.table(files.normal)
    first = investigate(metrics, normal, told.graph, target=target, onset=onset)
    if first.seen.onset is None:
        return first
    clues = trail.clues_since(told, first.seen.onset)
    return investigate(metrics, normal, told.graph, target=target, onset=onset, clues=[c for c in clues if c.score > 0])


def _of_pods(path: Path | None) -> pl.DataFrame | None:
    """Return a table with one row a pod and time; None where the file is of another kind."""
    if path is None:
        return None
    rows = read.scan(path)
    return rows.collect() if {"ts", "pod"} <= set(rows.collect_schema().names()) else None


def _answer(found: Incident | None, graph: Graph, target: str | None) -> Answer:
    """Return what was found along the spans as an answer."""
    if target is not None and target not in graph.nodes:
        raise ConfigurationError(f"no span is of {target}; there are {', '.join(graph.nodes[:12])}")
    if found is None or not found.ranking.ranked:
        calm = Ranking(ranked=(), nodes={}, nothing=1.0, unknown=0.0)
        return Answer(
            ranking=calm, seen=Seen(), headline="Nothing abnormal: spans, logs and pods are as they always are"
        )
    below = set(graph.nodes) if target is None else set(graph.below(target))
    ranking = replace(
        found.ranking,
        ranked=tuple(r for r in found.ranking.ranked if r.node in below),
        nodes={node: share for node, share in found.ranking.nodes.items() if node in below},
        onset=60.0 * found.first,
    )
    if not ranking.ranked:
        return _answer(None, graph, None)
    first = ranking.ranked[0]
    seen = Seen(
        onset=ranking.onset,
        end=60.0 * (found.last + 1),
        p_value=ranking.nothing,
        symptom=target or "",
        node=target or "",
    )
    return Answer(
        ranking=ranking,
        seen=seen,
        headline=f"From {clock(60.0 * found.first)} on it began at {first.node}, {first.inner}",
    )
