"""Instrumentation against real files, threads, forks, full disks and dying interpreters."""

import asyncio
import io
import json
import logging
import multiprocessing
import os
import resource
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagnostics import DiagnosticLogger, diagnose_function, diagnostic_context, validate_data
from diagnostics.core_diagnostics import (
    ContextThreadPoolExecutor,
    FlightRecorder,
    LoggingSink,
    bind_correlation_id,
    bind_traceparent,
    carry,
    current_correlation_id,
)
from diagnostics.core_diagnostics.correlation import CURRENT


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


def lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value


def run(code, tmp_path, **kwargs):
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", textwrap.dedent(code)],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, **kwargs,
    )  # fmt: skip


def test_the_snippets_of_the_specification_run_as_written(tmp_path):
    done = run(
        """
        from diagnostics import diagnose_function, DiagnosticLogger

        logger = DiagnosticLogger("meeting_service")

        @diagnose_function(logger)
        def create_meeting(meeting_data):
            result = {"id": 1, **meeting_data}
            return result

        create_calendar_event = create_meeting
        from diagnostics import diagnostic_context, validate_data, log_system_state

        def process_meeting_request(request_data):
            with diagnostic_context(logger, "MEETING_REQUEST_PROCESSING"):
                # Validation с автологированием
                validate_data(request_data, "INPUT_VALIDATION")

                # System state логирование в критических точках
                log_system_state("BEFORE_CALENDAR_API_CALL")

                result = create_calendar_event(request_data)
                validate_data(result, "CALENDAR_EVENT_CREATED")
                return result

        assert process_meeting_request({"title": "x"}) == {"id": 1, "title": "x"}
        print([e["event"] for e in logger.recorder.snapshot()])
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['validation', 'system_state', 'call', 'validation', 'block']"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_lines_are_json_with_the_promised_keys(tmp_path):
    path = tmp_path / "deep" / "folder" / "log.jsonl"
    logger = DiagnosticLogger('service "x"\n', path)

    @diagnose_function(logger, name="name é \ud800")
    def call():
        time.sleep(0.001)

    before = datetime.now(UTC)
    with bind_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
        call()
    logger.info("text \ud800 é", big=10**30, nothing=float("nan"))
    logger.close()

    first, second = lines(path)
    assert first["name"] == "name é \ud800"
    assert first["logger"] == second["logger"] == 'service "x"\n'
    assert first["trace_id"] == first["correlation_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert first["span_id"] == "00f067aa0ba902b7"
    assert 0.001 <= first["duration_seconds"] < 1
    assert first["outcome"] == "ok"
    assert first["pid"] == os.getpid()
    at = datetime.fromisoformat(first["timestamp"])
    assert before - timedelta(milliseconds=5) <= at <= datetime.now(UTC) + timedelta(milliseconds=5)
    assert first["timestamp"].endswith("Z")
    assert second["fields"]["big"] == 10**30


def test_the_recorder_and_the_file_tell_the_same(tmp_path):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("same", path, recorder=FlightRecorder())

    @diagnose_function(logger, name="work")
    def work(number):
        if number % 10 == 3:
            raise ValueError(number)

    for number in range(100):
        try:
            with diagnostic_context(logger, "BLOCK", number=number):
                work(number)
        except ValueError:
            pass
    logger.flush()

    def comparable(event):
        return {key: value for key, value in event.items() if key not in {"timestamp", "duration_seconds"}}

    assert [comparable(event) for event in lines(path)] == [comparable(event) for event in logger.recorder.snapshot()]
    baseline = logger.recorder.baseline()["names"]["work"]
    assert (baseline["count"], baseline["errors"], baseline["error_ratio"]) == (100, 10, 0.1)
    assert baseline["min_seconds"] <= baseline["p50_seconds"] <= baseline["p95_seconds"] <= baseline["max_seconds"]


def test_threads_lose_nothing_and_carry_their_ids(tmp_path):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("threads", path)

    @diagnose_function(logger, name="threaded")
    def threaded():
        return current_correlation_id()

    with bind_correlation_id("carried"):
        with ThreadPoolExecutor(8) as pool:
            results = {future.result() for future in [pool.submit(carry(threaded)) for _ in range(500)]}
        with ContextThreadPoolExecutor(8) as pool:
            results |= {future.result() for future in [pool.submit(threaded) for _ in range(500)]}
            results |= set(pool.map(lambda _: threaded(), range(100)))
    threads = [threading.Thread(target=lambda: [threaded() for _ in range(2000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logger.close()

    found = lines(path)
    assert results == {"carried"}
    assert len(found) == 1100 + 16_000
    assert sum(line["correlation_id"] == "carried" for line in found) == 1100
    assert logger.recorder.counts()["dropped"] == 0


def test_to_thread_and_tasks_follow_by_themselves(tmp_path):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("async", path)

    @diagnose_function(logger)
    def in_thread():
        return current_correlation_id()

    @diagnose_function(logger)
    async def outer():
        return {current_correlation_id(), await asyncio.to_thread(in_thread)}

    async def main():
        return await asyncio.gather(*(outer() for _ in range(10)))

    ids = asyncio.run(main())
    logger.close()

    assert all(len(one) == 1 for one in ids)
    assert len({line["correlation_id"] for line in lines(path)}) == 10


def test_errors_are_on_disk_soon_without_a_flush(tmp_path):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("prompt", path)

    with pytest.raises(ValueError, match="now"), diagnostic_context(logger, "BLOCK"):
        raise ValueError("now")

    (line,) = wait_for(lambda: path.exists() and lines(path), seconds=2)
    assert line["error"]["message"] == "now"


def test_streams_levels_and_standard_logging(caplog):
    stream = io.StringIO()
    logger = DiagnosticLogger("s", level="WARNING", stream=stream, sinks=[LoggingSink(logging.getLogger("host"))])

    @diagnose_function(logger)
    def fine():
        pass

    with caplog.at_level("DEBUG", logger="host"):
        fine()
        logger.info("not wanted")
        logger.warning("wanted")
        logger.flush()
        logger.level = "INFO"
        fine()
        logger.close()
        logger.warning("after the end")
        logger.flush()

    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(event["level"], event.get("message")) for event in events] == [("WARNING", "wanted"), ("INFO", None)]
    assert [record.levelname for record in caplog.records if record.name == "host"] == ["WARNING", "INFO"]


def test_a_closed_stream_does_not_reach_the_host(caplog):
    stream = io.StringIO()
    logger = DiagnosticLogger("s", stream=stream)
    stream.close()

    logger.error("nobody hears")
    logger.flush()

    assert logger.recorder.snapshot()[-1]["message"] == "nobody hears"


def test_two_loggers_share_a_file_and_a_rotated_file_is_opened_anew(tmp_path):
    path = tmp_path / "log.jsonl"
    one, two = DiagnosticLogger("one", path), DiagnosticLogger("two", str(path))
    one.info("a")
    two.info("b")
    one.flush()

    path.rename(tmp_path / "log.jsonl.1")
    time.sleep(1.1)
    one.close()
    two.info("c")
    two.close()

    assert [line["logger"] for line in lines(tmp_path / "log.jsonl.1")] == ["one", "two"]
    assert [line["message"] for line in lines(path)] == ["c"]


def test_the_queue_is_bounded_and_drops_are_counted_and_told(tmp_path):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("flood", path, recorder=FlightRecorder(capacity=100, queue=500))

    @diagnose_function(logger, name="flood")
    def flood():
        pass

    interval = sys.getswitchinterval()
    sys.setswitchinterval(5)  # the writer gets no turn
    try:
        for _ in range(2000):
            flood()
    finally:
        sys.setswitchinterval(interval)
    logger.close()

    counts = logger.recorder.counts()
    told = [line for line in lines(path) if line["event"] == "dropped"]
    assert counts["dropped"] >= 1000
    assert sum(line["dropped"] for line in told) == counts["dropped"]
    assert len(lines(path)) - len(told) == 2000 - counts["dropped"]
    assert len(logger.recorder.snapshot()) == 100


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system of its own needs root")
def test_a_full_disk_does_not_reach_the_host_and_the_log_goes_on_afterwards(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no mount: {mounted.stderr.decode()}")
    try:
        logger = DiagnosticLogger("full", disk / "log.jsonl")
        for number in range(2000):
            logger.info("filling", number=number)
        logger.flush()
        (sink,) = logger._sinks
        assert sink.failures >= 1
        assert "No space left" in sink.last_error

        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        sink._retry_at = 0.0
        logger.flush()

        assert [line["fields"]["number"] for line in lines(disk / "log.jsonl")] == list(range(2000))
        assert sink.last_error == ""
        logger.close()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_file_that_may_grow_no_further_loses_the_oldest_lines_only_and_tears_none(tmp_path):
    done = run(
        """
        import resource, signal, sys
        from diagnostics import DiagnosticLogger
        from diagnostics.core_diagnostics import sinks
        sinks.BACKLOG_BYTES = 50_000
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_123, resource.RLIM_INFINITY))
        logger = DiagnosticLogger("limited", "log.jsonl")
        for number in range(1000):
            logger.info("line", number=number)
        logger.flush()
        sink, = logger._sinks
        assert sink.failures and sink.dropped_bytes, (sink.failures, sink.dropped_bytes)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        sink._retry_at = 0.0
        logger.info("line", number=1000)
        logger.close()
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("diagnostics_log_not_written") == 1
    raw = (tmp_path / "log.jsonl").read_text().splitlines()
    whole = [line for line in raw if line.endswith("}")]
    numbers = [json.loads(line)["fields"]["number"] for line in whole]
    assert len(raw) - len(whole) <= 1
    assert numbers == sorted(numbers)
    assert numbers[-1] == 1000
    assert numbers[0] == 0
    assert len(numbers) < 1000


