"""Files of a fleet -> one answer: what ``diagnose rank`` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet import read
from diagnostics.hypothesis_testing.fleet.answer import Answer, investigate
from diagnostics.hypothesis_testing.fleet.graph import EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the telemetry lies: Parquet or CSV tables, the graph as JSON; each may be absent.

    Attributes:
        metrics: The time in question: ``ts`` and columns ``node|metric|stat``.
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
    if files.metrics is None:
        raise ConfigurationError("Give the metrics of the time in question.")
    metrics = read.table(files.metrics)
    normal = read.table(files.normal) if files.normal is not None else None
    return investigate(metrics, normal, graph, target=target, onset=onset)
