"""The log probe on real files: huge, binary, rotated, growing, missing."""

from __future__ import annotations

import gzip
import os
import resource
import threading
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes import log_tail
from diagnostics.system_monitor.probes.logs import LogProbe, zone_of
from diagnostics.system_monitor.runner import look


def stamp(seconds_ago: float) -> str:
    at = datetime.fromtimestamp(SYSTEM_CLOCK.now().timestamp() - seconds_ago, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03}"


def lines(start: int, end: int, text: str = 'INFO app.access "GET /meetings" 200 12.0ms') -> str:
    return "".join(f"{stamp(seconds)} {text}\n" for seconds in range(start, end, -1))


def see(*paths: Path, **more: object) -> Observations:
    return look([LogProbe(paths=tuple(map(str, paths)), **more)])


def test_two_gigabytes_are_read_from_the_end_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.truncate(2 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + lines(600, 30).encode() + lines(30, 0, "ERROR app broken pipe").encode())
    tracemalloc.start()
    began = SYSTEM_CLOCK.monotonic()

    seen = see(path)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert SYSTEM_CLOCK.monotonic() - began < 10
    assert peak < 100 << 20
    assert seen.value("log.errors", window="recent") == 30
    assert not seen.all_failures()


def test_a_busy_log_is_sampled_further_back_than_its_tail(tmp_path: Path) -> None:
    path = tmp_path / "busy.log"
    with path.open("w") as file:
        for second in range(900, 0, -1):
            file.writelines(f"{stamp(second)} INFO app tick {i} of this second\n" for i in range(200))

    seen = see(path, tail_bytes=1 << 20)

    assert path.stat().st_size > 8 << 20
    assert seen.value("log.history") > 300
    assert seen.value("log.window", window="before") > 20
    before, recent = (seen.value("log.lines", window=w) for w in ("before", "recent"))
    assert before == pytest.approx(recent, rel=0.1)


def test_a_rotated_log_is_read_across_the_rotation(tmp_path: Path) -> None:
    (tmp_path / "app.log.1").write_text(lines(600, 20))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(lines(1200, 600).encode()))
    path = tmp_path / "app.log"
    path.write_text(lines(20, 0, "ERROR app broken"))

    seen = see(path)

    assert seen.value("log.history") == pytest.approx(600, abs=5)
    assert seen.value("log.errors", window="recent") == 20
    assert seen.value("log.errors", window="before") == 0
    assert seen.value("log.onset", kind="errors") == pytest.approx(SYSTEM_CLOCK.now().timestamp() - 20, abs=3)


def test_a_log_that_was_truncated_under_its_writer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b"\0" * 100_000 + lines(20, 0, "ERROR app broken").encode())

    assert see(path).value("log.errors", window="recent") == 20


def test_a_log_that_is_being_written_is_read_without_harm(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(lines(60, 0))
    stop = threading.Event()

    def write() -> None:
        with path.open("a") as file:
            while not stop.is_set():
                file.write(f"{stamp(0)} INFO app half")
                file.flush()
                file.write(" a line\n")
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [see(path) for _ in range(5)]
    finally:
        stop.set()
        writer.join()

    assert not any(s.all_failures() for s in seen)
    assert all(s.value("log.lines", window="recent") > 50 for s in seen)


@pytest.mark.parametrize(
    "content",
    [os.urandom(200_000), gzip.compress(b"text\n" * 10_000), b"\x7fELF" + bytes(range(256)) * 100, b"\0" * 50_000],
    ids=["random", "gzip", "program", "zeros"],
)
def test_what_is_no_text_is_refused_with_a_hint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(content)

    ((_, failure),) = see(path).failures("log")

    assert failure.kind is FailureKind.UNSUPPORTED
    assert failure.hint
    assert failure.labels["file"] == str(path)


def test_missing_files_folders_and_pipes_are_refused_and_the_others_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    good = tmp_path / "good.log"
    good.write_text(lines(60, 0))

    seen = see(tmp_path / "missing.log", tmp_path, tmp_path / "pipe", good)

    assert [f.kind for _, f in seen.failures("log")] == [
        FailureKind.NOT_FOUND,
        FailureKind.UNSUPPORTED,
        FailureKind.UNSUPPORTED,
    ]
    assert all(f.hint for _, f in seen.failures("log"))
    assert seen.value("log.lines", file=str(good), window="recent") >= 59


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"x" * 300_000, b"no newline at the end"])
def test_odd_files_are_no_failure(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(content)

    seen = see(path)

    assert not seen.all_failures()
    assert seen.readings("log.last_line_age")


def test_a_log_in_another_encoding_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes("".join(f"{stamp(i)} ERROR app ошибка {i}\n" for i in range(30, 0, -1)).encode("utf-8"))
    assert see(path).value("log.errors", window="recent") == 30

    path.write_bytes("".join(f"{stamp(i)} ERROR app café {i}\n" for i in range(30, 0, -1)).encode("latin-1"))
    assert see(path).value("log.errors", window="recent") == 30


def test_colours_are_no_part_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("".join(f"\x1b[32m{stamp(i)}\x1b[0m [\x1b[31merror\x1b[0m] broken {i}\n" for i in range(9, 0, -1)))

    assert see(path).value("log.errors", window="recent") == 9


def test_a_log_without_moments_is_read_by_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "uvicorn.log"
    healthy = 'INFO:     127.0.0.1:5000 - "GET /meetings HTTP/1.1" 200 OK\n'
    sick = 'INFO:     127.0.0.1:5000 - "GET /meetings HTTP/1.1" 500 Internal Server Error\n'
    path.write_text(healthy * 3000 + sick * 300)

    seen = see(path)

    assert seen.value("log.access.errors", window="recent") == 300
    assert seen.value("log.access.errors", window="before") == 0


def test_moments_in_local_time_are_placed_by_the_time_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        now = SYSTEM_CLOCK.now().timestamp()
        local = datetime.fromtimestamp(now).strftime("%Y-%m-%d %H:%M:%S,000 INFO x")
        in_utc = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S,000 INFO x")

        assert zone_of([local], now) == 9 * 3600
        assert zone_of([in_utc], now) == 0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_log_is_opened_for_reading_only_and_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(lines(60, 0))
    before, times = len(os.listdir("/proc/self/fd")), path.stat()

    see(path)

    assert len(os.listdir("/proc/self/fd")) == before
    assert (path.stat().st_mtime_ns, path.stat().st_size) == (times.st_mtime_ns, times.st_size)


def test_plain_lines_are_scanned_fast_enough(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(lines(600, 0) * 100)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_utime

    see(path)

    spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - usage
    assert 60_000 / spent > 50_000, f"{60_000 / spent:.0f} lines/s"


def test_a_path_with_wildcards_has_no_strange_siblings(tmp_path: Path) -> None:
    (tmp_path / "a.x").write_text("x")
    odd = tmp_path / "[a]*"
    odd.write_text("y")

    assert log_tail.rotated(odd) is None
