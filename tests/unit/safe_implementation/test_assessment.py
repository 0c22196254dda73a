"""Risk grows with what is touched, and every point has a reason."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.model.change import RiskLevel, RollbackDifficulty
from diagnostics.safe_implementation import SafeImplementationManager
from diagnostics.safe_implementation.assessment import Facts, assess, facts_of
from diagnostics.safe_implementation.sql_risk import SqlEffect, classify, statements, tables_of

BY_EFFECT = {
    SqlEffect.NONE: "SELECT 1",
    SqlEffect.CATALOGUE: "ALTER TABLE t ADD COLUMN x int",
    SqlEffect.SCAN: "ALTER TABLE t ALTER COLUMN x SET NOT NULL",
    SqlEffect.REWRITE: "CREATE INDEX i ON t (x)",
    SqlEffect.DESTROY: "DROP TABLE t",
}


def sqls(effect: SqlEffect) -> tuple[Any, ...]:
    return tuple(classify(BY_EFFECT[effect]))


FACTS = st.builds(
    Facts,
    solution_description=st.just("x"),
    files=st.lists(st.sampled_from(["a.py", "b/c.py", "d/e.py", "auth/f.py", "app.ini", "g.py"]), unique=True).map(
        tuple
    ),
    service_restart_required=st.booleans(),
    external_dependencies=st.lists(st.sampled_from("xyz"), unique=True).map(tuple),
    sql=st.sampled_from(list(SqlEffect)).map(sqls),
    lines_changed=st.integers(0, 1000),
    past_fix_share=st.floats(0, 1),
    days_since_last_change=st.floats(0, 100),
    is_fix=st.booleans(),
    environment=st.booleans(),
    importing_modules=st.integers(0, 50),
    largest_table_rows=st.integers(0, 10**8),
    lock_timeout=st.booleans(),
    single_instance=st.booleans(),
    verification_function_given=st.booleans(),
    tests=st.booleans(),
    irreversible=st.booleans(),
)


@settings(max_examples=75)  # fourteen pairs each: more than a thousand
@given(FACTS, st.data())
def test_touching_more_never_lowers_the_risk(facts: Facts, data: st.DataObject) -> None:
    worse = [
        replace(facts, files=(*facts.files, "z/new.py")),
        replace(facts, lines_changed=(facts.lines_changed or 0) + data.draw(st.integers(0, 500))),
        replace(facts, service_restart_required=True),
        replace(facts, irreversible=True),
        replace(facts, environment=True),
        replace(facts, tests=False),
        replace(facts, verification_function_given=False),
        replace(facts, lock_timeout=False),
        replace(facts, largest_table_rows=(facts.largest_table_rows or 0) * 10),
        replace(facts, external_dependencies=(*facts.external_dependencies, "w")),
        replace(facts, sql=sqls(SqlEffect.DESTROY)),
        replace(facts, importing_modules=(facts.importing_modules or 0) + 10),
        replace(facts, is_fix=True),
        replace(facts, days_since_last_change=0.0),
    ]
    before = assess(facts)
    for other in worse:
        after = assess(other)
        assert after.complexity_score >= before.complexity_score
        assert after.risk_level >= before.risk_level
        assert after.approval_required >= before.approval_required
        assert after.rollback_difficulty.rank >= before.rollback_difficulty.rank or other.sql != facts.sql


@given(FACTS)
def test_every_point_has_a_reason_and_the_score_is_theirs(facts: Facts) -> None:
    found = assess(facts)
    assert found.complexity_score == min(100, 6 * sum(reason.points for reason in found.reasons))
    assert all(reason.points > 0 and reason.input for reason in found.reasons)
    low, expected, high = found.estimated_time_seconds
    assert 0 < low < expected < high
    assert found.assessment_confidence == 1.0


def test_the_specifications_snippet_on_the_class_and_on_an_instance(tmp_path: Any) -> None:
    arguments: dict[str, Any] = {
        "solution_description": "Optimize database queries",
        "files_to_modify": ["src/database.py", "src/services/meeting_service.py"],
        "database_changes": True,
        "service_restart_required": False,
    }
    found = SafeImplementationManager.assess_solution_impact(**arguments)
    assert found == SafeImplementationManager(backup_dir=tmp_path / "s").assess_solution_impact(**arguments)
    assert found["risk_level"] is RiskLevel.HIGH
    assert found["complexity_score"] == 42
    assert found.approval_required
    assert found.assessment_confidence < 0.5
    assert set(found) >= {"complexity_score", "risk_level", "estimated_time", "rollback_difficulty"}


#: From harmless to frightening, as an operator would order them; what is not named is known to be harmless.
ORDERED: list[tuple[str, dict[str, Any]]] = [
    ("a comment in one file", {"files_to_modify": ["a.py"], "lines_changed": 1}),
    ("three lines of one file", {"files_to_modify": ["a.py"], "lines_changed": 3}),
    ("a look into the database", {"sql": "SELECT count(*) FROM t"}),
    ("fifteen lines of one file", {"files_to_modify": ["a.py"], "lines_changed": 15}),
    ("two files, a few lines", {"files_to_modify": ["a.py", "b.py"], "lines_changed": 8}),
    ("a small restart", {"service_restart_required": True, "single_instance": False}),
    ("a module that five import", {"files_to_modify": ["a.py"], "lines_changed": 3, "importing_modules": 6}),
    ("a fix of what was changed yesterday", {"files_to_modify": ["a.py"], "lines_changed": 3, "days_since_last_change": 1.0, "is_fix": True}),
    ("a restart of the only instance", {"service_restart_required": True, "single_instance": True}),
    ("sixty lines", {"files_to_modify": ["a.py"], "lines_changed": 60}),
    ("one value of the configuration", {"files_to_modify": ["app.ini"], "lines_changed": 1}),
    ("a nullable column", {"sql": "ALTER TABLE t ADD COLUMN x int", "lock_timeout": True}),
    ("an index, concurrently", {"sql": "CREATE INDEX CONCURRENTLY i ON t (x)", "lock_timeout": True}),
    ("a column without lock timeout", {"sql": "ALTER TABLE t ADD COLUMN x int", "lock_timeout": False}),
    ("configuration and restart", {"files_to_modify": ["app.ini"], "lines_changed": 1, "service_restart_required": True, "single_instance": False}),
    ("NOT NULL on a small table", {"sql": "ALTER TABLE t ALTER COLUMN x SET NOT NULL", "lock_timeout": True, "largest_table_rows": 100}),
    ("a foreign key on a small table", {"sql": "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES u (id)", "lock_timeout": True, "largest_table_rows": 100}),
    ("configuration and restart of the only instance", {"files_to_modify": ["app.ini"], "lines_changed": 1, "service_restart_required": True, "single_instance": True}),
    ("NOT NULL on two million rows", {"sql": "ALTER TABLE t ALTER COLUMN x SET NOT NULL", "lock_timeout": True, "largest_table_rows": 2_000_000}),
    ("a blocking index on a small table", {"sql": "CREATE INDEX i ON t (x)", "lock_timeout": True, "largest_table_rows": 100}),
    ("a bulk update of a small table", {"sql": "UPDATE t SET x = 1", "lock_timeout": True, "largest_table_rows": 100}),
    ("a hundred lines over four files", {"files_to_modify": ["a.py", "b.py", "c.py", "d.py"], "lines_changed": 100}),
    ("three hundred lines in two files", {"files_to_modify": ["a.py", "b.py"], "lines_changed": 300}),
    ("a blocking index on two million rows", {"sql": "CREATE INDEX i ON t (x)", "lock_timeout": True, "largest_table_rows": 2_000_000}),
    ("a bulk update of two million rows", {"sql": "UPDATE t SET x = 1", "lock_timeout": True, "largest_table_rows": 2_000_000}),
    ("login code without tests that twenty import", {"files_to_modify": ["auth/login.py"], "lines_changed": 20, "importing_modules": 25, "tests": False}),
    ("an index on twenty million rows", {"sql": "CREATE INDEX i ON t (x)", "lock_timeout": True, "largest_table_rows": 20_000_000}),
    ("a changed type of two million rows, no lock timeout", {"sql": "ALTER TABLE t ALTER COLUMN x TYPE bigint", "lock_timeout": False, "largest_table_rows": 2_000_000}),
    ("rows of a small table deleted", {"sql": "DELETE FROM t WHERE x = 1", "lock_timeout": True, "largest_table_rows": 100}),
    ("a small table dropped", {"sql": "DROP TABLE t", "lock_timeout": True, "largest_table_rows": 100}),
    ("a changed type of twenty million rows, no lock timeout", {"sql": "ALTER TABLE t ALTER COLUMN x TYPE bigint", "lock_timeout": False, "largest_table_rows": 20_000_000}),
    ("a column dropped from two million rows", {"sql": "ALTER TABLE t DROP COLUMN x", "lock_timeout": True, "largest_table_rows": 2_000_000}),
    ("a table of twenty million rows emptied", {"sql": "TRUNCATE t", "lock_timeout": True, "largest_table_rows": 20_000_000}),
    ("twelve files and a restart of the only instance", {"files_to_modify": [f"{n}.py" for n in range(12)], "lines_changed": 600, "service_restart_required": True, "single_instance": True}),
    ("the same, nobody verifies", {"sql": "TRUNCATE t", "lock_timeout": True, "largest_table_rows": 20_000_000, "verification_function_given": False}),
    ("a drop, no lock timeout, nobody verifies", {"sql": "DROP TABLE t", "lock_timeout": False, "largest_table_rows": 20_000_000, "verification_function_given": False}),
    ("the same and a restart of the only instance", {"sql": "DROP TABLE t", "lock_timeout": False, "largest_table_rows": 20_000_000, "verification_function_given": False, "service_restart_required": True, "single_instance": True}),
    ("mails sent to all, and code changed", {"irreversible": True, "files_to_modify": ["a.py", "b.py"], "lines_changed": 300, "verification_function_given": False, "external_dependencies": ["mail", "sms", "push"], "tests": False}),
    ("a table dropped and mails sent", {"irreversible": True, "sql": "DROP TABLE t", "lock_timeout": False, "largest_table_rows": 2_000_000, "verification_function_given": False}),
    ("everything at once", {"irreversible": True, "sql": "DROP TABLE t", "lock_timeout": False, "largest_table_rows": 20_000_000, "verification_function_given": False, "service_restart_required": True, "single_instance": True, "files_to_modify": [f"auth/{n}.py" for n in range(12)], "lines_changed": 600}),
]  # fmt: skip


def test_forty_scenarios_are_in_the_order_that_an_operator_would_give_them() -> None:
    known = {"verification_function_given": True, "tests": True, "past_fix_share": 0.0, "importing_modules": 0}
    found = [(name, assess(facts_of(name, **{**known, **inputs}))) for name, inputs in ORDERED]

    assert len(found) == 40
    inversions = [
        f"{one} ({a.risk_level}, {a.complexity_score}) before {other} ({b.risk_level}, {b.complexity_score})"
        for (one, a), (other, b) in itertools.pairwise(found)
        if (a.risk_level.rank, a.complexity_score) > (b.risk_level.rank, b.complexity_score)
    ]
    assert inversions == []
    assert {assessment.risk_level for _, assessment in found} == set(RiskLevel)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("ALTER TABLE IF EXISTS ONLY Meetings ADD x int", ["meetings"]),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON public.meetings USING btree (x)", ["public.meetings"]),
        ('UPDATE "Odd Name" SET x = 1', ['"Odd_Name"']),
        ("DELETE FROM a WHERE id IN (SELECT 1)", ["a"]),
        ("DROP TABLE a, b.c CASCADE", ["a", "b.c"]),
        ("TRUNCATE a, b", ["a", "b"]),
        ("INSERT INTO a SELECT * FROM b", ["a"]),
        ("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (id)", ["a", "b"]),
        ("SELECT 'UPDATE a' FROM b", []),
    ],
)
def test_the_tables_of_a_statement_are_those_that_it_changes_or_locks(sql: str, tables: list[str]) -> None:
    assert tables_of(statements(sql)[0]) == tables


def test_what_cannot_be_undone_is_at_least_high_whatever_else() -> None:
    found = assess(facts_of("x", irreversible=True, verification_function_given=True))
    assert found.risk_level >= RiskLevel.HIGH
    assert found.rollback_difficulty is RollbackDifficulty.IRREVERSIBLE
    assert assess(facts_of("x", sql="TRUNCATE t", verification_function_given=True)).risk_level >= RiskLevel.HIGH


@pytest.mark.parametrize(
    ("sql", "effect"),
    [
        ("select * from t -- drop table t", SqlEffect.NONE),
        ("SELECT 'DROP TABLE t'", SqlEffect.NONE),
        ("/* DROP */ ALTER TABLE t ADD COLUMN note text DEFAULT 'x'", SqlEffect.CATALOGUE),
        ("ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid()", SqlEffect.REWRITE),
        ("ALTER TABLE t ALTER COLUMN x TYPE bigint", SqlEffect.REWRITE),
        ("ALTER TABLE t DROP COLUMN x", SqlEffect.DESTROY),
        ("ALTER TABLE t DROP CONSTRAINT c", SqlEffect.CATALOGUE),
        ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES u (id)", SqlEffect.SCAN),
        ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES u (id) NOT VALID", SqlEffect.CATALOGUE),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (x)", SqlEffect.REWRITE),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)", SqlEffect.CATALOGUE),
        ("CREATE INDEX i ON t (x)", SqlEffect.REWRITE),
        ("UPDATE t SET x = 1", SqlEffect.REWRITE),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", SqlEffect.DESTROY),
        ("VACUUM FULL t", SqlEffect.REWRITE),
        ("FLUMMOX t", SqlEffect.REWRITE),
        ("DO $$ BEGIN DROP TABLE t; END $$", SqlEffect.REWRITE),
    ],
)
def test_a_statement_does_what_postgresql_says_it_does(sql: str, effect: SqlEffect) -> None:
    assert [item.effect for item in classify(sql)] == [effect]


def test_a_semicolon_in_a_literal_ends_no_statement() -> None:
    assert statements("INSERT INTO t VALUES ('a;b'); SELECT $x$ ; $x$;") == ["INSERT INTO T VALUES ('')", "SELECT ''"]


def test_an_unknown_input_is_a_typing_error_and_not_ignored() -> None:
    with pytest.raises(TypeError):
        SafeImplementationManager.assess_solution_impact("x", moon_phase="full")
