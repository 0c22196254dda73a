"""Sessions are kept alike in a file and in PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.diagnostic_orchestrator.store import SessionStore
from diagnostics.diagnostic_orchestrator.store_postgres import StoreError
from diagnostics.errors import ConfigurationError, SessionNotFoundError

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["file", "postgres"])
def where(request, tmp_path):
    return request.getfixturevalue("fresh_database") if request.param == "postgres" else tmp_path / "sessions.db"


@pytest.fixture
def store(where):
    return SessionStore(where)


def document(name, text="slow", **more):
    return {"session_info": {"session_id": name, "problem_description": text}} | more


def test_there_is_nothing_before_the_first_session(store):
    assert store.list() == []
    for ask in (store.load, store.resolve, store.delete):
        with pytest.raises(SessionNotFoundError, match="no session yet"):
            ask("last")


def test_a_session_comes_back_as_it_was_saved_and_by_another_store_too(store, where):
    kept = document("a", "Ошибка 100 % ?\0", root_cause=None, evidence=[{"value": 1.5}, "%s ?"])
    store.save("a", kept, status="healthy", at=START)

    assert SessionStore(where).load("a")["evidence"] == kept["evidence"]
    (line,) = store.list()
    assert (line.session_id, line.status, line.created_at, line.updated_at) == ("a", "healthy", START, START)
    assert line.title == "Ошибка 100 % ?"


def test_what_is_saved_again_is_replaced_and_is_the_last(store):
    before = store.version()
    for hours, name in enumerate(("diag_1", "diag_2", "other", "diag_1")):
        store.save(name, document(name, hours=hours), status=f"s{hours}", at=START + timedelta(hours=hours))

    assert [line.session_id for line in store.list()] == ["diag_1", "other", "diag_2"]
    assert [line.session_id for line in store.list(limit=1)] == ["diag_1"]
    assert store.list()[0].created_at == START
    assert store.load("last")["hours"] == 3
    assert store.resolve("oth") == "other"
    with pytest.raises(SessionNotFoundError, match="fits 2"):
        store.resolve("diag")
    assert store.version() != before


def test_a_deleted_session_is_gone(store):
    store.save("a", document("a"), status="x", at=START)
    assert store.delete("a") == "a"
    assert store.list() == []
    with pytest.raises(SessionNotFoundError):
        store.load("a")


def test_a_name_or_a_moment_that_cannot_be_is_refused(store):
    for name, at in (("last", START), ("", START), ("a", datetime(2026, 1, 1))):
        with pytest.raises(ConfigurationError):
            store.save(name, {}, status="x", at=at)


def test_many_writers_lose_nothing(where):
    def write(number):
        for turn in range(3):
            SessionStore(where).save(f"s{number}-{turn}", document("x"), status="x", at=START)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(SessionStore(where).list()) == 12


def test_the_variable_names_a_database_as_well_as_a_file(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIAGNOSE_STORE", str(where))
    SessionStore().save("a", document("a"), status="x", at=START)

    assert [line.session_id for line in SessionStore(where).list()] == ["a"]


def test_a_database_that_is_away_is_an_error_without_the_password():
    store = SessionStore("postgresql://me:hunter22secret@127.0.0.1:1/nowhere")
    for act in (store.list, lambda: store.save("a", {}, status="x", at=START)):
        with pytest.raises(StoreError) as caught:
            act()
        assert "127.0.0.1:1/nowhere" in str(caught.value)
        assert "hunter22secret" not in str(caught.value)
