"""Look: probes, what they see, and what of it is a finding (phase 2). Names are loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnostics.system_monitor.comprehensive import ComprehensiveMonitor as ComprehensiveMonitor
    from diagnostics.system_monitor.database import DatabaseMetrics as DatabaseMetrics
    from diagnostics.system_monitor.database import DatabaseMonitor as DatabaseMonitor
    from diagnostics.system_monitor.host import SystemMetrics as SystemMetrics
    from diagnostics.system_monitor.host import SystemMonitor as SystemMonitor
    from diagnostics.system_monitor.services import ExternalServiceMetrics as ExternalServiceMetrics
    from diagnostics.system_monitor.services import ExternalServiceMonitor as ExternalServiceMonitor

_HOME = {
    "ComprehensiveMonitor": "comprehensive",
    "DatabaseMetrics": "database",
    "DatabaseMonitor": "database",
    "ExternalServiceMetrics": "services",
    "ExternalServiceMonitor": "services",
    "SystemMetrics": "host",
    "SystemMonitor": "host",
}
__all__ = [
    "ComprehensiveMonitor",
    "DatabaseMetrics",
    "DatabaseMonitor",
    "ExternalServiceMetrics",
    "ExternalServiceMonitor",
    "SystemMetrics",
    "SystemMonitor",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
