"""One prediction, compared with what is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import TestCondition
from diagnostics.hypothesis_testing.conditions import COMPARISONS, RAISES


@pytest.mark.parametrize(
    ("comparison", "expected", "observed", "not_observed"),
    [
        ("equals", 3, 3, 4),
        ("not_equals", 3, 4, 3),
        ("greater_than", 3, 3.01, 3),
        ("less_than", 3, 2.99, 3),
        ("greater_or_equal", 3, 3, 2.99),
        ("less_or_equal", 3, 3, 3.01),
        ("between", (1, 5), 1, 5.1),
        ("contains", "lock", "a lock wait", "idle"),
        ("contains", 3, [1, 3], [1, 2]),
        ("not_null", None, 0, None),
        ("is_true", None, [1], []),
        ("matches", r"^rejected: \w+", "rejected: x", "accepted"),
    ],
)
def test_each_comparison_tells_what_was_predicted_from_what_was_not(comparison, expected, observed, not_observed):
    condition = TestCondition("c", lambda: None, expected, comparison)

    assert condition.compare(observed) is True
    assert condition.compare(not_observed) is False


def test_an_unknown_comparison_lists_the_valid_ones():
    with pytest.raises(ConfigurationError, match="roughly") as caught:
        TestCondition("c", lambda: 1, 1, "roughly")

    assert all(name in str(caught.value) for name in [*COMPARISONS, RAISES])


@pytest.mark.parametrize(
    "arguments",
    [
        {"comparison_type": "between", "expected_result": 5},
        {"comparison_type": "matches", "expected_result": "("},
        {"comparison_type": "matches", "expected_result": None},
        {"comparison_type": "raises", "expected_result": 5},
        {"comparison_type": "raises", "expected_result": ()},
        {"timeout_seconds": 0},
        {"timeout_seconds": -1.0},
        {"timeout_seconds": float("nan")},
        {"if_false": 0.0},
        {"test_function": "not a function"},
    ],
)
def test_a_condition_that_cannot_be_tested_is_refused_when_it_is_made(arguments):
    with pytest.raises(ConfigurationError, match="Condition 'c'"):
        TestCondition(**{"name": "c", "test_function": lambda: 1, **arguments})


@pytest.mark.parametrize(
    ("expected", "predicted", "other"),
    [
        (ValueError, UnicodeError("u"), KeyError("k")),
        ((OSError, ValueError), TimeoutError("t"), KeyError("k")),
        ("Refused", ConnectionError("connection refused"), ConnectionError("reset")),
    ],
)
def test_only_the_predicted_exception_was_predicted(expected, predicted, other):
    condition = TestCondition("c", lambda: 1, expected, "raises")

    assert condition.predicts(predicted)
    assert not condition.predicts(other)
    assert TestCondition("c", lambda: 1, None, "raises").predicts(other)
    assert not TestCondition("c", lambda: 1, 1, "equals").predicts(other)


def test_positional_arguments_keep_the_order_that_users_know():
    condition = TestCondition("name", len, 3, "less_than", 7.5)

    assert (condition.name, condition.expected_result) == ("name", 3)
    assert (condition.comparison_type, condition.timeout_seconds) == ("less_than", 7.5)


def test_pytest_does_not_take_it_for_a_test_class():
    assert TestCondition.__test__ is False


@given(st.integers(), st.integers())
def test_opposite_comparisons_never_agree(actual, expected):
    def seen(comparison):
        return TestCondition("c", lambda: 1, expected, comparison).compare(actual)

    assert seen("equals") != seen("not_equals")
    assert seen("greater_than") != seen("less_or_equal")
    assert seen("less_than") != seen("greater_or_equal")
