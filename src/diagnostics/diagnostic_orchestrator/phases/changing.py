"""Phase 5: hand the caller's functions to the safe-change machine, with backups around them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostics.diagnostic_orchestrator.results import SolutionResult
from diagnostics.model.change import Solution
from diagnostics.model.record import plain
from diagnostics.runtime.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller wants done."""

    solution_description: str
    implementation_function: Callable[[], Any]
    verification_function: Callable[[], Any] | None
    rollback_function: Callable[[], Any] | None
    files: tuple[str, ...]
    database: bool
    tables: tuple[str, ...] | None
    restart: bool
    timeout_seconds: float
    in_child: bool = False
    confirm_within_seconds: float | None = None
    repository: str | os.PathLike[str] | None = None


def implement(
    wanted: Wanted,
    *,
    solution: Solution,
    engine: Any,
    changes_dir: str | os.PathLike[str] | None,
    clock: Clock,
    began: float,
) -> SolutionResult:
    """Assess, back up, apply, verify; return how it ended.

    ``solution`` is the permission: it cannot exist without a completed diagnosis or a person who overrides.
    """
    from diagnostics.safe_implementation import ImplementationStep, SafeImplementationManager

    manager = SafeImplementationManager(backup_dir=changes_dir, db_engine=engine, clock=clock)
    assessment = SafeImplementationManager.assess_solution_impact(
        solution_description=wanted.solution_description,
        files_to_modify=list(wanted.files),
        database_changes=wanted.database,
        service_restart_required=wanted.restart,
        repository=wanted.repository,
        database=engine if wanted.database else None,
        verification_function_given=wanted.verification_function is not None,
    )
    step = ImplementationStep(
        step_id="apply",
        description=wanted.solution_description,
        action=wanted.implementation_function,
        rollback_action=wanted.rollback_function,
        timeout_seconds=wanted.timeout_seconds,
        in_child=wanted.in_child,
    )
    outcome = manager.implement_solution_safely(
        f"{solution.diagnosis_id or 'override'}-{clock.now():%Y%m%dT%H%M%S}",
        [step],
        assessment,
        verification_function=wanted.verification_function,
        files=wanted.files,
        database=wanted.database,
        tables=wanted.tables,
        confirm_within_seconds=wanted.confirm_within_seconds,
    )
    return SolutionResult(
        timestamp=clock.now().isoformat(),
        solution_description=wanted.solution_description,
        success=str(outcome.status) in ("SUCCESS", "UNCONFIRMED"),
        status=str(outcome.status),
        change_id=str(getattr(outcome, "change_id", "") or outcome.backup_id or ""),
        assessment=plain(assessment),
        implementation_result=plain(outcome),
        override=dict(solution.override) if solution.override else None,
        elapsed_seconds=clock.monotonic() - began,
    )
