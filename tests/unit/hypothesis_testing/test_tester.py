"""HypothesisTester with functions that answer, fail, hang and leak."""

import asyncio
import json
import logging
import threading

import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import HypothesisResult, HypothesisTester, TestCondition, Verdict


@pytest.fixture
def tester():
    return HypothesisTester()


def test_predictions_that_come_true_support_the_hypothesis(tester):
    result = tester.test_hypothesis(
        "queue_backlog",
        [
            TestCondition("over 100 jobs wait", lambda: 130, 100, "greater_than"),
            TestCondition("no worker is idle", lambda: 0, 0),
        ],
    )

    assert isinstance(result, HypothesisResult)
    assert result.verdict is Verdict.SUPPORTED
    assert result.overall_result == "CONFIRMED"
    assert result.overall_result is HypothesisResult.CONFIRMED
    assert (result.success_rate, result.effect) == (1.0, 0.0)
    assert result.posterior > 0.9
    assert "'over 100 jobs wait': 130" in result.conclusion
    assert result.recommendations


def test_predictions_that_do_not_come_true_refute_it(tester):
    result = tester.test_hypothesis("h", [TestCondition("c", lambda: 1, 2), TestCondition("d", lambda: 2, 2)])

    assert result.verdict is Verdict.REFUTED
    assert result.overall_result == "REJECTED"
    assert result.posterior < 0.5
    assert "'c': 1" in result.conclusion


def test_a_condition_that_raises_was_not_tested_and_is_no_failure(tester):
    def broken():
        raise RuntimeError("no permission for view pg_stat_activity")

    result = tester.test_hypothesis("h", [TestCondition("c", broken, 1)])

    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.success_rate is None
    assert result.conditions[0].passed is None
    assert result.posterior == result.prior
    assert "no permission for view" in result.conclusion
    assert "Make it possible to test 'c'" in result.recommendations[0]


def test_a_value_that_cannot_be_compared_was_not_tested_either(tester):
    result = tester.test_hypothesis("h", [TestCondition("c", lambda: None, 3, "greater_than")])

    assert result.conditions[0].passed is None
    assert "TypeError" in result.conditions[0].error


def test_a_failure_that_was_predicted_is_an_observation(tester):
    def refuse():
        raise ConnectionRefusedError("connection refused")

    result = tester.test_hypothesis("h", [TestCondition("the port is closed", refuse, ConnectionError, "raises")])

    assert result.verdict is Verdict.SUPPORTED
    assert "connection refused" in result.conditions[0].actual


def test_no_failure_where_one_was_predicted_refutes(tester):
    result = tester.test_hypothesis("h", [TestCondition("it fails", lambda: "fine", None, "raises")])

    assert result.verdict is Verdict.REFUTED


def test_a_condition_that_hangs_is_left_behind_at_its_deadline(tester):
    release = threading.Event()

    result = tester.test_hypothesis("h", [TestCondition("c", release.wait, True, timeout_seconds=0.05)])

    release.set()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.conditions[0].error == "no answer within 0.05 s"
    assert result.duration_seconds < 2


def test_a_timeout_can_be_what_was_predicted(tester):
    release = threading.Event()
    condition = TestCondition("it hangs", release.wait, TimeoutError, "raises", timeout_seconds=0.05)

    result = tester.test_hypothesis("h", [condition])

    release.set()
    assert result.verdict is Verdict.SUPPORTED


def test_async_functions_are_awaited_and_cancelled_at_their_deadline(tester):
    async def answer():
        await asyncio.sleep(0)
        return 42

    async def hang():
        await asyncio.sleep(60)

    result = tester.test_hypothesis(
        "h", [TestCondition("a", answer, 42), TestCondition("b", hang, 1, timeout_seconds=0.05)]
    )

    assert [c.passed for c in result.conditions] == [True, None]
    assert result.verdict is Verdict.INCONCLUSIVE


