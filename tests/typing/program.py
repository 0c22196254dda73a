"""A program that a user would write; mypy checks that the public names are typed."""

from __future__ import annotations

from diagnostics import (
    DiagnosisIncompleteError,
    DiagnosticLogger,
    HypothesisTester,
    PostSolutionMonitor,
    TestCondition,
    UltimateDiagnosticSystem,
    diagnose_function,
    diagnostic_context,
    quick_diagnostic_session,
)

logger = DiagnosticLogger("typing")


@diagnose_function(logger)
def add(a: int, b: int) -> int:
    """Keep its signature under the decorator."""
    return a + b


total: int = add(1, 2)

with diagnostic_context(logger, "BLOCK", user="ada"):
    total += 1

system = UltimateDiagnosticSystem("typing")
priority: str = system.phase_1_triage("Saving fails").priority
cause: str = system.phase_4_root_cause_analysis()["root_cause"]
verdict = HypothesisTester().test_hypothesis("h", [TestCondition("c", lambda: 1, 1)]).verdict
monitor = PostSolutionMonitor(logger)
monitor.add_health_check("ok", lambda: True, interval_seconds=60)
try:
    report: dict[str, object] = quick_diagnostic_session("Saving fails", solution_function=lambda: None)
except DiagnosisIncompleteError as refused:
    missing: tuple[str, ...] = refused.missing
