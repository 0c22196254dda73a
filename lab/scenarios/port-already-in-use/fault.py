"""The old process still has the port when the new one starts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from examples.support.processes import Child
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    stack = lab.stack
    stack.stop_app()
    # Somebody started it by hand, and the supervisor knows nothing of it.
    stray = Child(
        stack.command(),
        environment={**stack.environment, "LOG_FILE": str(stack.workdir / "stray.log")},
        directory=stack.repository,
        output=stack.workdir / "stray.out",
    )
    try:
        stack.commit_release("harmless")
        while not stray.running or not (stack.workdir / "stray.log").exists():
            time.sleep(0.1)
        time.sleep(2)
        stack.start_app(wait=False)
        yield
    finally:
        stray.stop()
