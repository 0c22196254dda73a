"""The iron law as a function: no solution without a completed diagnosis (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.errors import ConfigurationError, DiagnosisIncompleteError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's decision to act without a completed diagnosis; kept in the journal and printed in the report.

    Raises:
        ConfigurationError: The name or the reason is empty.
    """

    name: str
    reason: str

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.reason.strip():
            raise ConfigurationError(
                "an override needs a person's name and a reason",
                hint="override=Override(name=..., reason=...)",
            )


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
