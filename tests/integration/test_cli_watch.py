"""``diagnose watch`` under a pseudo-terminal and without one."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.model.alert import AlertRule
from diagnostics.model.event import Event, EventKind
from diagnostics.model.health import CheckResult, CheckState
from diagnostics.post_solution_monitoring import PostSolutionMonitor, SqliteHistory

fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DIAGNOSE_")}
    return kept | {"DIAGNOSE_STORE": str(tmp_path / "store"), "PYTHONIOENCODING": "utf-8"} | more


def under_a_terminal(tmp_path: Path, *arguments: str, **more: str) -> tuple[str, int]:
    """Run it on a terminal of 100 by 30; return what it painted and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "diagnostics", "watch", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment(tmp_path, **{"TERM": "xterm-256color", **more}), start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    painted, ends = b"", time.monotonic() + 120
    try:
        while time.monotonic() < ends:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            painted += chunk
        return painted.decode(), process.wait(30)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def bare(painted: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", painted)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    kept = SqliteHistory(path)
    with PostSolutionMonitor(history=kept, default_checks=False, rule=AlertRule(bad_to_fire=1, window=1)) as monitor:
        monitor.add_health_check("api", lambda: CheckResult(state=CheckState.FAIL, detail="answers 500"), 3600)
        monitor.add_health_check("db", lambda: True, 3600)
        monitor.run_once()
        kept.add_event(Event(at=datetime.now(UTC), kind=EventKind.DEPLOY, title="v2.3.1"))
    kept.close()
    return path


def test_the_live_view_shows_what_another_process_knows_and_ends_with_its_status(tmp_path: Path, history: Path) -> None:
    painted, code = under_a_terminal(tmp_path, "--history", str(history), "--minutes", "0.05", "--interval", "1")
    shown = bare(painted)

    assert code == 1
    assert "\x1b[" in painted
    for said in ("✗ critical", "✓ healthy", "answers 500", "Open alerts (1)", "deploy: v2.3.1"):
        assert said in shown, shown[-3000:]
    assert shown.rstrip().splitlines()[-1] == "verdict: critical"


def test_without_colours_the_signs_and_words_remain(tmp_path: Path, history: Path) -> None:
    painted, _ = under_a_terminal(
        tmp_path, "--history", str(history), "--minutes", "0.05", "--lang", "ru", NO_COLOR="1"
    )
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", painted)
    assert "✗ авария" in bare(painted)
    assert "вердикт: авария" in bare(painted)


def test_a_target_is_watched_live_with_the_verdict_of_phase_6(tmp_path: Path) -> None:
    painted, code = under_a_terminal(tmp_path, "--pid", str(os.getpid()), "--minutes", "0.1", "--interval", "1")
    shown = bare(painted)

    last = shown.rstrip().splitlines()[-1]
    verdict = re.fullmatch(r"verdict: (holds|returned|inconclusive); .*", last)
    assert verdict, shown[-2000:]
    assert code == {"holds": 0, "returned": 1, "inconclusive": 4}[verdict[1]]
    assert "Last changes" in shown
    assert "Traceback" not in shown


def test_where_there_is_no_terminal_there_are_lines(tmp_path: Path, history: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diagnostics", "watch", "--history", str(history), "--minutes", "0.05", "--interval", "1"],
        capture_output=True, text=True, timeout=120, env=environment(tmp_path), check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    assert re.fullmatch(r"\d\d:\d\d:\d\d  api +critical  answers 500", lines[0])
    assert sum("api" in line for line in lines) == 1
    assert lines[-1] == "verdict: critical"
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", [("--history", "nowhere.db"), ("--history", "x.db", "--pid", "1")])
def test_a_history_that_is_not_there_or_a_target_beside_it_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "diagnostics", "watch", *arguments], capture_output=True, text=True, timeout=120,
        env=environment(tmp_path), cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "history" in done.stderr
    assert not (tmp_path / "nowhere.db").exists()
