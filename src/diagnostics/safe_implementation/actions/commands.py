"""Run a program of the system to its end, without a shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from diagnostics.errors import ApplyError
from diagnostics.runtime.redaction import redact, shorten


def run(
    command: Sequence[str],
    *,
    cwd: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    check: bool = True,
) -> tuple[int, str]:
    """Return exit code and output; both streams together, in their order.

    Raises:
        ApplyError: It failed (unless ``check`` is off), took too long or is not installed.
    """
    try:
        done = subprocess.run(
            list(command),
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise ApplyError(f"{command[0]} is not installed or {cwd} does not exist.") from error
    except subprocess.TimeoutExpired as error:
        raise ApplyError(f"{command[0]} did not end within {timeout:.0f} s and was ended.") from error
    output = done.stdout.decode(errors="replace").strip()
    if check and done.returncode:
        raise ApplyError(f"{Path(command[0]).name} failed: {shorten(redact(' '.join(output.splitlines()[-5:])), 500)}")
    return done.returncode, output
