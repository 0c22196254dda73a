"""The phases for callers in an event loop: each runs in a thread, so that the loop goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.results import (
        ExaminationResult,
        HypothesesResult,
        MonitoringResult,
        RootCauseResult,
        SolutionResult,
        TriageResult,
    )

R = TypeVar("R")


async def in_thread(function: Callable[..., R], /, *args: Any, **named: Any) -> R:
    """Run a blocking call beside the event loop; context variables come along."""
    import asyncio

    return await asyncio.to_thread(function, *args, **named)


class AsyncPhases:
    """``await system.aphase_2_systematic_diagnosis()`` and its kin: same arguments, same results."""

    if TYPE_CHECKING:
        phase_1_triage: Callable[..., TriageResult]
        phase_2_systematic_diagnosis: Callable[..., ExaminationResult]
        phase_3_hypothesis_testing: Callable[..., HypothesesResult]
        phase_4_root_cause_analysis: Callable[..., RootCauseResult]
        phase_5_safe_solution_implementation: Callable[..., SolutionResult]
        phase_6_post_solution_monitoring: Callable[..., MonitoringResult]
        generate_comprehensive_report: Callable[..., dict[str, Any]]

    async def aphase_1_triage(self, *args: Any, **named: Any) -> TriageResult:
        """See ``phase_1_triage``."""
        return await in_thread(self.phase_1_triage, *args, **named)

    async def aphase_2_systematic_diagnosis(self) -> ExaminationResult:
        """See ``phase_2_systematic_diagnosis``."""
        return await in_thread(self.phase_2_systematic_diagnosis)

    async def aphase_3_hypothesis_testing(self, *args: Any, **named: Any) -> HypothesesResult:
        """See ``phase_3_hypothesis_testing``."""
        return await in_thread(self.phase_3_hypothesis_testing, *args, **named)

    async def aphase_4_root_cause_analysis(self, *args: Any, **named: Any) -> RootCauseResult:
        """See ``phase_4_root_cause_analysis``."""
        return await in_thread(self.phase_4_root_cause_analysis, *args, **named)

    async def aphase_5_safe_solution_implementation(self, *args: Any, **named: Any) -> SolutionResult:
        """See ``phase_5_safe_solution_implementation``; the given functions may be coroutine functions."""
        return await in_thread(self.phase_5_safe_solution_implementation, *args, **named)

    async def aphase_6_post_solution_monitoring(self, *args: Any, **named: Any) -> MonitoringResult:
        """See ``phase_6_post_solution_monitoring``."""
        return await in_thread(self.phase_6_post_solution_monitoring, *args, **named)

    async def agenerate_comprehensive_report(self) -> dict[str, Any]:
        """See ``generate_comprehensive_report``."""
        return await in_thread(self.generate_comprehensive_report)
