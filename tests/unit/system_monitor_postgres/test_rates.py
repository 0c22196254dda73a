from datetime import UTC, datetime

import pytest

from diagnostics.model.observation import Observations
from diagnostics.system_monitor.postgres import statements, tables
from diagnostics.system_monitor.postgres.database import checkpoint_observations, database_observations

AT = datetime(2026, 1, 1, tzinfo=UTC)


def statement(queryid, calls, milliseconds, **more):
    return {
        "queryid": queryid,
        "calls": calls,
        "milliseconds": milliseconds,
        "rows": 0,
        "read": 0,
        "hit": 0,
        "temp": 0,
    } | more


def table(oid, name="t", **more):
    row = {
        "oid": oid,
        "schemaname": "public",
        "relname": name,
        "seq_scan": 0,
        "seq_tup_read": 0,
        "idx_scan": 0,
        "writes": 0,
    }
    return row | {"n_live_tup": 0, "n_dead_tup": 0, "since_vacuum": None, "since_analyze": None} | more


def index(oid, keys, name, **more):
    row = {
        "table_oid": 1,
        "oid": oid,
        "schema": "public",
        "table": "t",
        "index": name,
        "keys": keys,
        "classes": " ".join("1" * len(keys.split())),
    }
    row |= {
        "options": " ".join("0" * len(keys.split())),
        "collations": " ".join("0" * len(keys.split())),
        "key_count": len(keys.split()),
    }
    return (
        row
        | {
            "is_unique": False,
            "is_primary": False,
            "is_valid": True,
            "is_special": False,
            "method": "btree",
            "has_constraint": False,
        }
        | more
    )


def test_what_ran_in_the_window_is_the_difference():
    before, after = [statement(1, 10, 100.0)], [statement(1, 30, 500.0, rows=40), statement(2, 4, 8.0)]

    first, second = statements.differences(before, after)

    assert (first.queryid, first.calls, first.seconds, first.rows) == (1, 20, 0.4, 40)
    assert (second.queryid, second.calls) == (2, 4)


def test_a_counter_that_was_reset_does_not_turn_negative():
    (delta,) = statements.differences([statement(1, 1000, 9999.0)], [statement(1, 5, 10.0)])

    assert (delta.calls, delta.seconds) == (5, 0.01)


def test_statements_are_read_per_second_and_per_call():
    deltas = statements.differences([], [statement(1, 20, 400.0, rows=60, hit=100, temp=4)])

    got = Observations(statements.observations(deltas, {1: "select $1"}, 2.0, AT))

    assert got.value("postgres.statement.time", query="select $1", queryid="1") == 0.2
    assert got.value("postgres.statement.calls") == 10
    assert got.value("postgres.statement.mean") == 0.02
    assert got.value("postgres.statement.rows_per_call") == 3
    assert got.value("postgres.statement.blocks_hit_per_call") == 5


def test_only_tables_with_activity_have_rates():
    before = [table(1, "busy", seq_scan=5, seq_tup_read=100), table(2, "calm", seq_scan=7)]
    after = [
        table(1, "busy", seq_scan=9, seq_tup_read=900),
        table(2, "calm", seq_scan=7),
        table(3, "new", seq_scan=1),
    ]

    got = Observations(tables.rates(before, after, 2.0, AT))

    assert got.value("postgres.table.seq_scan_rate", table="busy") == 2
    assert got.value("postgres.table.seq_row_rate", table="busy") == 400
    assert {r.labels["table"] for r in got if hasattr(r, "value")} == {"busy"}


def test_at_most_thirty_tables_are_described_the_biggest_and_the_busiest():
    rows = [table(i, f"t{i}", seq_tup_read=i if i < 500 else 0) for i in range(1000)]
    pages = {i: {"bytes": float(i), "tuples": 0.0, "autovacuum": True} for i in range(1000)}

    names = {row["relname"] for row in tables.chosen(rows, pages)}

    assert len(names) == 30
    assert {"t999", "t499"} <= names


def test_lost_statistics_are_replaced_by_the_catalogue():
    got = Observations(tables.totals([table(1)], {1: {"bytes": 8192.0, "tuples": 500.0, "autovacuum": False}}, AT))

    assert got.value("postgres.table.live_rows", table="t") == 500
    assert got.value("postgres.table.autovacuum_enabled", table="t") == 0
    assert not got.readings("postgres.table.since_analyze")


def test_an_index_whose_keys_begin_another_is_redundant():
    rows = [index(10, "2", "t_a"), index(11, "2 3", "t_a_b"), index(12, "3", "t_b")]

    assert [(a["index"], b["index"]) for a, b in tables.redundant(rows)] == [("t_a", "t_a_b")]


def test_of_twins_only_the_younger_is_redundant():
    assert [(a["index"], b["index"]) for a, b in tables.redundant([index(10, "2", "old"), index(11, "2", "new")])] == [
        ("new", "old")
    ]


@pytest.mark.parametrize(
    "special",
    [
        {"is_unique": True},
        {"is_special": True},
        {"has_constraint": True},
        {"is_valid": False},
        {"options": "3"},
        {"classes": "9"},
        {"method": "gin"},
    ],
)
def test_an_index_that_can_do_more_is_not_redundant(special):
    assert tables.redundant([index(10, "2", "t_a", **special), index(11, "2 3", "t_a_b")]) == []


def test_our_own_commits_do_not_count():
    before = {
        "xact_commit": 100,
        "xact_rollback": 0,
        "deadlocks": 1,
        "temp_bytes": 0,
        "blks_read": 0,
        "blks_hit": 0,
        "stats_age": 9.0,
    }
    after = before | {
        "xact_commit": 160,
        "deadlocks": 2,
        "blks_read": 100,
        "blks_hit": 300,
        "xact_rollback": 4,
    }

    got = Observations(database_observations(before, after, 2.0, AT, own_commits=40))

    assert got.value("postgres.database.commit_rate") == 10
    assert got.value("postgres.database.rollback_rate") == 2
    assert got.value("postgres.database.deadlocks") == 2
    assert got.value("postgres.database.cache_hit_ratio") == 0.75


def test_without_block_traffic_there_is_no_hit_ratio():
    row = {
        "xact_commit": 1,
        "xact_rollback": 0,
        "deadlocks": 0,
        "temp_bytes": 0,
        "blks_read": 0,
        "blks_hit": 5,
        "stats_age": None,
    }

    got = Observations(database_observations(row, row, 2.0, AT))

    assert not got.readings("postgres.database.cache_hit_ratio")
    assert not got.readings("postgres.database.stats_age")


def test_checkpoints_are_read_per_second():
    got = Observations(
        checkpoint_observations({"timed": 1.0, "requested": 5.0}, {"timed": 1.0, "requested": 9.0}, 2.0, AT)
    )

    assert got.value("postgres.checkpoints.requested_rate") == 2
    assert got.value("postgres.checkpoints.requested") == 9
