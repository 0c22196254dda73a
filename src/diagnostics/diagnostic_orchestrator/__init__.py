"""Leads an incident through the six phases; the only place where the phase packages meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.quick import aquick_diagnostic_session, quick_diagnostic_session
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.change import Override

_HOME = {
    "Override": "gate",  # kept where the gate is, defined in model.change
    "SessionStore": "store",
    "UltimateDiagnosticSystem": "system",
    "aquick_diagnostic_session": "quick",
    "quick_diagnostic_session": "quick",
}
__all__ = [
    "Override",
    "SessionStore",
    "UltimateDiagnosticSystem",
    "aquick_diagnostic_session",
    "quick_diagnostic_session",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
