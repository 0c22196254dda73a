"""The process and stack probes on real processes that are sick in one way each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SystemClock
from diagnostics.system_monitor.probes.process import ProcessProbe
from diagnostics.system_monitor.probes.stacks import StackProbe
from diagnostics.system_monitor.runner import look

pytestmark = pytest.mark.alone

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a Python program that prints ``ready`` once it is what the test wants."""
    running: list[subprocess.Popen[str]] = []

    def run(program: str, **more: object) -> subprocess.Popen[str]:
        path = tmp_path / f"patient{len(running)}.py"
        path.write_text(textwrap.dedent(program))
        process = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True, **more)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return process

    yield run
    for process in running:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def see(*pids: int, window: float = 0.4) -> Observations:
    return look([ProcessProbe(pids=pids, window_seconds=window)])


def test_open_files_are_counted_by_kind_beside_their_limit(start: Start) -> None:
    patient = start("""
        import resource, socket, time
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        kept = [open(__file__) for _ in range(80)] + [socket.socket() for _ in range(20)]
        print("ready", flush=True); time.sleep(60)
        """)

    seen = see(patient.pid)

    assert seen.value("process.fds.limit") == 200
    assert 100 <= seen.value("process.fds") <= 110
    assert seen.value("process.fds.kind", kind="file") >= 80
    assert seen.value("process.fds.kind", kind="socket") == 20


def test_the_child_that_is_nearest_to_its_limit_counts(start: Start) -> None:
    patient = start("""
        import os, resource, time
        if os.fork() == 0:
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            kept = [open(__file__) for _ in range(50)]
            print("ready", flush=True)
        time.sleep(60)
        """)

    seen = see(patient.pid)
    for child in _children(patient.pid):
        os.kill(child, signal.SIGKILL)

    assert seen.value("process.children") == 1
    assert seen.value("process.fds.limit") == 64
    assert seen.value("process.fds") > 50


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_burning_thread_is_seen_with_its_line(start: Start) -> None:
    patient = start("""
        import threading, time
        def burn():
            while True:
                sum(range(1000))
        threading.Thread(target=burn, name="burner", daemon=True).start()
        print("ready", flush=True); time.sleep(60)
        """)

    seen = look([ProcessProbe(pids=(patient.pid,), window_seconds=1.0), StackProbe(pids=(patient.pid,), samples=5)])

    assert seen.value("process.cpu.utilization") > 0.2
    assert 0 <= seen.value("process.cpu.wait_share") < 1
    burning = seen.readings("process.stack", thread="burner", active="true")
    assert burning
    assert burning[0].labels["function"] == "burn"
    assert burning[0].labels["file"].endswith("patient0.py")
    idle = seen.readings("process.stack", main="true", active="false")
    assert idle
    assert idle[0].value == 1.0


def test_a_blocked_thread_is_seen_where_it_waits(start: Start) -> None:
    patient = start("""
        import threading, time
        lock = threading.Lock()
        lock.acquire()
        def handle_request():
            with lock:
                pass
        threading.Thread(target=handle_request, name="worker-1", daemon=True).start()
        print("ready", flush=True); time.sleep(60)
        """)

    seen = look([StackProbe(pids=(patient.pid,), samples=4, window_seconds=0.4)])

    (waiting,) = seen.readings("process.stack", thread="worker-1")
    assert waiting.labels["function"] == "handle_request"
    assert waiting.labels["active"] == "false"
    assert waiting.value == 1.0
    assert "handle_request" in waiting.labels["trace"]


def test_our_own_stacks_are_seen_from_within() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name="inner", daemon=True)
    thread.start()

    seen = look([StackProbe(pids=(os.getpid(),), samples=3, window_seconds=0.2)])
    gate.set()
    thread.join()

    (waiting,) = seen.readings("process.stack", thread="inner")
    assert waiting.labels["active"] == "false"
    assert seen.readings("process.stack", main="true")


def test_without_py_spy_the_hint_says_how_to_get_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = start('import time; print("ready", flush=True); time.sleep(60)')
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    seen = look([StackProbe(pids=(patient.pid,), samples=2, window_seconds=0.1)])

    ((_, failure),) = seen.failures("process.stack")
    assert failure.kind is FailureKind.MISSING_EXTRA
    assert "pip install" in failure.hint


def test_zombie_children_are_counted(start: Start) -> None:
    patient = start("""
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                os._exit(0)
        time.sleep(0.2)
        print("ready", flush=True); time.sleep(60)
        """)

    seen = see(patient.pid)

    assert seen.value("process.zombies") == 4
    assert seen.value("process.children") == 0


def test_growing_memory_is_measured(start: Start) -> None:
    patient = start("""
        import time
        kept = []
        print("ready", flush=True)
        while True:
            kept.append(bytearray(1_000_000)); time.sleep(0.02)
        """)

    seen = see(patient.pid, window=1.0)

    assert seen.value("process.memory.growth") > 10e6
    assert seen.value("process.memory.rss") > 5e6


