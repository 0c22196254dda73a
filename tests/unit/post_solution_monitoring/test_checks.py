"""What the answer of a check means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.errors import ConfigurationError, ProbeError
from diagnostics.model.health import CheckResult, CheckState, HealthStatus
from diagnostics.post_solution_monitoring.checks import HealthCheck, ancestors, result_of
from diagnostics.runtime.deadline import DeadlineExceeded, Outcome

PASS, WARN, FAIL, UNKNOWN = CheckState


def meaning(value=None, error=None, timed_out=False):
    return result_of(Outcome(value=value, error=error, timed_out=timed_out, elapsed_seconds=0.5), 30)


class NoTruth:
    def __bool__(self):
        raise ValueError("ambiguous")


@pytest.mark.parametrize(
    ("value", "state", "detail"),
    [
        (True, PASS, ""),
        (False, FAIL, ""),
        ((True, "fine"), PASS, "fine"),
        ((False, "p95 4.8 s"), FAIL, "p95 4.8 s"),
        ((None, "no permission"), UNKNOWN, "no permission"),
        (CheckResult(state=WARN, detail="soon"), WARN, "soon"),
        (CheckState.WARN, WARN, ""),
        (HealthStatus.DOWN, FAIL, ""),
        (HealthStatus.DEGRADED, WARN, ""),
        (0, FAIL, ""),
        ("up", PASS, ""),
    ],
)
def test_an_answer_is_pass_warn_fail_or_unknown(value, state, detail):
    result = meaning(value)
    assert (result.state, result.detail, result.duration_seconds) == (state, detail, 0.5)


def test_no_answer_is_not_a_pass():
    assert meaning(None).state is UNKNOWN
    assert meaning(NoTruth()).state is UNKNOWN


@pytest.mark.parametrize(
    "error",
    [AssertionError("too slow"), ConnectionRefusedError("refused"), TimeoutError("own"), RuntimeError("x"), OSError()],
)
def test_raising_is_a_failure(error):
    assert meaning(error=error).state is FAIL


def test_a_failed_assertion_speaks_for_itself():
    assert meaning(error=AssertionError("p95 is 4 s")).detail == "p95 is 4 s"
    assert meaning(error=AssertionError()).detail == "AssertionError"


@pytest.mark.parametrize(
    "error",
    [TypeError("x"), AttributeError("x"), ImportError("x"), PermissionError("x"), ProbeError("x"), SystemExit(1)],
)
def test_a_broken_check_is_unknown_not_failed(error):
    result = meaning(error=error)
    assert result.state is UNKNOWN
    assert "the check itself is broken" in result.detail


def test_a_timeout_is_a_failure_and_says_the_limit():
    result = meaning(error=DeadlineExceeded("late", seconds=30), timed_out=True)
    assert (result.state, result.detail) == (FAIL, "no answer within 30 s")


def test_a_check_that_never_got_a_thread_says_nothing_about_the_service():
    error = DeadlineExceeded("late", seconds=30, started=False)
    assert meaning(error=error, timed_out=True).state is UNKNOWN


def test_secrets_in_the_detail_are_hidden_and_long_ones_are_cut():
    result = meaning(error=RuntimeError("postgresql://app:hunter2@db/x refused " + "y" * 1000))
    assert "hunter2" not in result.detail
    assert len(result.detail) <= 300


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"interval_seconds": 0},
        {"timeout_seconds": -1},
        {"check_function": 7},
        {"depends_on": ("api",)},
    ],
)
def test_a_check_that_makes_no_sense_is_refused(wrong):
    right = {"name": "api", "check_function": lambda: True, "interval_seconds": 1}
    with pytest.raises(ConfigurationError):
        HealthCheck(**(right | wrong))


def test_ancestors_come_nearest_first():
    parents = {"page": ("api", "cache"), "api": ("db",), "cache": ("host",), "db": ("host",)}
    assert ancestors("page", parents) == ("api", "cache", "db", "host")


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcde"), max_size=4), max_size=5))
def test_ancestors_end_even_in_a_cycle_and_never_hold_the_check_itself(parents):
    for name in parents:
        found = ancestors(name, parents)
        assert name not in found
        assert len(found) == len(set(found))
