"""A small honest sample of ``python -m benchmarks templates``: a backend's log that was made up, events known."""

from __future__ import annotations

from benchmarks import loghub
from benchmarks.bench_templates import ours, scores


def test_the_events_of_a_backends_log_are_found_with_nothing_set() -> None:
    messages, truth = loghub.backend(5_000)

    grouping, groups, found, true = scores(truth, ours(messages))

    assert grouping >= 0.95
    assert groups >= 0.85
    assert abs(found - true) <= 4


def test_the_scores_are_those_of_the_definition() -> None:
    assert scores(["a", "a", "b", "c"], [1, 1, 2, 2]) == (0.5, 0.4, 2, 3)
    assert scores(["a", "b"], ["x", "y"]) == (1.0, 1.0, 2, 2)
