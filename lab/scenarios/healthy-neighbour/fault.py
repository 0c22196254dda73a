"""A neighbour uses a CPU at low priority and hurts nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    hog = subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while True: pass"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        hog.kill()
        hog.wait()