def test_a_folder_that_cannot_be_made_is_told_once_and_never_raised(tmp_path, caplog):
    blocker = tmp_path / "file"
    blocker.write_text("")
    logger = DiagnosticLogger("nowhere", blocker / "below" / "log.jsonl")

    for _ in range(3):
        logger.error("x")
        logger.flush()

    (sink,) = logger._sinks
    assert sink.failures >= 1
    assert sum("diagnostics_log_not_written" in record.message for record in caplog.records) == 1

    blocker.unlink()
    sink._retry_at = 0.0
    logger.close()
    assert len(lines(blocker / "below" / "log.jsonl")) == 3


@pytest.mark.parametrize(
    ("ending", "code"),
    [("", 0), ("raise SystemExit(3)", 3), ("1 / 0", 1), ("import threading; threading.Thread(target=work).start()", 0)],
)
def test_what_was_logged_before_the_interpreter_ends_is_in_the_file(tmp_path, ending, code):
    done = run(
        f"""
        from diagnostics import DiagnosticLogger, diagnose_function
        logger = DiagnosticLogger("end", "log.jsonl")
        @diagnose_function(logger)
        def work(): pass
        for _ in range(1000):
            work()
        logger.info("last words")
        {ending}
        """,
        tmp_path,
    )

    assert done.returncode == code, done.stderr
    assert ("Traceback" in done.stderr) == (code == 1)
    found = lines(tmp_path / "log.jsonl")
    assert len(found) == 1001 + ("Thread" in ending)
    assert any(line.get("message") == "last words" for line in found)


