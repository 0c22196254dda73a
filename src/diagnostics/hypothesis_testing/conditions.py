"""TestCondition: one prediction of a hypothesis, and how it is compared with what is seen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from diagnostics.errors import ConfigurationError


def _between(actual: Any, expected: Any) -> bool:
    low, high = expected
    return bool(low <= actual <= high)


def _matches(actual: Any, expected: Any) -> bool:
    return re.search(expected, str(actual)) is not None


#: How ``actual`` is compared with ``expected``; ``raises`` compares an exception and is handled apart.
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda actual, expected: bool(actual == expected),
    "not_equals": lambda actual, expected: bool(actual != expected),
    "greater_than": lambda actual, expected: bool(actual > expected),
    "less_than": lambda actual, expected: bool(actual < expected),
    "greater_or_equal": lambda actual, expected: bool(actual >= expected),
    "less_or_equal": lambda actual, expected: bool(actual <= expected),
    "between": _between,
    "contains": lambda actual, expected: bool(expected in actual),
    "not_null": lambda actual, expected: actual is not None,
    "is_true": lambda actual, expected: bool(actual),
    "matches": _matches,
}
RAISES = "raises"
#: ``actual`` is a comparison of ``diagnostics.stats``; it is corrected for how many were made, then its verdict counts.
VERDICT = "verdict"

#: Verdicts of a comparison that say something; ``inconclusive`` is not tested.
SETTLED = ("worse", "better", "not_worse")

#: How likely a prediction comes true although the hypothesis is false, where its author does not say.
DEFAULT_IF_FALSE = 0.3


@dataclass(frozen=True, slots=True)
class TestCondition:
    """One prediction: what is seen *if the hypothesis holds*.

    A condition passes when its prediction is observed. It fails when something else is observed. When its
    function raises or exceeds its time, nothing was observed: the condition could not be tested, unless the
    failure is the prediction (``comparison_type="raises"``).

    Attributes:
        name: The prediction in words, as a statement that is true if the hypothesis holds: "connecting takes
            over 1 s".
        test_function: Looks, without changing anything; plain or async.
        expected_result: What is compared with; a pair for ``between``, a regular expression for ``matches``;
            for ``raises`` an
            exception class, a tuple of them, a text that the message contains, or None for any exception.
        comparison_type: One of ``COMPARISONS``, ``raises``, or ``verdict`` (of a ``diagnostics.stats`` comparison).
        timeout_seconds: Limit of one call.
        any_of: Conditions with the same group are ways in which one prediction may come true: one of them is
            enough.
        if_false: How likely it is observed although the hypothesis is false; small for a telling sign.
        refutes: A falsifier: what is never seen if the hypothesis holds. Observed, it refutes, whatever else was
            observed.

    Raises:
        ConfigurationError: The comparison is unknown or does not fit the expected result, or the time is not
            positive.

    Example:
        >>> TestCondition("the queue is long", lambda: 120, 100, "greater_than").compare(120)
        True
    """

    __test__: ClassVar[bool] = False  # pytest would take the name for a test class

    name: str
    test_function: Callable[[], Any] | Callable[[], Awaitable[Any]]
    expected_result: Any = None
    comparison_type: str = "equals"
    timeout_seconds: float = 30.0
    any_of: str = ""
    if_false: float = DEFAULT_IF_FALSE
    refutes: bool = False

    def __post_init__(self) -> None:
        if self.comparison_type not in (*COMPARISONS, RAISES, VERDICT):
            valid = ", ".join([*COMPARISONS, RAISES, VERDICT])
            raise ConfigurationError(
                f"Condition '{self.name}': unknown comparison_type {self.comparison_type!r}.",
                hint=f"Valid: {valid}.",
            )
        if not callable(self.test_function):
            raise ConfigurationError(f"Condition '{self.name}': test_function is not callable.")
        if not self.timeout_seconds > 0:
            raise ConfigurationError(
                f"Condition '{self.name}': timeout_seconds must be above 0, got {self.timeout_seconds}."
            )
        if not 0.0 < self.if_false < 1.0:
            raise ConfigurationError(f"Condition '{self.name}': if_false lies between 0 and 1, got {self.if_false}.")
        if self.refutes and self.any_of:
            raise ConfigurationError(f"Condition '{self.name}': one falsifier is enough, so it has no group.")
        self._check_expected()

    def _check_expected(self) -> None:
        expected = self.expected_result
        if self.comparison_type == "between" and not (isinstance(expected, tuple | list) and len(expected) == 2):
            raise ConfigurationError(f"Condition '{self.name}': 'between' needs a pair (low, high).")
        if self.comparison_type == "matches":
            try:
                re.compile(expected)
            except (re.error, TypeError) as error:
                raise ConfigurationError(
                    f"Condition '{self.name}': 'matches' needs a regular expression: {error}."
                ) from error
        if self.comparison_type == VERDICT and expected not in SETTLED:
            raise ConfigurationError(f"Condition '{self.name}': 'verdict' needs one of {', '.join(SETTLED)}.")
        if self.comparison_type == RAISES and not _is_exception_spec(expected):
            raise ConfigurationError(
                f"Condition '{self.name}': 'raises' needs an exception class, a tuple of them, text or None."
            )

    def compare(self, actual: Any) -> bool:
        """Return whether ``actual`` is what was predicted; a value that cannot be compared raises.

        Without an exception, a prediction that there would be one has not come true.
        """
        if self.comparison_type == RAISES:
            return False
        if self.comparison_type == VERDICT:
            return bool(actual.verdict == self.expected_result)
        return COMPARISONS[self.comparison_type](actual, self.expected_result)

    def predicts(self, error: BaseException) -> bool:
        """Return whether this very exception was predicted."""
        if self.comparison_type != RAISES:
            return False
        expected = self.expected_result
        if expected is None:
            return True
        if isinstance(expected, str):
            return expected.casefold() in str(error).casefold()
        return isinstance(error, expected)


def _is_exception_spec(expected: object) -> bool:
    if expected is None or isinstance(expected, str):
        return True
    classes = expected if isinstance(expected, tuple) else (expected,)
    return bool(classes) and all(isinstance(c, type) and issubclass(c, BaseException) for c in classes)


def compared(
    name: str,
    before: Callable[[], Sequence[Any]] | Sequence[Any],
    after: Callable[[], Sequence[Any]] | Sequence[Any],
    *,
    kind: str,
    expect: str = "worse",
    smallest_effect: float | None = None,
    higher_is_worse: bool = True,
    timeout_seconds: float = 30.0,
    if_false: float = DEFAULT_IF_FALSE,
) -> TestCondition:
    """Return the prediction that measurements changed (or did not), tested by ``diagnostics.stats.compare``.

    Comparisons of one hypothesis are corrected for their number. One that is inconclusive was not tested.

    Args:
        name: The prediction in words: "requests are slower since the release".
        before: Values of the baseline in order of time, or a function that gets them.
        after: Values since, or a function that gets them.
        kind: latency, tail, gauge, count or rate.
        expect: worse, better or not_worse.
        smallest_effect: What matters; needed for ``not_worse``.
        higher_is_worse: Whether more is bad.
        timeout_seconds: Limit of getting and comparing them.
        if_false: How likely it is observed although the hypothesis is false.
    """

    def look() -> Any:
        from diagnostics.stats.comparison import compare

        first, second = (side() if callable(side) else side for side in (before, after))
        return compare(first, second, kind=kind, smallest_effect=smallest_effect, higher_is_worse=higher_is_worse)

    return TestCondition(name, look, expect, VERDICT, timeout_seconds=timeout_seconds, if_false=if_false)
