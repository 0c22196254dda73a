"""What holds for the triage of any text, and the severity and shape of its answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.core_diagnostics.classification import (
    classify,
    classify_problem_priority,
    classify_problem_type,
    triage_lines,
)
from diagnostics.model.problem import Category, Problem, ProblemPriority, Severity


@given(
    description=st.text(),
    error=st.text(),
    context=st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=3),
)
@settings(max_examples=150, deadline=None)
def test_any_text_gets_an_answer(description, error, context):
    triage = classify(Problem(description=description, error_message=error, context=context))

    assert 0.0 <= triage.confidence <= 1.0
    assert triage.reason
    assert len(triage.candidates) <= 5
    assert len({candidate.mechanism for candidate in triage.candidates}) == len(triage.candidates)


@pytest.mark.parametrize(
    "piece", ["a", " ", "\n", "(", "error ", "timeout: ", "'", "0", "\u044f", "no route to ", "a b", "Key (", "100 % "]
)
@pytest.mark.timeout(60)  # a pattern that backtracks would need hours; a busy machine needs seconds
def test_a_megabyte_of_anything_is_answered_in_time(piece):
    text = piece * (1_000_000 // len(piece))

    classify(Problem(description=text, error_message=text))


def test_an_empty_report_is_undecided_and_says_what_to_ask():
    triage = classify(Problem())

    assert triage.category is Category.UNKNOWN
    assert triage.severity is Severity.MEDIUM
    assert "ask" in triage.reason


def test_the_reason_quotes_the_report():
    triage = classify(Problem(error_message="sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called"))

    assert "MissingGreenlet" in triage.reason
    assert triage.candidates[0].mechanism == "async-lazy-load-missing-greenlet"
    assert triage.candidates[0].because


@pytest.mark.parametrize(
    ("description", "error", "least", "most"),
    [
        (
            "Whole site is down, nobody can check out.",
            "connection to server failed: Connection refused",
            "critical",
            "critical",
        ),
        ("Every request fails.", 'column "vat" does not exist', "critical", "critical"),
        ("One user cannot save his profile.", "value too long for type character varying(40)", "low", "medium"),
        ("12 % of users get errors at checkout.", "deadlock detected", "high", "critical"),
        ("0.3 % of requests fail.", "deadlock detected", "low", "medium"),
        ("У одного клиента не сохраняется карточка.", "value too long for type character varying(40)", "low", "medium"),
        ("Сайт лежит, никто не может войти.", "FATAL: the database system is in recovery mode", "critical", "critical"),
    ],
)
def test_severity_follows_how_many_are_hit(description, error, least, most):
    order = ["low", "medium", "high", "critical"]

    severity = classify(Problem(description=description, error_message=error)).severity

    assert order.index(least) <= order.index(severity) <= order.index(most)


def test_the_error_of_the_victim_does_not_decide_against_the_culprit():
    error = "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out"

    alone = classify(Problem(error_message=error))
    told = classify(
        Problem(description="The dump of the backup fills the disk of our host, df shows 100 %.", error_message=error)
    )

    assert alone.category is Category.DB_CONNECTION
    assert told.category is Category.HOST_ENVIRONMENT


def test_old_names_still_answer():
    assert classify_problem_priority('FATAL: password authentication failed for user "app"') in set(ProblemPriority)
    assert classify_problem_priority("disk full", {"free_percent": 0, "users": None, 3: ["a"]}) in set(ProblemPriority)
    assert classify_problem_type("deadlock detected") == "db_locks"
    assert (
        classify_problem_type(
            "boom", "Traceback ...\nredis.exceptions.ConnectionError: Error 111 connecting to cache:6379."
        )
        == "cache_queue"
    )
    assert classify_problem_priority("") == "P2_MEDIUM"


def test_every_line_gets_an_answer():
    lines = [
        json.dumps({"id": "a", "problem_description": "", "error_message": "deadlock detected", "context": "two jobs"}),
        "",
        "{not json",
        "[1, 2]",
        json.dumps({"error_message": None, "context": {"deploy": True}}),
        json.dumps({"id": 7, "error_message": 12, "context": ["x", 1]}),
        "[" * 100_000,
        "\ufeff{}",
    ]

    answers = list(triage_lines(lines))

    assert len(answers) == 7
    assert answers[0]["id"] == "a"
    assert answers[0]["category"] == "db_locks"
    assert answers[0]["root_cause_candidates"][0] == "deadlock-app-lock-order"
    assert set(answers[0]) == {
        "id",
        "category",
        "severity",
        "priority",
        "root_cause_candidates",
        "reason",
        "confidence",
    }
    assert [answer["line"] for answer in answers if "error" in answer] == [3, 4, 7]
    assert all("JSON" in answer["hint"] for answer in answers if "error" in answer)
    assert answers[3]["category"] == "unknown_needs_evidence"
    json.dumps(answers)