def test_a_hanging_sink_does_not_hold_up_the_exit(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    began = time.monotonic()
    done = run(
        """
        import time
        from diagnostics import DiagnosticLogger
        logger = DiagnosticLogger("hang", "fifo")
        logger.error("nobody reads")
        time.sleep(0.2)
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 10


def test_signal_handlers_may_log_and_read_at_any_moment(tmp_path):
    done = run(
        """
        import signal, time
        from diagnostics import DiagnosticLogger, diagnose_function
        logger = DiagnosticLogger("signal", "log.jsonl")
        made = 0
        @diagnose_function(logger)
        def work(): pass
        def handler(*_):
            global made
            work(); logger.info("in the handler")
            logger.recorder.recent(0.001); logger.recorder.baseline(); logger.flush()
            made += 2
            signal.setitimer(signal.ITIMER_REAL, 0.002 if time.monotonic() < until else 0)
        until = time.monotonic() + 1.5
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        while time.monotonic() < until:
            work(); logger.info("outside"); logger.recorder.baseline(); logger.flush()
            made += 2
        signal.setitimer(signal.ITIMER_REAL, 0)
        logger.close()
        print(made)
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    found = lines(tmp_path / "log.jsonl")
    assert abs(len(found) - int(done.stdout)) <= 2  # a handler may come between a call and its count


def _in_child(path):
    logger = DiagnosticLogger("child", path)
    with diagnostic_context(logger, "CHILD"):
        validate_data([1], "IN_CHILD")


def test_a_fork_starts_anew_and_repeats_nothing_of_the_parent(tmp_path):
    done = run(
        """
        import os
        from diagnostics import DiagnosticLogger, diagnose_function
        from diagnostics.core_diagnostics import current_correlation_id, writer
        logger = DiagnosticLogger("fork", "log.jsonl")
        @diagnose_function(logger, name="work")
        def work(who): return current_correlation_id()
        for _ in range(100):
            work("parent")
        children = []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                assert not writer.running()
                for _ in range(50):
                    work("child")
                assert writer.running()
                logger.flush()
                os._exit(0)
            children.append(pid)
        for pid in children:
            assert os.waitpid(pid, 0)[1] == 0
        for _ in range(100):
            work("parent")
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
    found = lines(tmp_path / "log.jsonl")
    by_pid = {}
    for line in found:
        by_pid[line["pid"]] = by_pid.get(line["pid"], 0) + 1
    assert sorted(by_pid.values()) == [50, 50, 50, 50, 200]
    assert len({line["correlation_id"] for line in found}) == 400


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_multiprocessing_leave_nothing_behind(tmp_path, method):
    path = tmp_path / "log.jsonl"
    logger = DiagnosticLogger("parent", path)
    logger.info("before")
    logger.flush()
    context = multiprocessing.get_context(method)

    child = context.Process(target=_in_child, args=(path,))
    child.start()
    child.join(30)
    logger.close()

    assert child.exitcode == 0
    assert [(line["logger"], line.get("name")) for line in lines(path)] == [
        ("parent", None), ("child", "IN_CHILD"), ("child", "CHILD"),
    ]  # fmt: skip


def test_importing_starts_no_thread_and_loads_nothing_heavy(tmp_path):
    done = run(
        """
        import sys, threading
        import diagnostics
        assert threading.active_count() == 1
        from diagnostics import DiagnosticLogger, diagnose_function, diagnostic_context, validate_data
        logger = DiagnosticLogger("x")
        assert threading.active_count() == 1
        heavy = {"asyncio", "numpy", "scipy", "sqlalchemy", "psutil", "fastapi", "opentelemetry", "msgspec", "logging"}
        print(sorted(heavy & set(sys.modules)))
        """,
        tmp_path,
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_memory_stays_bounded_however_much_is_logged(tmp_path):
    logger = DiagnosticLogger("flood", tmp_path / "log.jsonl", recorder=FlightRecorder())

    @diagnose_function(logger, name="flood")
    def flood(number):
        if number % 100 == 0:
            raise ValueError("x" * 1000)

    def some(count):
        for number in range(count):
            try:
                flood(number)
            except ValueError:
                pass
        logger.flush()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    warm = some(150_000)
    after = some(300_000)
    logger.close()

    assert after - warm < 20 * 1024 * 1024


def test_events_with_details_have_a_smaller_queue_of_their_own(tmp_path):
    logger = DiagnosticLogger("flood", recorder=FlightRecorder(queue=800))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5)  # the writer gets no turn
    try:
        for number in range(1000):
            logger.info("x", number=number)
    finally:
        sys.setswitchinterval(interval)
    logger.flush()
    logger.info("after")
    logger.flush()

    counts = logger.recorder.counts()
    assert counts["dropped"] >= 700
    assert counts["received"] + counts["dropped"] == 1001
    assert logger.recorder.snapshot()[-1]["message"] == "after"


def test_the_baseline_ends_where_the_trouble_began():
    recorder = FlightRecorder()
    logger = DiagnosticLogger("onset", recorder=recorder)

    @diagnose_function(logger, name="work")
    def work():
        pass

    for _ in range(10):
        work()

    now = datetime.now(UTC)
    assert recorder.baseline()["names"]["work"]["count"] == 10
    assert recorder.baseline(until=now + timedelta(seconds=30))["names"]["work"]["count"] == 10
    assert recorder.baseline(until=now - timedelta(seconds=30))["names"] == {}
    assert recorder.recently(60)["work"]["count"] == 10
    assert len(recorder.recent(60)) == 10
    assert recorder.recent(0) == []
    recorder.clear()
    assert recorder.snapshot() == []
    assert recorder.baseline()["names"] == {}


def test_a_call_inside_work_that_came_from_elsewhere_is_written_while_the_process_lives(tmp_path):
    # A web process may never make a call that is not inside a request.
    file = tmp_path / "events.jsonl"
    code = f"""
import sys
from diagnostics import DiagnosticLogger, diagnose_function
from diagnostics.core_diagnostics import bind_traceparent
@diagnose_function(DiagnosticLogger("shop", {str(file)!r}))
def place():
    return 1
with bind_traceparent(None):
    place()
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 15
        while not (file.exists() and "place" in file.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.communicate(b"")
