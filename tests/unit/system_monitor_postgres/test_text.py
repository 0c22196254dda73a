import pytest

from diagnostics.system_monitor.postgres.text import is_ddl, redact_sql, relation_of


def test_values_do_not_leave_the_query():
    query = "UPDATE users SET email = 'ann@example.com', card=4111111111111111 WHERE name = 'O''Neil' AND id = 7"

    assert redact_sql(query) == "UPDATE users SET email = ?, card=? WHERE name = ? AND id = 7"


def test_a_string_that_was_cut_off_is_hidden_too():
    assert redact_sql("select * from t where token = 'abcdef") == "select * from t where token = ?"


def test_dollar_quotes_are_strings():
    assert redact_sql("select $x$ secret $x$, $1") == "select ?, $1"


def test_a_long_query_is_one_short_line():
    text = redact_sql("select\n  1,\n" + "x, " * 500)

    assert len(text) == 300
    assert "\n" not in text


@pytest.mark.parametrize(
    "query",
    [
        "ALTER TABLE t ADD COLUMN x int",
        "create unique index on t(x)",
        "-- why\nDROP TABLE t",
        "/* m */ truncate t",
        "VACUUM (FULL) t",
        "vacuum full t",
        "LOCK TABLE t",
        "REINDEX TABLE t",
        "CLUSTER t",
    ],
)
def test_ddl_is_recognised(query):
    assert is_ddl(query)


@pytest.mark.parametrize(
    "query", ["select 1", "update t set lock = 1", "vacuum t", "", None, "insert into alter_log values (1)"]
)
def test_other_statements_are_no_ddl(query):
    assert not is_ddl(query)


@pytest.mark.parametrize(
    ("query", "table"),
    [
        ("UPDATE public.orders SET x = 1", "orders"),
        ('delete from only "Orders" where id = 1', "Orders"),
        ("insert into shop.items(a) values (1)", "shop.items"),
        ("select a, b from t where x = 1 for update", "t"),
        ("commit", ""),
        (None, ""),
    ],
)
def test_the_table_of_a_simple_statement_is_found(query, table):
    assert relation_of(query) == table
