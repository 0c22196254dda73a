"""Stack samples -> positions, and py-spy's words -> kinds of failure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.model.observation import FailureKind, ProbeFailure
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.probes.stacks import Frame, Stack, parse_dump, stack_readings, why_not

NOTES = Notes(datetime(2026, 11, 25, tzinfo=UTC), "test", (("pid", "7"),))
SLEEP = Frame("wait", "/usr/lib/python3.11/threading.py", 327)
DRIVER = Frame("execute", "/srv/.venv/lib/python3.11/site-packages/psycopg/cursor.py", 97)
OURS = Frame("book", "/srv/app/service.py", 41)
MAIN = Frame("<module>", "/srv/app/main.py", 3)


def stack(*frames: Frame, active: bool = False, thread: str = "MainThread") -> Stack:
    return Stack(thread, thread == "MainThread", active, frames)


def test_a_position_is_the_innermost_frame_of_the_application() -> None:
    (seen,) = stack_readings([[stack(DRIVER, OURS, MAIN)]] * 4, NOTES)

    assert seen.value == 1.0
    assert (seen.labels["function"], seen.labels["file"], seen.labels["line"]) == ("book", "/srv/app/service.py", "41")
    assert seen.labels["leaf"] == "execute (psycopg/cursor.py:97)"
    assert (
        seen.labels["trace"] == "<module> (app/main.py:3) < book (app/service.py:41) < execute (psycopg/cursor.py:97)"
    )
    assert (seen.labels["main"], seen.labels["active"], seen.labels["pid"]) == ("true", "false", "7")


def test_the_share_is_that_of_the_samples() -> None:
    samples = [[stack(OURS, active=True)], [stack(OURS, active=True)], [stack(SLEEP, MAIN)], [stack(OURS, active=True)]]

    shares = {r.labels["function"]: r.value for r in stack_readings(samples, NOTES)}

    assert shares == {"book": 0.75, "<module>": 0.25}


def test_only_the_eight_innermost_frames_are_shown() -> None:
    deep = [Frame(f"f{i}", "/srv/app/x.py", i) for i in range(50)]

    (seen,) = stack_readings([[stack(*deep)]], NOTES)

    assert seen.labels["trace"].count(" < ") == 7
    assert seen.labels["trace"].endswith("f0 (app/x.py:0)")


def test_a_thread_without_application_code_has_no_function() -> None:
    (seen,) = stack_readings([[stack(SLEEP, thread="pool-1")]], NOTES)

    assert (seen.labels["function"], seen.labels["file"], seen.labels["line"]) == ("", "", "")
    assert seen.labels["leaf"] == "wait (threading.py:327)"
    assert seen.labels["main"] == "false"


def test_the_answer_of_py_spy_is_read() -> None:
    frame = {"name": "book", "filename": "/srv/app/service.py", "line": 41}
    thread = {
        "pid": 7,
        "os_thread_id": 7,
        "thread_id": 1,
        "thread_name": "MainThread",
        "active": True,
        "frames": [frame],
    }

    assert parse_dump([thread]) == [Stack("MainThread", True, True, (OURS,), 7)]
    assert not parse_dump([{**thread, "os_thread_id": 9, "thread_name": None}])[0].is_main


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Error: Permission Denied: Try running again with elevated permissions by going 'sudo env", FailureKind.FORBIDDEN),
        ("Error: Operation not permitted (os error 1)", FailureKind.FORBIDDEN),
        ("Error: Failed to open process 99 - check if it is running.\nReason: No such file or directory (os error 2)",
         FailureKind.NOT_FOUND),
        ("Error: Failed to find python version from target process", FailureKind.UNSUPPORTED),
        ("py-spy timed out", FailureKind.TIMEOUT),
        ("", FailureKind.ERROR),
    ],
)  # fmt: skip
def test_what_py_spy_says_has_a_kind(words: str, kind: FailureKind) -> None:
    failure = why_not(words, 99, "process.stack", NOTES)

    assert isinstance(failure, ProbeFailure)
    assert failure.kind is kind


def test_threads_of_one_name_are_told_apart() -> None:
    pool = [Stack("worker", False, False, (DRIVER, OURS), ident) for ident in range(18)]

    seen = list(stack_readings([pool, pool[:3], []], NOTES))

    assert len({r.labels["thread"] for r in seen}) == 18
    assert sum(r.value for r in seen) == pytest.approx(21 / 3)


def test_the_application_and_the_event_loop_are_in_the_trace_however_deep_the_library() -> None:
    deep = [Frame(f"f{i}", "/srv/.venv/lib/python3.11/site-packages/x/y.py", i) for i in range(30)]
    loop = Frame("_run", "/usr/lib/python3.11/asyncio/events.py", 84)

    (seen,) = stack_readings([[stack(*deep, OURS, *deep, loop, *deep, MAIN)]], NOTES)

    trace = seen.labels["trace"]
    assert trace.startswith("<module> (app/main.py:3) < … < _run (asyncio/events.py:84) < … < book (app/service.py:41)")
    assert trace.endswith("< f0 (x/y.py:0)")


def test_a_thread_in_a_wait_of_the_standard_library_is_not_on_the_cpu() -> None:
    frame = {"name": "EpollSelector.select", "filename": "/usr/lib/python3.11/selectors.py", "line": 468}
    thread = {"pid": 7, "os_thread_id": 7, "thread_name": "MainThread", "active": True, "frames": [frame]}

    assert not parse_dump([thread])[0].is_active


def test_generated_code_is_no_application() -> None:
    assert not Frame("commit", "<string>", 2).is_application
    assert Frame("main", "/srv/app/main.py", 2).is_application
