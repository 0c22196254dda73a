"""What a traceback says, whatever its form."""

from __future__ import annotations

import contextlib
import traceback

import pytest

from diagnostics.system_monitor.probes import tracebacks


def _formatted(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as raised:
        return raised


def test_a_plain_traceback_names_class_message_and_our_frame() -> None:
    said = tracebacks.parse(_formatted(_raised(ValueError("no such day"))))

    assert said is not None
    assert (said.exception, said.message) == ("ValueError", "no such day")
    assert said.frame.startswith("_raised (system_monitor/test_tracebacks.py:")


def test_of_a_chain_the_last_exception_counts_and_all_are_listed() -> None:
    try:
        try:
            raise KeyError("a")
        except KeyError as error:
            raise RuntimeError("outer") from error
    except RuntimeError as error:
        said = tracebacks.parse(_formatted(error))

    assert said is not None
    assert said.exception == "RuntimeError"
    assert said.chain == ("KeyError", "RuntimeError")


def test_of_a_group_the_exception_inside_counts() -> None:
    inner = [_raised(ValueError("one")), _raised(ConnectionResetError("peer is gone"))]

    said = tracebacks.parse(_formatted(_raised(ExceptionGroup("unhandled errors", inner))))

    assert said is not None
    assert said.exception == "ConnectionResetError"
    assert said.message == "peer is gone"
    assert said.chain[0] == "ExceptionGroup"


def test_frames_of_libraries_are_not_ours() -> None:
    text = """Traceback (most recent call last):
  File "/srv/app/api.py", line 88, in create
    book()
  File "/srv/.venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line 1967, in _exec
    cursor.execute()
sqlalchemy.exc.OperationalError: (psycopg.errors.LockNotAvailable) canceling statement due to lock timeout
[SQL: SELECT 1]
"""

    said = tracebacks.parse(text)

    assert said is not None
    assert said.frame == "create (app/api.py:88)"
    assert said.exception == "sqlalchemy.exc.OperationalError"
    assert said.sqlstate == "55P03"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("asyncpg.exceptions.UndefinedColumnError: column x", "42703"),
        ("(psycopg2.errors.UniqueViolation) duplicate key", "23505"),
        ("ERROR: x (SQLSTATE 40P01)", "40P01"),
        ("nothing of that kind", ""),
    ],
)
def test_the_sqlstate_is_found_by_number_or_by_class(text: str, state: str) -> None:
    assert tracebacks.sqlstate_in(text) == state


def test_a_text_without_exception_says_none() -> None:
    assert tracebacks.parse("all is well") is None
    assert tracebacks.parse("") is None
    assert tracebacks.parse("Traceback (most recent call last):\n  File") is None


def test_a_single_line_may_be_an_exception() -> None:
    said = tracebacks.parse("httpx.ReadTimeout: timed out")

    assert said is not None
    assert said.exception == "httpx.ReadTimeout"


def test_an_exception_without_message_has_an_empty_one() -> None:
    with contextlib.suppress(TimeoutError):
        raise TimeoutError

    said = tracebacks.parse(_formatted(_raised(TimeoutError())))

    assert said is not None
    assert (said.exception, said.message) == ("TimeoutError", "")
