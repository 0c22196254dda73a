"""HypothesisResult: what was predicted, what was seen, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from diagnostics.model.record import Record


class Verdict(StrEnum):
    """What the evidence says about a hypothesis."""

    SUPPORTED = "supported"
    """Its predictions were observed."""
    REFUTED = "refuted"
    """Too few of its predictions were observed, whatever the missing ones would show."""
    INCONCLUSIVE = "inconclusive"
    """Too little could be tested; never a pass."""


class OverallResult(StrEnum):
    """The verdict in the words of the previous API."""

    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    INCONCLUSIVE = "INCONCLUSIVE"


_OVERALL = {
    Verdict.SUPPORTED: OverallResult.CONFIRMED,
    Verdict.REFUTED: OverallResult.REJECTED,
    Verdict.INCONCLUSIVE: OverallResult.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult(Record):
    """What came of one condition.

    Attributes:
        name: The prediction in words.
        passed: Whether it was observed; None when it could not be tested.
        comparison: How actual was compared with expected.
        expected: Shortened and redacted.
        actual: The last value seen, shortened and redacted; empty when it could not be tested.
        trials: How often it could be tested.
        successes: How often it was observed.
        rate_low: Lower end of Wilson's interval of the rate (0 without trials).
        rate_high: Upper end of it (1 without trials).
        any_of: Group of conditions of which one is enough; empty for a prediction of its own.
        duration_seconds: All trials together.
        error: Why it could not be tested; empty when it could.
        refutes: It is a falsifier; ``passed`` then says that it was not observed.
        p_value: Of a comparison of measurements, corrected for how many were made; None for other conditions.
        tests: How many comparisons were made together; 0 for other conditions.
    """

    name: str
    passed: bool | None
    comparison: str
    expected: str
    actual: str
    trials: int
    successes: int
    rate_low: float
    rate_high: float
    any_of: str = ""
    duration_seconds: float = 0.0
    error: str = ""
    refutes: bool = False
    p_value: float | None = None
    tests: int = 0

    @property
    def result(self) -> str:
        """The words of the previous API."""
        return {True: "PASSED", False: "FAILED", None: "NOT_TESTED"}[self.passed]


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisResult(Record):
    """A hypothesis and the verdict on it.

    Attributes:
        hypothesis: Its name.
        verdict: Supported, refuted or inconclusive.
        success_rate: Share of the predictions that were observed among those that could be tested; None when
            none could.
        success_rate_low: Lower end of Wilson's 95 % interval of it.
        success_rate_high: Upper end of it.
        required_success_rate: What the caller demanded.
        effect: ``success_rate - required_success_rate``; None when nothing could be tested.
        posterior: Probability of the hypothesis after the evidence, from the prior and the conditions'
            likelihood ratios.
        prior: Probability before.
        conditions: What came of each condition.
        conclusion: One or two sentences for people.
        recommendations: What to look at next; never a fix.
    """

    hypothesis: str
    verdict: Verdict
    success_rate: float | None
    success_rate_low: float
    success_rate_high: float
    required_success_rate: float
    effect: float | None
    posterior: float
    prior: float
    repetitions: int
    conditions: tuple[ConditionResult, ...]
    conclusion: str
    recommendations: tuple[str, ...]
    started_at: datetime
    finished_at: datetime
    duration_seconds: float

    #: ``result.overall_result == HypothesisResult.CONFIRMED``, as users of the previous API write it.
    CONFIRMED: ClassVar[OverallResult] = OverallResult.CONFIRMED
    REJECTED: ClassVar[OverallResult] = OverallResult.REJECTED
    INCONCLUSIVE: ClassVar[OverallResult] = OverallResult.INCONCLUSIVE

    @property
    def overall_result(self) -> OverallResult:
        """The verdict in the words of the previous API: CONFIRMED, REJECTED or INCONCLUSIVE."""
        return _OVERALL[self.verdict]

    @property
    def hypothesis_name(self) -> str:
        return self.hypothesis

    @property
    def confidence(self) -> float:
        """How sure the verdict is: the posterior of what it says, 0.5 or more unless it is inconclusive."""
        if self.verdict is Verdict.INCONCLUSIVE:
            return 0.0
        return self.posterior if self.verdict is Verdict.SUPPORTED else 1.0 - self.posterior

    @property
    def conditions_tested(self) -> int:
        return sum(c.passed is not None for c in self.conditions)

    @property
    def conditions_passed(self) -> int:
        return sum(c.passed is True for c in self.conditions)

    @property
    def conditions_failed(self) -> int:
        return sum(c.passed is False for c in self.conditions)

    @property
    def could_not_test(self) -> tuple[str, ...]:
        """Conditions that could not be tested, each with its reason."""
        return tuple(f"{c.name}: {c.error}" for c in self.conditions if c.passed is None)
