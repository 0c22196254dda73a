"""``diagnose serve`` as a process: it prints a link that signs in, shows what is watched, and ends on Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest


def started(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "diagnostics", "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DIAGNOSE_STORE": str(tmp_path / "store"), **environment},
    )  # fmt: skip


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = started(tmp_path, "--pid", str(os.getpid()), "--interval", "1")
    assert process.stdout is not None
    line = process.stdout.readline()
    yield process, re.findall(r"http://\S+", line)[0]
    process.kill()
    process.wait()


def test_the_printed_link_shows_what_is_watched_and_ctrl_c_ends_it(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, link = serving
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    page = browser.open(link, timeout=20).read().decode()
    for _ in range(200):
        if "finding:requests-fail" in page:
            break
        time.sleep(0.1)
        page = browser.open(link.partition("/login")[0], timeout=20).read().decode()

    assert "finding:requests-fail" in page
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert "Traceback" not in (process.stderr.read() if process.stderr else "")


def test_nobody_listens_to_the_world_without_tokens(tmp_path: Path) -> None:
    process = started(tmp_path, "--host", "0.0.0.0")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--tokens" in told


def test_a_wrong_line_of_tokens_is_named_and_not_shown(tmp_path: Path) -> None:
    process = started(tmp_path, DIAGNOSE_DASHBOARD_TOKENS="admin olga super-secret-token-1")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Line 1" in told
    assert "super-secret" not in told


def test_a_port_in_use_is_said(serving: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    port = re.findall(r":(\d+)/", serving[1])[0]
    process = started(tmp_path, "--port", port)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "--port" in told
