"""The iron law as a function: no solution without a completed diagnosis (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostics.errors import DiagnosisIncompleteError
from diagnostics.model.change import Override
from diagnostics.model.diagnosis import Diagnosis, Status

PHASES = ("phase_1", "phase_2", "phase_3", "phase_4")
_NAMES = {
    "phase_1": "phase 1 (triage)",
    "phase_2": "phase 2 (systematic diagnosis)",
    "phase_3": "phase 3 (hypothesis testing)",
    "phase_4": "phase 4 (root cause analysis)",
}
_CALLS = {
    "phase_1": "phase_1_triage(problem_description)",
    "phase_2": "phase_2_systematic_diagnosis()",
    "phase_3": "phase_3_hypothesis_testing()",
    "phase_4": "phase_4_root_cause_analysis()",
}


def missing_for_solution(done: frozenset[str], diagnosis: Diagnosis | None) -> tuple[tuple[str, ...], str]:
    """Return what is missing before a solution may be applied, and the step that gets the first of it."""
    phases = [phase for phase in PHASES if phase not in done]
    if phases:
        return tuple(_NAMES[p] for p in phases), _CALLS[phases[0]]
    if diagnosis is None:
        return (_NAMES["phase_4"],), _CALLS["phase_4"]
    if diagnosis.status is Status.HEALTHY:
        return (
            (f"a root cause: {diagnosis.reason}",),
            "look while the problem lasts (phase 2 again), or say what is wrong with more words",
        )
    if diagnosis.status is Status.UNKNOWN:
        step = diagnosis.missing[0] if diagnosis.missing else "look again while the problem lasts"
        return (f"a root cause that passed {diagnosis.threshold:.0%}: {diagnosis.reason}",), step
    return (), ""


def require_diagnosis(done: frozenset[str], diagnosis: Diagnosis | None, override: Override | None) -> None:
    """Let a solution pass, or say what is missing.

    Raises:
        DiagnosisIncompleteError: Something is missing and no person took the responsibility.
    """
    missing, step = missing_for_solution(done, diagnosis)
    if missing and override is None:
        raise DiagnosisIncompleteError(missing, next_step=step)


def missing_in_document(document: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Return the same for a stored session, with the command that gets the first of it."""
    done = set(document.get("phases_completed", ()))
    phases = [phase for phase in PHASES if phase not in done]
    if phases:
        return tuple(_NAMES[p] for p in phases), "diagnose run, which performs them"
    verdict = document.get("verdict") or {}
    if verdict.get("status") != Status.ROOT_CAUSE_IDENTIFIED or not document.get("root_cause"):
        said = verdict.get("headline", "none was named")
        return (f"a root cause: {said}",), "diagnose run again while the problem lasts, with more of the target flags"
    return (), ""
