"""Phase 5: change safely. Proven backups, a journal, verification, and a way back that survives a crash."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diagnostics.model.change import (
        ChangeRecord,
        ChangeState,
        ImplementationResult,
        ImplementationStatus,
        Override,
        Plan,
        RecoveryOutcome,
        RiskLevel,
        RollbackDifficulty,
        Solution,
        SolutionAssessment,
        StepOutcome,
    )
    from diagnostics.safe_implementation.actions import action_names, get_action
    from diagnostics.safe_implementation.backup import BackupState
    from diagnostics.safe_implementation.guardrails import Bucket, Watch
    from diagnostics.safe_implementation.manager import (
        SafeImplementationManager,
        implement_solution_with_backup,
        rollback_change,
    )
    from diagnostics.safe_implementation.recovery import confirm, default_store, list_changes, recover, resolve
    from diagnostics.safe_implementation.steps import ImplementationStep

_MODEL = "diagnostics.model.change"
_HERE = "diagnostics.safe_implementation"
_WHERE = {
    **dict.fromkeys(
        ("ChangeRecord", "ChangeState", "ImplementationResult", "ImplementationStatus", "Override", "Plan",
         "RecoveryOutcome", "RiskLevel", "RollbackDifficulty", "Solution", "SolutionAssessment", "StepOutcome"),
        _MODEL,
    ),
    "BackupState": f"{_HERE}.backup",
    "ImplementationStep": f"{_HERE}.steps",
    **dict.fromkeys(
        ("SafeImplementationManager", "implement_solution_with_backup", "rollback_change"), f"{_HERE}.manager"
    ),
    **dict.fromkeys(("confirm", "default_store", "list_changes", "recover", "resolve"), f"{_HERE}.recovery"),
    **dict.fromkeys(("Bucket", "Watch"), f"{_HERE}.guardrails"),
    **dict.fromkeys(("action_names", "get_action"), f"{_HERE}.actions"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


__all__ = [
    "BackupState", "Bucket", "ChangeRecord", "ChangeState", "ImplementationResult", "ImplementationStatus", "ImplementationStep",
    "Override", "Plan", "RecoveryOutcome", "RiskLevel", "RollbackDifficulty", "SafeImplementationManager", "Solution",
    "SolutionAssessment", "StepOutcome", "Watch", "action_names", "confirm", "default_store", "get_action",
    "implement_solution_with_backup", "list_changes", "recover", "resolve", "rollback_change",
]  # fmt: skip
