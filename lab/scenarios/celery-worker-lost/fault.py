"""Processes of the worker are killed while they import price lists."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    stack.deploy("long_task")
    assert stack.worker is not None
    worker = psutil.Process(stack.worker.pid)
    stopped = threading.Event()

    def kill_busy() -> None:
        while not stopped.wait(1.0):
            for child in worker.children():
                if child.cpu_percent(0.2) > 20:
                    child.kill()

    killer = threading.Thread(target=kill_busy, daemon=True)
    killer.start()
    yield
    stopped.set()
    killer.join()
    stack.undo_deploy()
