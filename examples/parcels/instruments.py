"""Instruments of our own: each use case and each call outside as a JSON line, when DIAGNOSTICS_FILE names a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_file = os.environ.get("DIAGNOSTICS_FILE", "")

if _file:
    from diagnostics import DiagnosticLogger, diagnose_function
    from diagnostics.core_diagnostics import bind_traceparent

    diagnostic_logger = DiagnosticLogger("parcels", _file)

    def diagnosed(function: _F) -> _F:
        """Note every call of this function: how long it took and how it ended."""
        return diagnose_function(diagnostic_logger)(function)

    def request_context(headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """What is noted inside belongs to this request, or to the caller's trace if there is one."""
        return bind_traceparent(headers.get("traceparent"))

    def close_instruments() -> None:
        """Write what is still in memory; a worker ends by a signal."""
        diagnostic_logger.close()

else:

    def diagnosed(function: _F) -> _F:
        """Leave the function as it is."""
        return function

    def request_context(headers: Mapping[str, str]) -> AbstractContextManager[object]:
        """Nothing is noted."""
        return nullcontext()

    def close_instruments() -> None:
        """Nothing to close."""