def test_connections_that_nobody_accepts_are_a_backlog(start: Start) -> None:
    patient = start("""
        import socket, time
        server = socket.create_server(("127.0.0.1", 0), backlog=16)
        clients = [socket.create_connection(server.getsockname()) for _ in range(5)]
        print("ready", flush=True); time.sleep(60)
        """)

    seen = see(patient.pid)

    (backlog,) = seen.readings("process.listen_backlog")
    assert backlog.value == 5
    assert seen.readings("process.listening", port=backlog.labels["port"])
    (out,) = seen.readings("process.sockets", direction="out")
    assert out.value == 5
    assert out.labels["remote"] == f"127.0.0.1:{backlog.labels['port']}"
    assert out.labels["state"] == "ESTABLISHED"


def test_accepted_connections_are_one_group(start: Start) -> None:
    patient = start("""
        import socket, time
        server = socket.create_server(("127.0.0.1", 0))
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        accepted = [server.accept() for _ in range(3)]
        for client in clients: client.close()
        print("ready", flush=True); time.sleep(60)
        """)

    seen = see(patient.pid)

    (accepted,) = seen.readings("process.sockets", direction="in")
    assert (accepted.value, accepted.labels["state"], accepted.labels["remote"]) == (3, "CLOSE_WAIT", "127.0.0.1:*")


def test_the_environment_is_seen_without_its_values(start: Start) -> None:
    environment = {**os.environ, "CALENDAR_TOKEN": "hunter2-very-secret"}
    patient = start('import time; print("ready", flush=True); time.sleep(60)', env=environment)

    seen = see(patient.pid)

    names = {r.labels["name"] for r in seen.readings("process.environment")}
    assert "CALENDAR_TOKEN" in names
    assert "hunter2" not in str(list(seen))


def test_a_process_that_is_gone_is_not_found() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    seen = look([ProcessProbe(pids=(process.pid,), window_seconds=0.2), StackProbe(pids=(process.pid,), samples=2)])

    ((_, failure),) = seen.failures("process")
    assert failure.kind is FailureKind.NOT_FOUND
    assert failure.hint
    assert not seen.readings("process.alive")
    assert seen.failures("process.stack")


def test_a_process_that_ends_while_we_look_is_said_so(start: Start) -> None:
    patient = start('import time; print("ready", flush=True); time.sleep(0.3)')
    threading.Timer(0.5, patient.wait).start()

    seen = see(patient.pid, window=1.2)

    assert seen.readings("process.alive")
    assert seen.failures("process")[0][1].kind is FailureKind.NOT_FOUND


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_process_of_another_user_is_forbidden(start: Start) -> None:
    patient = start('import time; print("ready", flush=True); time.sleep(60)')
    source = Path(__file__).resolve().parents[2] / "src"
    program = textwrap.dedent(f"""
        import heapq, json, os, sys  # heapq: the standard library is not nobody's to read here
        sys.path.insert(0, {str(source)!r})
        from diagnostics.model.observation import ProbeFailure
        from diagnostics.system_monitor.probes.process import ProcessProbe
        from diagnostics.system_monitor.probes.stacks import StackProbe
        from diagnostics.system_monitor.runner import look
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        seen = look([ProcessProbe(pids=({patient.pid},), window_seconds=0.2), StackProbe(pids=({patient.pid},), samples=2)])
        print(json.dumps([[f.name, f.kind, f.hint] for f in seen if isinstance(f, ProbeFailure)]))
        print(json.dumps(sorted(seen.names())))
        """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)

    failures, names = done.stdout.splitlines()

    assert '["process", "forbidden"' in failures
    assert '["process.environment", "forbidden"' in failures
    assert '["process.stack", ' in failures
    assert '"process.alive"' in names


def test_looking_costs_little(start: Start) -> None:
    patient = start('import time; print("ready", flush=True); time.sleep(60)')
    before = os.times()

    see(patient.pid, window=0.5)

    after = os.times()
    spent = after.user + after.system - before.user - before.system
    assert spent < 0.5, f"{spent} s of CPU"


def test_stacks_of_workers_below_a_master_are_sampled_too(tmp_path):
    program = tmp_path / "master.py"
    program.write_text(
        "import multiprocessing, time\n"
        "def wait_for_work(): time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    children = [multiprocessing.get_context('fork').Process(target=wait_for_work) for _ in range(2)]\n"
        "    [c.start() for c in children]\n"
        "    print('ready', flush=True)\n"
        "    [c.join() for c in children]\n"
    )
    master = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert master.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 10
        standing = set()
        while len(standing) < 2 and time.monotonic() < deadline:
            seen = StackProbe(pids=(master.pid,), samples=2, window_seconds=0.1).observe(SystemClock())
            standing = {r.labels["thread"] for r in seen if r.labels.get("function") == "wait_for_work"}
    finally:
        os.killpg(master.pid, signal.SIGKILL)
        master.wait()

    assert len(standing) == 2
