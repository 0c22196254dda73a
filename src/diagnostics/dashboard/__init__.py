"""The dashboard: what is watched, what was alerted, what was diagnosed, on pages that need no other program."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnostics.dashboard.access import Access, Role
    from diagnostics.dashboard.app import create_dashboard
    from diagnostics.dashboard.board import Board

_HOME = {
    "Access": "diagnostics.dashboard.access",
    "Board": "diagnostics.dashboard.board",
    "Role": "diagnostics.dashboard.access",
    "create_dashboard": "diagnostics.dashboard.app",
}

__all__ = ["Access", "Board", "Role", "create_dashboard"]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
