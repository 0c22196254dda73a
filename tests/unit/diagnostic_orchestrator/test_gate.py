"""The iron law."""

from __future__ import annotations

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.diagnostic_orchestrator.gate import PHASES, missing_for_solution, require_diagnosis
from diagnostics.errors import DiagnosisIncompleteError
from diagnostics.hypothesis_testing.whys.walk import diagnose
from diagnostics.model.change import Override
from diagnostics.model.finding import Finding, State

ALL = frozenset(PHASES)


def complete() -> object:
    found = [
        Finding(mechanism=m, state=State.PRESENT, strength=9.0, sentence=m, evidence=("E1",))
        for m in ("requests-slow", "db-queries-slow", "missing-index-seq-scan")
    ]
    return diagnose(standard_map(), found)


def test_a_complete_diagnosis_lets_a_solution_pass() -> None:
    require_diagnosis(ALL, complete(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("left_out", PHASES)
def test_each_missing_phase_is_named_and_the_next_step_gets_it(left_out: str) -> None:
    with pytest.raises(DiagnosisIncompleteError) as caught:
        require_diagnosis(ALL - {left_out}, complete(), None)  # type: ignore[arg-type]

    assert left_out.replace("_", " ") in caught.value.missing[0]
    assert left_out in caught.value.next_step


def test_an_unknown_cause_is_not_enough() -> None:
    missing, step = missing_for_solution(ALL, diagnose(standard_map(), []))

    assert "root cause" in missing[0]
    assert step


def test_a_person_may_override_with_name_and_reason() -> None:
    require_diagnosis(frozenset(), None, Override(name="Ada", reason="known from yesterday"))


@pytest.mark.parametrize(("name", "reason"), [("", "x"), ("Ada", " ")])
def test_an_override_without_name_or_reason_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match="override"):
        Override(name=name, reason=reason)
