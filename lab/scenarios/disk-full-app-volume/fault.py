"""The volume for uploads is full."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    folder = lab.stack.workdir / "volume"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    try:
        lab.stack.restart_app(env={"UPLOAD_DIR": str(folder)})
        with contextlib.suppress(OSError), (folder / "old.bin").open("wb") as file:
            while True:
                file.write(b"x" * 65536)
        yield
    finally:
        lab.stack.stop_app()
        subprocess.run(["umount", "-l", str(folder)], check=True)
