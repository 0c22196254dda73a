"""HypothesisTester: ask every condition under its deadline, as often as told, and judge what came back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.conditions import TestCondition
from diagnostics.hypothesis_testing.judge import conclude, judge, predictions, recommend
from diagnostics.model.hypothesis import ConditionResult, HypothesisResult
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import DeadlineExceeded, call_with_deadline
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.stats.proportions import wilson

_LOG = logging.getLogger(__name__)

#: Even odds: the hypothesis was worth testing, and no more is known.
EVEN_PRIOR = 0.5
#: A value in a result is evidence for people, not an archive.
SHOWN_CHARACTERS = 200


@dataclass(slots=True)
class _Trials:
    """What one condition has shown so far."""

    seen: list[bool | None] = field(default_factory=list)
    actual: str = ""
    error: str = ""
    duration: float = 0.0


class HypothesisTester:
    """Tests hypotheses by their predictions.

    A hypothesis is *supported* when what it predicts is observed, *refuted* when it is not, and
    *inconclusive* when too little could be tested. Each condition says what is seen if the hypothesis holds
    (not what a healthy system would show).

    Example:
        >>> tester = HypothesisTester()
        >>> waiting = TestCondition("over 100 jobs wait", lambda: 130, 100, "greater_than")
        >>> result = tester.test_hypothesis("queue_backlog", [waiting])
        >>> result.verdict.value, result["overall_result"].value
        ('supported', 'CONFIRMED')
    """

    def __init__(self, logger: Any = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
        """Keep where to report and which clock measures.

        Args:
            logger: A ``DiagnosticLogger`` or a standard logger; None for this package's own.
            clock: Source of time.
        """
        self._logger = logger
        self._clock = clock

    def test_hypothesis(
        self,
        hypothesis_name: str,
        conditions: Sequence[TestCondition],
        required_success_rate: float = 1.0,
        repetitions: int = 1,
        *,
        prior: float = EVEN_PRIOR,
    ) -> HypothesisResult:
        """Test every condition ``repetitions`` times and return the verdict.

        Conditions run one after the other, so that they do not disturb each other's measurements; each call
        is left behind at its own ``timeout_seconds``. Within an event loop, call this in
        ``asyncio.to_thread``.

        Args:
            hypothesis_name: Its name; also what the conclusion calls it.
            conditions: Its predictions; with none the result is inconclusive.
            required_success_rate: Share of the predictions that must be observed, above 0 and up to 1.
            repetitions: How often to look; more than once when what is predicted comes and goes.
            prior: Probability of the hypothesis before this test.

        Raises:
            ConfigurationError: A rate, prior or number of repetitions out of its range.
        """
        _check(hypothesis_name, required_success_rate, repetitions, prior)
        started, began = self._clock.now(), self._clock.monotonic()
        trials = [_Trials() for _ in conditions]
        for _ in range(repetitions):
            for condition, so_far in zip(conditions, trials, strict=True):
                self._look(condition, so_far)
        results = tuple(_condition_result(c, t, required_success_rate) for c, t in zip(conditions, trials, strict=True))
        made = predictions([(c.name, c.any_of, c.if_false) for c in conditions], [t.seen for t in trials])
        judgement = judge(made, required_success_rate, prior)
        rate = judgement.rate if judgement.rate.n else None
        result = HypothesisResult(
            hypothesis=hypothesis_name,
            verdict=judgement.verdict,
            success_rate=None if rate is None else rate.rate,
            success_rate_low=judgement.rate.low,
            success_rate_high=judgement.rate.high,
            required_success_rate=required_success_rate,
            effect=None if rate is None else rate.rate - required_success_rate,
            posterior=judgement.posterior,
            prior=prior,
            repetitions=repetitions,
            conditions=results,
            conclusion=conclude(hypothesis_name, judgement, results, required_success_rate),
            recommendations=recommend(judgement, results, required_success_rate, repetitions),
            started_at=started,
            finished_at=self._clock.now(),
            duration_seconds=self._clock.monotonic() - began,
        )
        self._report(result)
        return result

    def _look(self, condition: TestCondition, so_far: _Trials) -> None:
        """Ask once, and note what was seen or why nothing was."""
        began = self._clock.monotonic()
        try:
            value = call_with_deadline(condition.test_function, condition.timeout_seconds, clock=self._clock)
            seen: bool | None = condition.compare(value)
            # A later repetition that shows what was predicted is the better example.
            if seen or not so_far.actual or not any(so_far.seen):
                so_far.actual = show(value)
        except Exception as error:  # noqa: BLE001 - a stranger's function may raise anything; that is an observation
            if condition.predicts(error):
                seen, so_far.actual = True, show_error(error)
            else:
                seen, so_far.error = None, _why(condition, error)
        so_far.seen.append(seen)
        so_far.duration += self._clock.monotonic() - began

    def _report(self, result: HypothesisResult) -> None:
        fields = {
            "hypothesis": result.hypothesis,
            "verdict": result.verdict.value,
            "posterior": round(result.posterior, 3),
            "conditions_tested": result.conditions_tested,
            "conditions": len(result.conditions),
            "duration_seconds": round(result.duration_seconds, 3),
        }
        logger = _LOG if self._logger is None else self._logger
        if isinstance(logger, logging.Logger | logging.LoggerAdapter):
            logger.info("hypothesis_tested %s", " ".join(f"{k}={v}" for k, v in fields.items()))
        else:
            logger.info("hypothesis_tested", **fields)


def show(value: object) -> str:
    """Return a value as text for people: redacted, and at most 200 characters."""
    try:
        text = value if isinstance(value, str) else _short_repr(value)
    except Exception as error:  # noqa: BLE001 - a broken __repr__ of a stranger must not break the test
        text = f"<{type(value).__name__} without text: {type(error).__name__}>"
    return shorten(redact(text[: 4 * SHOWN_CHARACTERS]), SHOWN_CHARACTERS)


def show_error(error: BaseException) -> str:
    """Return an exception as text for people: its class, and its message redacted."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return show(f"{name}: {message}" if message else name)


