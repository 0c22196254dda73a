"""Verification: did the change help, did anything get worse, and how sure is that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model.record import Record


class CheckVerdict(StrEnum):
    """How one check ended; no data is never a pass."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Effect(StrEnum):
    """What a change did to the patient."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Record):
    """One question that was asked after the change.

    Attributes:
        name: ``verification_function``, ``finding flips``, a step's name, ...
        reason: In words, with the value seen.
        attempts: How often it was asked.
    """

    name: str
    verdict: CheckVerdict
    reason: str
    attempts: int = 1
    duration_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Record):
    """One quantity before and after the change.

    Attributes:
        effect: Difference or ratio as ``effect_kind`` says; positive is more of the metric.
        interval: Confidence interval of the effect, or None when there was too little data.
        effect_kind: ``difference`` or ``ratio``.
        confounding: ``controlled`` when an untouched control series was compared too.
    """

    metric: str
    unit: str
    verdict: Effect
    reason: str
    before: float | None = None
    after: float | None = None
    effect: float | None = None
    effect_kind: str = "difference"
    interval: tuple[float, float] | None = None
    n_before: int = 0
    n_after: int = 0
    confounding: str = "uncontrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Record):
    """Everything that was checked after a change, and what follows from it.

    Attributes:
        passed: True when every check passed and nothing got worse; None when that cannot be told.
    """

    verdict: Effect
    passed: bool | None
    reason: str
    checks: tuple[Check, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
