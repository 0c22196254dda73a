"""The volume for uploads became read-only."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.harness import Lab
from lab.means import volume


@contextmanager
def fault(lab: Lab) -> Iterator[None]:
    with volume(lab.stack.workdir / "volume") as folder:
        lab.stack.restart_app(env={"UPLOAD_DIR": str(folder)})
        time.sleep(5)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        try:
            yield
        finally:
            lab.stack.stop_app()
