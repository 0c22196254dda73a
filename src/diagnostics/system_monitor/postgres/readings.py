"""Short ways to write observations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from diagnostics.model.observation import FailureKind, ProbeFailure, Reading, Unit
from diagnostics.runtime.redaction import redact

TEXT_LIMIT = 300


def label(value: object, limit: int = TEXT_LIMIT) -> str:
    """Return a label's text: one line, bounded, empty for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def labels(**values: object) -> Mapping[str, str]:
    """Return labels as text; keys that end in ``_`` lose it."""
    return {key.rstrip("_"): label(value) for key, value in values.items()}


def reading(
    name: str, value: float | None, unit: Unit, at: datetime, source: str = "", /, **values: object
) -> tuple[Reading, ...]:
    """Return one reading, or none when there is no value."""
    if value is None or not math.isfinite(value):
        return ()
    return (Reading(name=name, value=float(value), unit=unit, at=at, source=source, labels=labels(**values)),)


def failure(
    name: str,
    kind: FailureKind,
    message: str,
    at: datetime,
    *,
    hint: str = "",
    source: str = "",
    elapsed: float = 0.0,
    **values: object,
) -> ProbeFailure:
    """Return a failure with text labels."""
    return ProbeFailure(
        name=name,
        kind=kind,
        message=label(redact(message), 1000) or kind.value,
        at=at,
        hint=hint,
        source=source,
        labels={key: text for key, text in labels(**values).items() if text},
        elapsed_seconds=elapsed,
    )


def number(value: Any) -> float | None:
    """Return a database's number as float, or None."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
