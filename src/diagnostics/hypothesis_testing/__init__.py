"""Decide: hypotheses tested by their predictions, and the walk from the symptom up to the root cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnostics.hypothesis_testing.common import CommonHypotheses
    from diagnostics.hypothesis_testing.conditions import TestCondition, compared
    from diagnostics.hypothesis_testing.hypothesis import Hypothesis, Look
    from diagnostics.hypothesis_testing.tester import HypothesisTester
    from diagnostics.hypothesis_testing.whys.analyzer import FiveWhysAnalyzer
    from diagnostics.model.hypothesis import ConditionResult, HypothesisResult, Verdict

__all__ = [
    "CommonHypotheses",
    "ConditionResult",
    "FiveWhysAnalyzer",
    "Hypothesis",
    "HypothesisResult",
    "HypothesisTester",
    "Look",
    "TestCondition",
    "Verdict",
    "compared",
]

_HOME = {
    "CommonHypotheses": "diagnostics.hypothesis_testing.common",
    "ConditionResult": "diagnostics.model.hypothesis",
    "FiveWhysAnalyzer": "diagnostics.hypothesis_testing.whys.analyzer",
    "Hypothesis": "diagnostics.hypothesis_testing.hypothesis",
    "HypothesisResult": "diagnostics.model.hypothesis",
    "HypothesisTester": "diagnostics.hypothesis_testing.tester",
    "Look": "diagnostics.hypothesis_testing.hypothesis",
    "TestCondition": "diagnostics.hypothesis_testing.conditions",
    "Verdict": "diagnostics.model.hypothesis",
    "compared": "diagnostics.hypothesis_testing.conditions",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
