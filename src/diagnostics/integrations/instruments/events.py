"""Events of other libraries as events of a logger; never raises into them."""

from __future__ import annotations

from typing import Any

from diagnostics.core_diagnostics import writer
from diagnostics.core_diagnostics.capture import capture_error, freeze_mapping
from diagnostics.core_diagnostics.correlation import CURRENT, Unsampled
from diagnostics.core_diagnostics.logger import DiagnosticLogger


def emit(
    logger: DiagnosticLogger,
    event: str,
    name: str,
    *,
    seconds: float | None = None,
    level: str = "INFO",
    message: str = "",
    error: BaseException | None = None,
    fields: dict[str, Any] | None = None,
) -> None:
    """Make an event that ends here and now; one that went well in work that was sampled out is left out.

    Args:
        logger: Who logs.
        event: Kind, as ``request`` or ``query``.
        name: A fixed text: what is summed up by it.
        seconds: How long it took; None for what has no duration.
        level: As in standard logging.
        message: For people.
        error: What went wrong.
        fields: What else there is to say; secrets are taken out on the writer's thread.
    """
    if logger.off:
        return
    try:
        if level == "INFO" and error is None and isinstance(CURRENT.get(), Unsampled):
            return
        site = logger.site(event, name)
        more: dict[str, Any] = {"level": level}
        if seconds is None:
            site.history = None
        else:
            more["outcome"] = "ok" if error is None and level != "ERROR" else "error"
        if message:
            more["message"] = message
        if fields:
            more["fields"] = freeze_mapping(fields)
        if error is not None:
            more["error"] = capture_error(error, detail=False)
        logger.emit(site, more, seconds=seconds or 0.0)
    except Exception as failure:  # noqa: BLE001 - our own failure must not become the host's
        writer.complain("diagnostics_event_lost", f"{type(failure).__name__}: {failure}")
