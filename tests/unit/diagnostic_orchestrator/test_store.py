"""Sessions on disk: found again, never mixed up, never lost silently."""

import json
import multiprocessing
import os
import sqlite3
import stat
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.diagnostic_orchestrator.store import SCHEMA_VERSION, SessionStore, StoreError, default_path
from diagnostics.errors import ConfigurationError, SessionNotFoundError

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return SessionStore(tmp_path / "sessions.db")


def save(store, name, minutes=0, **document):
    store.save(name, document, status="unknown", at=NOW + timedelta(minutes=minutes))


def test_what_is_saved_is_loaded(store):
    document = {"session_info": {"problem_description": "Слишком  медленно\n"}, "phases": [1, {"a": None}], "x": 0.1}

    store.save("diag_1", document, status="root_cause_identified", at=NOW)

    assert store.load("diag_1") == document
    line = store.list()[0]
    assert (line.session_id, line.status, line.created_at, line.title) == (
        "diag_1",
        "root_cause_identified",
        NOW,
        "Слишком медленно",
    )


def test_saving_again_replaces_the_document_and_keeps_the_creation(store):
    save(store, "diag_1", phase=1)
    save(store, "diag_1", minutes=5, phase=2)

    assert store.load("diag_1") == {"phase": 2}
    line = store.list()[0]
    assert (line.created_at, line.updated_at) == (NOW, NOW + timedelta(minutes=5))
    assert len(store.list()) == 1


def test_last_is_the_one_saved_last_also_within_the_same_moment(store):
    save(store, "a", n=1)
    save(store, "b", n=2)
    assert store.load() == {"n": 2}

    save(store, "a", minutes=1, n=3)

    assert store.load("last") == {"n": 3}
    assert [line.session_id for line in store.list()] == ["a", "b"]
    assert len(store.list(limit=1)) == 1


def test_moments_of_other_time_zones_are_ordered_as_moments(store):
    from datetime import timezone

    save(store, "early", n=1)
    store.save("late", {"n": 2}, status="s", at=(NOW + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-9))))

    assert store.resolve("last") == "late"


def test_the_beginning_of_a_name_is_enough_when_it_is_unique(store):
    save(store, "diag_17_aa", n=1)
    save(store, "diag_18_bb", n=2)

    assert store.load("diag_17") == {"n": 1}
    with pytest.raises(SessionNotFoundError, match="fits 2 sessions: diag_18_bb, diag_17_aa"):
        store.load("diag_1")


def test_a_whole_name_wins_over_a_longer_one(store):
    save(store, "diag", n=1)
    save(store, "diag_2", n=2)

    assert store.load("diag") == {"n": 1}


def test_an_unknown_name_tells_the_closest(store):
    save(store, "diag_1764054330", n=1)
    save(store, "other", n=2)

    with pytest.raises(SessionNotFoundError, match="closest is 'diag_1764054330'"):
        store.load("diag_1764054303")


def test_an_empty_store_says_how_to_begin(store):
    assert store.list() == []
    assert not store.path.exists()
    with pytest.raises(SessionNotFoundError, match="diagnose run"):
        store.load()

    save(store, "a")
    store.delete("a")

    with pytest.raises(SessionNotFoundError, match="diagnose run"):
        store.load()


def test_deleting_forgets_one_session(store):
    save(store, "diag_1", n=1)
    save(store, "diag_2", n=2)

    assert store.delete("diag_1") == "diag_1"

    assert [line.session_id for line in store.list()] == ["diag_2"]
    with pytest.raises(SessionNotFoundError):
        store.delete("diag_1")


def test_wildcards_in_a_name_are_only_letters(store):
    save(store, "a%b", n=1)
    save(store, "axb", n=2)

    assert store.load("a%") == {"n": 1}
    with pytest.raises(SessionNotFoundError):
        store.load("%")


@pytest.mark.parametrize("name", ["", "last", " a", "a\n"])
def test_a_name_that_could_not_be_found_again_is_refused(store, name):
    with pytest.raises(ConfigurationError):
        save(store, name)


