"""quick_diagnostic_session: one call for an incident; the iron law holds here too."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diagnostics.diagnostic_orchestrator.asynchronous import in_thread
from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
from diagnostics.model.change import Override


def quick_diagnostic_session(
    problem_description: str,
    error_message: str = "",
    db_engine: Any = None,
    solution_function: Callable[[], Any] | None = None,
    verification_function: Callable[[], Any] | None = None,
    *,
    context: Mapping[str, Any] | None = None,
    solution_description: str = "",
    files_to_modify: Sequence[str | os.PathLike[str]] = (),
    database_changes: bool = False,
    monitoring_duration_minutes: float = 5,
    override: Override | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Run phases 1 to 4, and with a ``solution_function`` phases 5 and 6 when the diagnosis is complete.

    Returns:
        The comprehensive report.

    Raises:
        DiagnosisIncompleteError: A solution was given, and no root cause could be named; the solution was not run. The report of what
            was found is in the error's attribute ``report``.
    """
    from diagnostics.errors import DiagnosisIncompleteError

    system = UltimateDiagnosticSystem(db_engine=db_engine, **settings)
    system.phase_1_triage(problem_description, error_message, context)
    system.phase_2_systematic_diagnosis()
    system.phase_3_hypothesis_testing(db_engine=db_engine)
    system.phase_4_root_cause_analysis()
    if solution_function is None:
        return system.generate_comprehensive_report()
    named = solution_description or _named(solution_function)
    try:
        system.phase_5_safe_solution_implementation(
            named,
            solution_function,
            verification_function,
            files_to_modify=files_to_modify,
            database_changes=database_changes,
            override=override,
        )
    except DiagnosisIncompleteError as error:
        error.report = system.generate_comprehensive_report()
        raise
    system.phase_6_post_solution_monitoring(monitoring_duration_minutes)
    return system.generate_comprehensive_report()


async def aquick_diagnostic_session(problem_description: str, *args: Any, **named: Any) -> dict[str, Any]:
    """See ``quick_diagnostic_session``; for callers in an event loop."""
    return await in_thread(quick_diagnostic_session, problem_description, *args, **named)


def _named(function: Callable[[], Any]) -> str:
    doc = (function.__doc__ or "").strip().splitlines()
    return doc[0] if doc else getattr(function, "__name__", "solution").replace("_", " ")
