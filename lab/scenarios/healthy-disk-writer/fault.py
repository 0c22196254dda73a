"""Somebody copies files at low priority."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from lab.around import again_and_again
from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    target = lab.stack.workdir / "copy.bin"
    with again_and_again(lambda: _copy(str(target)), 0.2):
        yield
    target.unlink(missing_ok=True)


def _copy(target: str) -> None:
    subprocess.run(
        ["nice", "-n", "19", "dd", "if=/dev/zero", f"of={target}", "bs=1M", "count=24"], capture_output=True, check=True
    )