def _short_repr(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value) if type(value).__str__ is not object.__str__ and not isinstance(value, type) else repr(value)


def _why(condition: TestCondition, error: Exception) -> str:
    if isinstance(error, DeadlineExceeded):
        return f"no answer within {condition.timeout_seconds:g} s"
    return show_error(error)


def _condition_result(condition: TestCondition, trials: _Trials, required: float) -> ConditionResult:
    tested = [s for s in trials.seen if s is not None]
    successes = sum(tested)
    rate = wilson(successes, len(tested))
    return ConditionResult(
        name=condition.name,
        passed=successes >= required * len(tested) - 1e-9 if tested else None,
        comparison=condition.comparison_type,
        expected=_expected(condition),
        actual=trials.actual,
        trials=len(tested),
        successes=successes,
        rate_low=rate.low,
        rate_high=rate.high,
        any_of=condition.any_of,
        duration_seconds=trials.duration,
        error=trials.error,
    )


def _expected(condition: TestCondition) -> str:
    expected = condition.expected_result
    if condition.comparison_type in {"not_null", "is_true"}:
        return ""
    if isinstance(expected, type):
        return expected.__name__
    if isinstance(expected, tuple) and expected and all(isinstance(e, type) for e in expected):
        return " or ".join(e.__name__ for e in expected)
    return show(expected)


def _check(name: str, required: float, repetitions: int, prior: float) -> None:
    if not 0.0 < required <= 1.0:
        raise ConfigurationError(
            f"Hypothesis '{name}': required_success_rate lies above 0 and up to 1, got {required}."
        )
    if repetitions < 1:
        raise ConfigurationError(f"Hypothesis '{name}': repetitions must be at least 1, got {repetitions}.")
    if not 0.0 < prior < 1.0:
        raise ConfigurationError(f"Hypothesis '{name}': prior lies between 0 and 1, got {prior}.")
