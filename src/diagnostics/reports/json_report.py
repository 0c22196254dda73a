"""The report as JSON: the keys of the specification as they are, always English."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from diagnostics.model.record import plain

SCHEMA_VERSION = 1


def render(report: Mapping[str, Any]) -> str:
    """Return one JSON document with a ``schema_version``; what is not a number is ``null``."""
    document = clean(plain(report))
    return (
        json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    )


def clean(value: Any) -> Any:
    """Return plain data that every JSON reader and file takes: no NaN, no infinity, no half characters."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [clean(v) for v in value]
    return value
