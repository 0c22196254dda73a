"""HypothesisTester: ask every condition under its deadline, as often as told, and judge what came back."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.conditions import SETTLED, VERDICT, TestCondition
from diagnostics.hypothesis_testing.hypothesis import EVEN_PRIOR, Hypothesis
from diagnostics.hypothesis_testing.judge import Judgement, conclude, falsifier, judge, predictions, recommend
from diagnostics.model.hypothesis import ConditionResult, HypothesisResult, Verdict
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import DeadlineExceeded, call_with_deadline
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.stats.proportions import wilson

if TYPE_CHECKING:
    from diagnostics.stats.verdicts import Comparison

_LOG = logging.getLogger(__name__)

#: Looks at most, where nobody says how often.
MOST_LOOKS = 60
#: A value in a result is evidence for people, not an archive.
SHOWN_CHARACTERS = 200


@dataclass(slots=True)
class _Trials:
    """What one condition has shown so far."""

    seen: list[bool | None] = field(default_factory=list)
    actual: str = ""
    error: str = ""
    duration: float = 0.0
    compared: Comparison | None = None
    p_value: float | None = None
    tests: int = 0


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

    def test(self, hypothesis: Hypothesis, *, deadline_seconds: float | None = None) -> HypothesisResult:
        """Test a hypothesis as it says."""
        return self.test_hypothesis(
            hypothesis.name,
            hypothesis.conditions,
            hypothesis.required_success_rate,
            hypothesis.repetitions,
            prior=hypothesis.prior,
            interval_seconds=hypothesis.interval_seconds,
            deadline_seconds=deadline_seconds,
        )

    def test_hypothesis(
        self,
        hypothesis_name: str,
        conditions: Sequence[TestCondition],
        required_success_rate: float = 1.0,
        repetitions: int | None = 1,
        *,
        prior: float = EVEN_PRIOR,
        interval_seconds: float = 0.0,
        deadline_seconds: float | None = None,
    ) -> HypothesisResult:
        """Test every condition ``repetitions`` times and return the verdict.

        Conditions run one after the other, so that they do not disturb each other's measurements; each call
        is left behind at its own ``timeout_seconds``. Within an event loop, call this in
        ``asyncio.to_thread``.

        Args:
            hypothesis_name: Its name; also what the conclusion calls it.
            conditions: Its predictions and falsifiers; with none the result is inconclusive.
            required_success_rate: Share of the predictions that must be observed, above 0 and up to 1.
            repetitions: How often to look; more than once when what is predicted comes and goes. None: until it
                is settled, by an interval that holds at every look, at most 60 times.
            prior: Probability of the hypothesis before this test.
            interval_seconds: Pause between two rounds of looks.
            deadline_seconds: For all of it; what is not looked at by then was not tested.

        Raises:
            ConfigurationError: A rate, prior, time or number of repetitions out of its range.
        """
        _check(hypothesis_name, required_success_rate, repetitions, prior, interval_seconds, deadline_seconds)
        started, began = self._clock.now(), self._clock.monotonic()
        end = math.inf if deadline_seconds is None else began + deadline_seconds
        trials = [_Trials() for _ in conditions]
        rounds = 0
        while True:
            for condition, so_far in zip(conditions, trials, strict=True):
                self._look(condition, so_far, end)
            _correct(conditions, trials)
            rounds += 1
            judgement = _judged(conditions, trials, required_success_rate, prior, watched=repetitions is None)
            settled = judgement.verdict is not Verdict.INCONCLUSIVE
            if rounds >= (MOST_LOOKS if repetitions is None else repetitions) or (repetitions is None and settled):
                break
            if repetitions is None and self._clock.monotonic() + interval_seconds >= end:
                break
            if interval_seconds > 0.0:
                self._clock.sleep(min(interval_seconds, max(0.0, end - self._clock.monotonic())))
        results = tuple(_condition_result(c, t, required_success_rate) for c, t in zip(conditions, trials, strict=True))
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
            repetitions=rounds,
            conditions=results,
            conclusion=conclude(hypothesis_name, judgement, results, required_success_rate),
            recommendations=recommend(judgement, results, required_success_rate, rounds),
            started_at=started,
            finished_at=self._clock.now(),
            duration_seconds=self._clock.monotonic() - began,
        )
        self._report(result)
        return result

    def _look(self, condition: TestCondition, so_far: _Trials, end: float) -> None:
        """Ask once, and note what was seen or why nothing was."""
        began = self._clock.monotonic()
        so_far.compared = None
        limit = min(condition.timeout_seconds, end - began)
        if limit <= 0.0:
            so_far.seen.append(None)
            so_far.error = "the time for the whole test was over"
            return
        try:
            value: Any = call_with_deadline(condition.test_function, limit, clock=self._clock)
            seen: bool | None
            if condition.comparison_type == VERDICT:
                so_far.compared, seen = value, None
            else:
                seen = condition.compare(value)
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


def _correct(conditions: Sequence[TestCondition], trials: Sequence[_Trials]) -> None:
    """Correct the comparisons of this round for their number, and let their verdicts count."""
    made = [(c, t, t.compared) for c, t in zip(conditions, trials, strict=True) if t.compared is not None]
    if not made:
        return
    from diagnostics.stats.verdicts import together

    corrected = together([comparison for _, _, comparison in made]).results
    for (condition, so_far, _), comparison in zip(made, corrected, strict=True):
        so_far.p_value, so_far.tests = comparison.adjusted_p, comparison.tests
        so_far.actual = show(comparison.reason)
        if comparison.verdict in SETTLED:
            so_far.seen[-1] = condition.compare(comparison)
        else:
            so_far.error = show(comparison.reason)


def _judged(
    conditions: Sequence[TestCondition], trials: Sequence[_Trials], required: float, prior: float, *, watched: bool
) -> Judgement:
    both = list(zip(conditions, trials, strict=True))
    predicted = [(c, t) for c, t in both if not c.refutes]
    made = predictions([(c.name, c.any_of, c.if_false) for c, _ in predicted], [t.seen for _, t in predicted])
    excluded = [falsifier(c.name, c.if_false, t.seen) for c, t in both if c.refutes]
    return judge(made, required, prior, falsifiers=excluded, watched=watched)


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
    successes = sum(seen != condition.refutes for seen in tested)
    rate = wilson(successes, len(tested))
    needed = 1.0 if condition.refutes else required
    return ConditionResult(
        name=condition.name,
        passed=successes >= needed * len(tested) - 1e-9 if tested else None,
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
        refutes=condition.refutes,
        p_value=trials.p_value,
        tests=trials.tests,
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


def _check(
    name: str, required: float, repetitions: int | None, prior: float, interval: float, deadline: float | None
) -> None:
    if not 0.0 < required <= 1.0:
        raise ConfigurationError(
            f"Hypothesis '{name}': required_success_rate lies above 0 and up to 1, got {required}."
        )
    if repetitions is not None and repetitions < 1:
        raise ConfigurationError(f"Hypothesis '{name}': repetitions must be at least 1, got {repetitions}.")
    if not 0.0 < prior < 1.0:
        raise ConfigurationError(f"Hypothesis '{name}': prior lies between 0 and 1, got {prior}.")
    if interval < 0.0 or (deadline is not None and deadline <= 0.0):
        raise ConfigurationError(f"Hypothesis '{name}': the interval is not negative and the deadline above 0.")