def test_it_can_be_asked_from_within_an_event_loop():
    async def main():
        async def answer():
            return 1

        return await asyncio.to_thread(HypothesisTester().test_hypothesis, "h", [TestCondition("a", answer, 1)])

    assert asyncio.run(main()).verdict is Verdict.SUPPORTED


def test_repetitions_give_a_rate_with_an_interval(tester):
    answers = iter([1, 0] * 20)

    result = tester.test_hypothesis("h", [TestCondition("c", lambda: next(answers), 1)], 0.9, repetitions=40)

    assert result.verdict is Verdict.REFUTED
    assert result.success_rate == 0.5
    assert (result.success_rate_low, result.success_rate_high) == pytest.approx((0.352, 0.648), abs=0.001)
    assert result.conditions[0].trials == 40
    assert result.effect == pytest.approx(-0.4)


def test_too_few_repetitions_are_inconclusive_and_say_how_many_would_do(tester):
    answers = iter([1, 1, 1, 0])

    result = tester.test_hypothesis("h", [TestCondition("c", lambda: next(answers), 1)], 0.7, repetitions=4)

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "9 repetitions" in " ".join(result.recommendations)


def test_a_hypothesis_without_conditions_is_never_a_pass(tester):
    result = tester.test_hypothesis("h", [])

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "predicts nothing" in result.conclusion


@pytest.mark.parametrize(
    "arguments",
    [{"required_success_rate": 0.0}, {"required_success_rate": 1.5}, {"repetitions": 0}, {"prior": 1.0}],
)
def test_impossible_demands_are_refused(tester, arguments):
    with pytest.raises(ConfigurationError, match="Hypothesis 'h'"):
        tester.test_hypothesis("h", [], **arguments)


def test_secrets_and_long_values_do_not_reach_the_result(tester):
    long = "x" * 10_000 + " postgresql://app:hunter2@db/app"
    result = tester.test_hypothesis(
        "h",
        [
            TestCondition("a", lambda: "postgresql://app:hunter2@db/app", None, "not_null"),
            TestCondition("b", lambda: long, "postgresql://app:hunter2@db/app", "contains"),
            TestCondition("c", lambda: 1 / 0, 1),
        ],
    )

    text = result.to_json()
    assert "hunter2" not in text
    assert all(len(c.actual) <= 200 for c in result.conditions)


def test_a_broken_text_of_a_value_does_not_break_the_test(tester):
    class Odd:
        def __str__(self):
            raise RuntimeError("no text")

        __repr__ = __str__

    result = tester.test_hypothesis("h", [TestCondition("c", Odd, None, "not_null")])

    assert result.verdict is Verdict.SUPPORTED
    assert "without text" in result.conditions[0].actual


def test_the_result_reads_like_a_mapping_and_is_json(tester):
    result = tester.test_hypothesis("h", [TestCondition("c", lambda: 1, 1), TestCondition("d", lambda: 1, 2)])

    document = json.loads(result.to_json())
    assert result["overall_result"] == document["overall_result"] == "REJECTED"
    assert (result["conditions_passed"], document["conditions_failed"]) == (1, 1)
    assert document["conditions"][0]["result"] == "PASSED"


def test_it_reports_to_a_standard_logger(caplog):
    with caplog.at_level(logging.INFO):
        HypothesisTester(logging.getLogger("app")).test_hypothesis("h", [TestCondition("c", lambda: 1, 1)])

    assert "hypothesis=h verdict=supported" in caplog.text


def test_it_reports_fields_to_a_structured_logger():
    class Logger:
        def __init__(self):
            self.events = []

        def info(self, event, **fields):
            self.events.append((event, fields))

    logger = Logger()

    HypothesisTester(logger).test_hypothesis("h", [TestCondition("c", lambda: 1, 1)])

    assert logger.events[0][0] == "hypothesis_tested"
    assert logger.events[0][1]["verdict"] == "supported"
