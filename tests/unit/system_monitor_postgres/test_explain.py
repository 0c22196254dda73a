import pytest

from diagnostics.system_monitor.postgres.experiments import _is_single, candidate_columns, seq_scans


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ("(email = $1)", ["email"]),
        ("((o.email)::text = $1)", ["email"]),
        ("((o.created_at > $2) AND ((o.status)::text = $1))", ["status", "created_at"]),
        ("((a = 1) AND (b IS NULL) AND (c > 2) AND (d < 3))", ["a", "b", "c"]),
        ("((a = 1) OR (b = 2))", []),
        ("((name)::text ~~ '%x%'::text)", []),
        ("(lower(email) = $1)", []),
        ("(NOT active)", []),
        ("", []),
    ],
)
def test_columns_that_a_btree_could_serve(condition, columns):
    assert candidate_columns(condition) == columns


def test_sequential_scans_are_found_anywhere_in_the_plan():
    scan = {"Node Type": "Seq Scan", "Relation Name": "t"}
    plan = {
        "Node Type": "Sort",
        "Plans": [{"Node Type": "Hash Join", "Plans": [scan, {"Node Type": "Index Scan"}]}],
    }

    assert list(seq_scans(plan)) == [scan]


@pytest.mark.parametrize(
    "query",
    [
        "select 1; drop table t",
        "drop table t",
        "vacuum",
        "set x = 1",
        "select 1 …",
        "explain analyze delete from t",
    ],
)
def test_only_one_whole_plain_statement_is_explained(query):
    assert not _is_single(query)


def test_a_semicolon_in_a_string_is_no_second_statement():
    assert _is_single("select ';' from t;")