def test_a_moment_without_a_zone_is_refused(store):
    with pytest.raises(ConfigurationError, match="aware"):
        store.save("a", {}, status="s", at=datetime(2026, 1, 1))


def test_the_file_and_its_folder_are_for_the_owner_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        store = SessionStore(tmp_path / "deep" / "folder" / "s.db")
        save(store, "a")
        db = sqlite3.connect(store.path)
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE session SET status = 'x'")
        db.execute("COMMIT")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in store.path.parent.iterdir()}
        db.close()
    finally:
        os.umask(before)

    assert set(modes) == {"s.db", "s.db-wal", "s.db-shm"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_creating_leaves_no_other_file_behind(store):
    save(store, "a")

    assert [p.name for p in store.path.parent.iterdir()] == ["sessions.db"]


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 4000, b""])
def test_a_damaged_file_is_reported_and_left_alone(store, content):
    store.path.write_bytes(content)

    for action in (store.load, store.list, lambda: save(store, "a")):
        with pytest.raises(StoreError, match=r"damaged|not a session store") as caught:
            action()
        assert caught.value.hint
    assert store.path.read_bytes() == content


def test_damage_in_the_middle_of_a_store_is_reported(store):
    for i in range(200):
        save(store, f"s{i}", text="x" * 500)
    data = bytearray(store.path.read_bytes())
    data[4096 * 3 : 4096 * 20] = b"\x99" * (4096 * 17)
    store.path.write_bytes(bytes(data))

    with pytest.raises(StoreError, match="damaged"):
        [store.load(f"s{i}") for i in range(200)]


def test_another_programs_database_is_not_touched(store):
    with sqlite3.connect(store.path) as db:
        db.execute("CREATE TABLE customer (name TEXT)")
    before = store.path.read_bytes()

    with pytest.raises(StoreError, match="not a session store"):
        save(store, "a")

    assert store.path.read_bytes() == before


def test_a_store_of_a_newer_release_is_not_touched(store):
    save(store, "a")
    with sqlite3.connect(store.path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(StoreError, match="Update"):
        store.load("a")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="DIAGNOSE_STORE"):
        save(SessionStore(tmp_path / "file" / "s.db"), "a")


def test_what_json_has_no_word_for_becomes_null_and_half_characters_are_replaced(store):
    store.save("a", {"nan": float("nan"), "inf": float("-inf"), "half": "x\ud800", "when": NOW}, status="s", at=NOW)

    assert store.load("a") == {"nan": None, "inf": None, "half": "x?", "when": NOW.isoformat()}


def test_the_place_comes_from_the_environment_or_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIAGNOSE_STORE", raising=False)
    assert default_path() == tmp_path / ".diagnostics" / "sessions.db"

    monkeypatch.setenv("DIAGNOSE_STORE", str(tmp_path / "mine.db"))
    assert SessionStore().path == tmp_path / "mine.db"

    monkeypatch.setenv("DIAGNOSE_STORE", str(tmp_path / "folder"))
    assert SessionStore().path == tmp_path / "folder" / "sessions.db"


def _writer(path, number, count, start):
    store = SessionStore(path)
    start.wait()
    for i in range(count):
        store.save(f"p{number}_{i}", {"n": i}, status="s", at=NOW)


def test_many_processes_save_at_once_from_the_very_first_moment_and_nothing_is_lost(tmp_path):
    path, start = tmp_path / "s.db", multiprocessing.Event()
    writers = [multiprocessing.Process(target=_writer, args=(path, n, 10, start)) for n in range(6)]
    for writer in writers:
        writer.start()
    start.set()
    for writer in writers:
        writer.join(60)

    assert [w.exitcode for w in writers] == [0] * 6
    assert len(SessionStore(path).list()) == 60
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_any_json_survives(tmp_path_factory, document):
    store = SessionStore(tmp_path_factory.mktemp("store") / "s.db")

    store.save("a", document, status="s", at=NOW)

    assert store.load("a") == json.loads(json.dumps(document))
