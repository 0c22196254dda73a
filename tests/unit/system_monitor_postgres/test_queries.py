from importlib import resources

import pytest

from diagnostics.system_monitor.postgres.queries import choose, load, stems


def test_the_newest_file_that_the_server_knows_is_taken():
    files = ["locks", "locks_140000", "locks_170000"]

    assert choose("locks", 130012, files) == "locks"
    assert choose("locks", 150018, files) == "locks_140000"
    assert choose("locks", 180001, files) == "locks_170000"


def test_a_query_that_does_not_exist_is_said():
    with pytest.raises(LookupError):
        choose("nothing", 150000, ["locks"])


def test_the_lock_table_has_no_wait_start_before_14():
    assert "waitstart" not in load("locks", 130000)
    assert "waitstart" in load("locks", 140000)


def test_the_checkpointer_has_a_view_of_its_own_since_17():
    assert "pg_stat_bgwriter" in load("checkpoints", 160004)
    assert "pg_stat_checkpointer" in load("checkpoints", 170000)


@pytest.mark.parametrize("stem", stems())
def test_every_file_says_since_when_which_right_and_what_it_costs(stem):
    folder = resources.files("diagnostics.system_monitor.postgres") / "sql"
    header = (folder / f"{stem}.sql").read_text("utf-8").splitlines()[0]

    assert header.startswith("-- since: ")
    assert "cost:" in header
    assert "needs:" in header


@pytest.mark.parametrize("stem", stems())
def test_every_query_only_reads(stem):
    folder = resources.files("diagnostics.system_monitor.postgres") / "sql"
    words = set((folder / f"{stem}.sql").read_text("utf-8").split("\n", 1)[1].upper().split())

    assert not words & {"INSERT", "UPDATE", "DELETE", "ALTER", "DROP", "LOCK", "SET", "VACUUM", "ANALYZE"}
