"""What a comparison says: verdict, effect with interval, what was assumed and whether it holds, many at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from diagnostics.stats.multiplicity import benjamini_hochberg, holm
from diagnostics.stats.sequential import Direction

_NORMAL = NormalDist()
#: Power that is asked for where nobody says.
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something that a test takes for granted.

    Attributes:
        name: In words: "neighbours are independent".
        holds: Whether the data agree; None when they cannot tell.
        detail: What was seen, and what was done about it where it does not hold.
    """

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """After compared with before.

    Attributes:
        kind: What was compared: latency, gauge, count, rate, tail.
        verdict: ``worse`` or ``better`` when the difference is both no chance and large enough to matter,
            ``not_worse`` when a difference that matters is excluded, else ``inconclusive``. Never a pass for
            want of data.
        test: Name of the test that was chosen.
        effect: After against before, in ``effect_unit``.
        low: Lower end of its interval (``1 - alpha``).
        high: Upper end of it.
        effect_unit: ``ratio`` (1 means no difference), ``difference`` or ``difference of rates``.
        p_value: Two-sided, of no difference; anytime-valid when ``watched``; 1 when inconclusive for want of data.
        adjusted_p: The same, corrected for how many were tested together.
        tests: How many were.
        n_before: Values, intervals or trials before.
        n_after: The same after.
        n_effective: What both are worth, after autocorrelation and bursts.
        inflation: Of the variance, for both.
        smallest_effect: What matters, in ``effect_unit`` (a ratio of 1.1 is given as 0.1); None when nobody said.
        power: Chance that a difference of ``smallest_effect`` would have been seen; None without one.
        detectable: Difference that would have been seen with 80 % power; infinite when nothing would.
        assumptions: Each named and checked.
        watched: Whether it may be read again and again.
        reason: In words.
    """

    kind: str
    verdict: Direction
    test: str
    effect: float
    low: float
    high: float
    effect_unit: str
    p_value: float
    adjusted_p: float
    tests: int
    alpha: float
    n_before: int
    n_after: int
    n_effective: float
    inflation: float
    smallest_effect: float | None
    power: float | None
    detectable: float
    assumptions: tuple[Assumption, ...]
    watched: bool
    reason: str

    @property
    def is_significant(self) -> bool:
        """Whether chance is excluded, after correction for how many were tested."""
        return self.adjusted_p < self.alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Comparisons that were made together.

    Attributes:
        results: In the order given, corrected.
        tests: How many.
        method: ``holm`` bounds the chance of even one false alarm, ``benjamini-hochberg`` their share.
        reason: In words, with the number of tests.
    """

    results: tuple[Comparison, ...]
    tests: int
    method: str
    reason: str

    @property
    def changed(self) -> tuple[Comparison, ...]:
        """Those that are worse or better after the correction."""
        return tuple(r for r in self.results if r.verdict in (Direction.WORSE, Direction.BETTER))


def together(results: Sequence[Comparison], method: str = "holm") -> Family:
    """Return comparisons corrected for having been made together; what does not survive is inconclusive.

    Args:
        results: Each comparison that was looked at, also those that showed nothing.
        method: ``holm`` or ``benjamini-hochberg``.

    Raises:
        ValueError: The method is unknown.
    """
    methods = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}
    if method not in methods:
        raise ValueError(f"method is one of {', '.join(methods)}, got {method!r}")
    adjusted = methods[method]([r.p_value for r in results])
    corrected = tuple(_corrected(r, p, len(results)) for r, p in zip(results, adjusted, strict=True))
    kept = sum(r.verdict in (Direction.WORSE, Direction.BETTER) for r in corrected)
    said = f"{len(results)} tests together, {kept} of them show a change after correction ({method})"
    return Family(results=corrected, tests=len(results), method=method, reason=said)


def _corrected(result: Comparison, p: float, tests: int) -> Comparison:
    result = replace(result, adjusted_p=p, tests=tests)
    if result.verdict in (Direction.WORSE, Direction.BETTER) and p >= result.alpha:
        seen = result.reason.partition(": ")[2]
        said = f"inconclusive: {seen}; among {tests} tests that is no surprise (corrected p {p:.2g})"
        return replace(result, verdict=Direction.INCONCLUSIVE, reason=said)
    return result


def decided(
    *, effect: float, high_bad: float, significant: bool, worse: bool, smallest: float | None, neutral: float
) -> Direction:
    """Return the verdict of one look.

    Args:
        effect: The estimate, on the additive scale of the test.
        high_bad: Bound of the interval on the bad side, from ``neutral``, as a distance.
        significant: Chance is excluded.
        worse: The estimate lies on the bad side.
        smallest: The difference that matters, on the same scale; None for any.
        neutral: No difference.
    """
    large = smallest is None or abs(effect - neutral) >= smallest
    if significant and large:
        return Direction.WORSE if worse else Direction.BETTER
    if smallest is not None and high_bad < smallest:
        return Direction.NOT_WORSE
    return Direction.INCONCLUSIVE


def confounding(*, has_control: bool) -> Assumption:
    """Return whether anything else may have changed at the same moment."""
    if has_control:
        return Assumption(name="nothing else changed", holds=True, detail="the control was taken off")
    return Assumption(
        name="nothing else changed",
        holds=None,
        detail="uncontrolled: whatever else changed at the same moment is in the difference",
    )


def power_of(effect: float, error: float, critical: float) -> float:
    """Return the chance to see an effect, given the standard error of its estimate and the critical value.

    Both on the scale on which the estimate is normal.
    """
    if error <= 0.0:
        return 1.0 if effect else 0.0
    z = abs(effect) / error
    return _NORMAL.cdf(z - critical) + _NORMAL.cdf(-z - critical)


def detectable(error: float, critical: float, power: float = POWER) -> float:
    """Return the effect that is seen with that power."""
    return error * (critical + _NORMAL.inv_cdf(power)) if math.isfinite(error) else math.inf
