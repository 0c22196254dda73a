"""Events that must be there when the call returns, read after the process was killed."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from diagnostics.core_diagnostics import DiagnosticLogger, FlightRecorder, diagnose_function, read_black_box


def killed(code, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done


def test_in_sync_mode_every_line_is_there_when_the_process_is_killed(tmp_path):
    killed(
        """
        import os, signal
        from diagnostics import DiagnosticLogger, diagnose_function, diagnostic_context
        logger = DiagnosticLogger("shop", "log.jsonl", sync=True)
        @diagnose_function(logger, name="work", log_entry=True)
        def work(n):
            if n == 4:
                raise ValueError(n)
        for n in range(5):
            try:
                work(n)
            except ValueError:
                pass
        with diagnostic_context(logger, "BLOCK", n=1):
            logger.info("inside")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )

    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["enter", "call"] * 5 + ["log", "block"]
    assert [event.get("outcome") for event in events if event["event"] == "call"] == ["ok"] * 4 + ["error"]
    assert len({event["correlation_id"] for event in events}) == 6


def test_sync_lines_look_like_those_of_the_queue(tmp_path):
    shapes = []
    for number, sync in enumerate((False, True)):
        logger = DiagnosticLogger("x", tmp_path / f"{number}.jsonl", sync=sync, recorder=FlightRecorder())
        diagnose_function(logger, name="f")(lambda: None)()
        logger.close()
        (line,) = (tmp_path / f"{number}.jsonl").read_text().splitlines()
        shapes.append([(key, type(value)) for key, value in json.loads(line).items()])

    assert shapes[0] == shapes[1]


def test_the_black_box_survives_a_kill_and_each_process_has_its_own(tmp_path):
    killed(
        """
        import os, signal
        from diagnostics import DiagnosticLogger, diagnose_function
        from diagnostics.core_diagnostics import bind_correlation_id
        logger = DiagnosticLogger("shop", black_box="boxes")
        @diagnose_function(logger, name="work")
        def work(n):
            if n == 3:
                raise KeyError(n)
        bind_correlation_id("order-7")
        child = os.fork()
        for n in range(3 if child else 2):
            work(n)
        if child:
            os.waitpid(child, 0)
            try:
                work(3)
            except KeyError:
                pass
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )

    boxes = list((tmp_path / "boxes").glob("*.box"))
    found = sorted((read_black_box(box) for box in boxes), key=len)
    assert [[event["name"] for event in events] for events in found] == [
        ["work"] * 2,
        ["work"] * 3 + ["work failed: KeyError"],
    ]
    parent = found[1]
    assert [event["outcome"] for event in parent] == ["ok"] * 3 + ["error"]
    assert {event["correlation_id"] for event in parent} == {"order-7"}
    assert len({event["pid"] for events in found for event in events}) == 2
    assert parent == read_black_box(max(boxes, key=lambda box: len(read_black_box(box))))


def test_the_black_box_keeps_the_newest_and_its_folder_does_not_grow(tmp_path):
    from diagnostics.core_diagnostics.black_box import KEPT, SLOTS

    for number in range(KEPT + 5):
        (tmp_path / f"{4_000_000 + number}.box").write_bytes(b"")  # beyond the largest process id
    logger = DiagnosticLogger("x", black_box=tmp_path, recorder=FlightRecorder())
    work = diagnose_function(logger, name="work")(lambda: None)
    for _ in range(SLOTS + 10):
        work()

    assert len(read_black_box(tmp_path / f"{os.getpid()}.box")) == SLOTS
    assert len(list(tmp_path.glob("*.box"))) == KEPT + 1


def test_what_is_no_black_box_is_refused(tmp_path):
    (tmp_path / "x.box").write_text("nothing")

    with pytest.raises(ValueError, match="no black box"):
        read_black_box(tmp_path / "x.box")
    with pytest.raises(FileNotFoundError):
        read_black_box(tmp_path / "empty")
