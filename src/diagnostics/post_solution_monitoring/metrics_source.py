"""Metric history as a port: what a check's numbers came to over time, wherever they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from diagnostics.post_solution_monitoring.rollup import Bucket


@runtime_checkable
class MetricSource(Protocol):
    """Answers for the numbers of checks; every ``History`` is one, and so is ``PromqlMetrics``.

    Raises:
        ProbeError: (any method) It could not be asked; the message says why and holds no secret.
    """

    def names(self) -> list[str]:
        """Return the names of all checks that have numbers, sorted."""
        ...

    def metrics(self, name: str) -> list[str]:
        """Return the names of the numbers of a check, sorted; none when there is no such check."""
        ...

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        """Return a number of a check in buckets, oldest first; stretches without data have none.

        Buckets begin at multiples of their width, which is ``step_seconds`` (above 0) or coarser where less is kept.
        """
        ...
