"""Finds the root cause of a sick Python backend with evidence, and cures it safely.

Public names are imported when first used, so that ``import diagnostics`` costs a service next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from diagnostics.core_diagnostics import (
        DiagnosticLogger,
        ProblemPriority,
        classify_problem_priority,
        classify_problem_type,
        debug_context,
        diagnose_function,
        diagnostic_context,
        diagnostic_logger,
        log_system_state,
        validate_data,
    )
    from diagnostics.diagnostic_orchestrator import UltimateDiagnosticSystem, quick_diagnostic_session
    from diagnostics.errors import DiagnosisIncompleteError, DiagnosticsError
    from diagnostics.hypothesis_testing import (
        CommonHypotheses,
        FiveWhysAnalyzer,
        HypothesisResult,
        HypothesisTester,
        TestCondition,
    )
    from diagnostics.post_solution_monitoring import (
        HealthCheck,
        HealthReport,
        HealthStatus,
        MonitoringAlert,
        PostSolutionMonitor,
        create_health_endpoint,
        temporary_monitoring,
    )
    from diagnostics.safe_implementation import (
        BackupState,
        ImplementationStep,
        RiskLevel,
        SafeImplementationManager,
        SolutionAssessment,
        implement_solution_with_backup,
    )
    from diagnostics.system_monitor import (
        ComprehensiveMonitor,
        DatabaseMetrics,
        DatabaseMonitor,
        ExternalServiceMetrics,
        ExternalServiceMonitor,
        SystemMetrics,
        SystemMonitor,
    )

#: Public name -> module that holds it.
_EXPORTS: dict[str, str] = {
    "DiagnosticLogger": "diagnostics.core_diagnostics",
    "ProblemPriority": "diagnostics.core_diagnostics",
    "classify_problem_priority": "diagnostics.core_diagnostics",
    "classify_problem_type": "diagnostics.core_diagnostics",
    "debug_context": "diagnostics.core_diagnostics",
    "diagnose_function": "diagnostics.core_diagnostics",
    "diagnostic_context": "diagnostics.core_diagnostics",
    "diagnostic_logger": "diagnostics.core_diagnostics",
    "log_system_state": "diagnostics.core_diagnostics",
    "validate_data": "diagnostics.core_diagnostics",
    "ComprehensiveMonitor": "diagnostics.system_monitor",
    "DatabaseMetrics": "diagnostics.system_monitor",
    "DatabaseMonitor": "diagnostics.system_monitor",
    "ExternalServiceMetrics": "diagnostics.system_monitor",
    "ExternalServiceMonitor": "diagnostics.system_monitor",
    "SystemMetrics": "diagnostics.system_monitor",
    "SystemMonitor": "diagnostics.system_monitor",
    "CommonHypotheses": "diagnostics.hypothesis_testing",
    "FiveWhysAnalyzer": "diagnostics.hypothesis_testing",
    "HypothesisResult": "diagnostics.hypothesis_testing",
    "HypothesisTester": "diagnostics.hypothesis_testing",
    "TestCondition": "diagnostics.hypothesis_testing",
    "BackupState": "diagnostics.safe_implementation",
    "ImplementationStep": "diagnostics.safe_implementation",
    "RiskLevel": "diagnostics.safe_implementation",
    "SafeImplementationManager": "diagnostics.safe_implementation",
    "SolutionAssessment": "diagnostics.safe_implementation",
    "implement_solution_with_backup": "diagnostics.safe_implementation",
    "HealthCheck": "diagnostics.post_solution_monitoring",
    "HealthReport": "diagnostics.post_solution_monitoring",
    "HealthStatus": "diagnostics.post_solution_monitoring",
    "MonitoringAlert": "diagnostics.post_solution_monitoring",
    "PostSolutionMonitor": "diagnostics.post_solution_monitoring",
    "create_health_endpoint": "diagnostics.post_solution_monitoring",
    "temporary_monitoring": "diagnostics.post_solution_monitoring",
    "UltimateDiagnosticSystem": "diagnostics.diagnostic_orchestrator",
    "quick_diagnostic_session": "diagnostics.diagnostic_orchestrator",
    "DiagnosisIncompleteError": "diagnostics.errors",
    "DiagnosticsError": "diagnostics.errors",
}

__all__ = [
    "BackupState",
    "CommonHypotheses",
    "ComprehensiveMonitor",
    "DatabaseMetrics",
    "DatabaseMonitor",
    "DiagnosisIncompleteError",
    "DiagnosticLogger",
    "DiagnosticsError",
    "ExternalServiceMetrics",
    "ExternalServiceMonitor",
    "FiveWhysAnalyzer",
    "HealthCheck",
    "HealthReport",
    "HealthStatus",
    "HypothesisResult",
    "HypothesisTester",
    "ImplementationStep",
    "MonitoringAlert",
    "PostSolutionMonitor",
    "ProblemPriority",
    "RiskLevel",
    "SafeImplementationManager",
    "SolutionAssessment",
    "SystemMetrics",
    "SystemMonitor",
    "TestCondition",
    "UltimateDiagnosticSystem",
    "__version__",
    "classify_problem_priority",
    "classify_problem_type",
    "create_health_endpoint",
    "debug_context",
    "diagnose_function",
    "diagnostic_context",
    "diagnostic_logger",
    "implement_solution_with_backup",
    "log_system_state",
    "quick_diagnostic_session",
    "temporary_monitoring",
    "validate_data",
]


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
