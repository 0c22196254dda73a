"""What follows from checks: no data is never a pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.errors import DiagnosisIncompleteError
from diagnostics.model.change import Override, RiskLevel, Solution
from diagnostics.model.verification import Check, CheckVerdict, Comparison, Effect
from diagnostics.safe_implementation.validation import Questions, ask, conclude


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def comparison(verdict: Effect) -> Comparison:
    return Comparison(metric="p95", unit="s", verdict=verdict, reason=f"p95 is {verdict}")


def test_nothing_asked_is_inconclusive() -> None:
    assert conclude([]).passed is None


def test_one_failure_outweighs_everything() -> None:
    checks = [
        Check(name="a", verdict=CheckVerdict.PASS, reason="ok"),
        Check(name="b", verdict=CheckVerdict.FAIL, reason="no"),
    ]
    found = conclude(checks, [comparison(Effect.BETTER)])
    assert (found.passed, found.reason) == (False, "no")


def test_something_worse_is_worse_even_when_all_checks_pass() -> None:
    found = conclude(
        [Check(name="a", verdict=CheckVerdict.PASS, reason="ok")], [comparison(Effect.WORSE), comparison(Effect.BETTER)]
    )
    assert (found.verdict, found.passed) == (Effect.WORSE, False)


@pytest.mark.parametrize("verdict", [CheckVerdict.INCONCLUSIVE, CheckVerdict.ERROR])
def test_a_check_without_an_answer_is_no_pass(verdict: CheckVerdict) -> None:
    found = conclude(
        [Check(name="a", verdict=CheckVerdict.PASS, reason="ok"), Check(name="b", verdict=verdict, reason="?")]
    )
    assert (found.verdict, found.passed) == (Effect.INCONCLUSIVE, None)


def test_the_function_has_to_pass_every_time() -> None:
    answers = iter([True, True, False])
    found = ask(Questions(works=lambda: next(answers)), Clock(), record=lambda check: None)
    assert found.passed is False
    assert found.checks[0].attempts == 3


def test_an_exception_is_a_failure_with_its_text_and_without_its_secrets() -> None:
    def works() -> bool:
        raise ConnectionError("refused for password=hunter22hunter")

    found = ask(Questions(works=works), Clock(), record=lambda check: None)
    assert found.passed is False
    assert "ConnectionError" in found.reason
    assert "hunter22" not in found.reason


@pytest.mark.parametrize(("present", "passed"), [(True, False), (False, True), (None, None)])
def test_the_finding_has_to_flip(present: bool | None, passed: bool | None) -> None:
    recorded: list[Check] = []
    found = ask(Questions(works=lambda: True, still_present=lambda: present), Clock(), record=recorded.append)
    assert found.passed is passed
    assert [check.name for check in recorded] == ["verification_function", "finding flips"]


def test_a_comparison_without_enough_data_is_inconclusive() -> None:
    found = ask(
        Questions(works=lambda: True, compare=lambda: [comparison(Effect.INCONCLUSIVE)]),
        Clock(),
        record=lambda check: None,
    )
    assert found.passed is None


def test_a_solution_cannot_exist_without_a_diagnosis_or_a_person() -> None:
    with pytest.raises(DiagnosisIncompleteError, match="phases 1 to 4"):
        Solution(description="restart everything")
    with pytest.raises(DiagnosisIncompleteError):
        Solution(description="restart everything", diagnosis_id="  ")
    with pytest.raises(ValueError, match="reason"):
        Override(name="Ada", reason=" ")
    assert Solution(description="x", override=Override(name="Ada", reason="the house burns")).override is not None
    assert Solution(description="x", diagnosis_id="D1").diagnosis_id == "D1"


def test_risk_levels_are_ordered_as_they_sound() -> None:
    assert max(RiskLevel) is RiskLevel.CRITICAL
    assert sorted(RiskLevel) == [RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CRITICAL]
    assert RiskLevel.HIGH >= RiskLevel.HIGH > RiskLevel.MEDIUM
    assert RiskLevel.LOW == "LOW"
