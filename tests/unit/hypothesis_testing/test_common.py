"""Ready-made hypotheses: their names, their groups, and those that need nothing outside this process."""

import pytest
from sqlalchemy import create_engine

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import CommonHypotheses, HypothesisTester, Verdict, resources


def verdict_of(conditions):
    return HypothesisTester().test_hypothesis("h", conditions)


def test_the_names_that_users_know_resolve():
    engine = create_engine("sqlite://")

    for name in ("database_connectivity_issues", "resource_exhaustion", "external_service_failure"):
        conditions = CommonHypotheses.named(name, db_engine=engine, service_url="http://127.0.0.1:9/")
        assert len(conditions) >= 3
        assert {c.any_of for c in conditions} == {name}


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigurationError, match="resource_exhaustion"):
        CommonHypotheses.named("gremlins")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("database_connectivity_issues", "db_engine"), ("external_service_failure", "service_url")],
)
def test_what_a_hypothesis_needs_is_asked_for(name, missing):
    with pytest.raises(ConfigurationError, match=missing):
        CommonHypotheses.named(name)


def test_what_is_no_url_is_refused_at_once():
    with pytest.raises(ConfigurationError):
        CommonHypotheses.create_external_service_hypothesis("ftp://example.org/")


def test_input_that_is_rejected_supports_that_input_is_the_problem():
    def validate(data):
        if "email" not in data:
            raise ValueError("email is missing")
        return True

    bad = verdict_of(CommonHypotheses.create_input_validation_hypothesis({"name": "Ann"}, validate))
    good = verdict_of(CommonHypotheses.create_input_validation_hypothesis({"email": "a"}, validate))

    assert bad.verdict is Verdict.SUPPORTED
    assert "email is missing" in bad.conclusion
    assert good.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("data", "validate", "verdict"),
    [
        (None, lambda data: True, Verdict.SUPPORTED),
        ([], lambda data: None, Verdict.SUPPORTED),
        ([1], lambda data: None, Verdict.REFUTED),
        ([1], lambda data: False, Verdict.SUPPORTED),
        (0, lambda data: True, Verdict.REFUTED),
    ],
)
def test_missing_input_and_false_answers_count_as_invalid(data, validate, verdict):
    assert verdict_of(CommonHypotheses.create_input_validation_hypothesis(data, validate)).verdict is verdict


def test_a_validator_that_is_broken_itself_says_nothing_about_the_input():
    def broken(data):
        raise KeyError("settings")

    result = verdict_of(CommonHypotheses.create_input_validation_hypothesis({"a": 1}, broken))

    assert result.verdict is Verdict.INCONCLUSIVE


def test_a_busy_cpu_counts_only_when_tasks_wait():
    assert bool(resources.Exhaustion(False, "99 % used, tasks waited 1 % of the time")) is False
    assert str(resources.Exhaustion(True, "full")) == "full"


def test_an_in_memory_database_is_reachable():
    result = verdict_of(CommonHypotheses.create_database_connectivity_hypothesis(create_engine("sqlite://")))

    assert result.verdict is Verdict.REFUTED
    assert all(c.passed is False for c in result.conditions)
