"""What each phase returns: typed values that can also be read like mappings and written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnostics.model.diagnosis import CouldNotLook, JudgedAnswer, RootCause, Why
from diagnostics.model.finding import Finding
from diagnostics.model.problem import Candidate, Category, ProblemPriority, Severity
from diagnostics.model.record import Record
from diagnostics.model.whys import WhyTree


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageResult(Record):
    """Phase 1: where the problem lies and how bad it is, from the report alone."""

    session_id: str
    timestamp: str
    problem_description: str
    error_message: str
    context: Mapping[str, str]
    category: Category
    severity: Severity
    candidates: tuple[Candidate, ...]
    confidence: float
    reason: str
    symptoms: tuple[str, ...]
    recommended_next_steps: tuple[str, ...]
    elapsed_seconds: float

    @property
    def priority(self) -> ProblemPriority:
        return ProblemPriority.of(self.severity)

    @property
    def problem_type(self) -> Category:
        return self.category

    @property
    def root_cause_candidates(self) -> tuple[str, ...]:
        """Ids of the mechanisms that the text speaks for, best first."""
        return tuple(c.mechanism for c in self.candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationResult(Record):
    """Phase 2: what the probes saw and what the detectors made of it."""

    timestamp: str
    observations: int
    findings: tuple[Finding, ...]
    critical_findings: tuple[str, ...]
    could_not_look: tuple[CouldNotLook, ...]
    recommended_hypotheses: tuple[str, ...]
    elapsed_seconds: float

    @property
    def overall_health(self) -> str:
        """``sick`` when a symptom was seen, ``quiet`` when none was, ``unseen`` when nobody could look."""
        if self.critical_findings:
            return "sick"
        return "unseen" if self.observations == 0 else "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisVerdict(Record):
    """One hypothesis of phase 3: what it predicts, what was seen, and the verdict.

    Attributes:
        hypothesis: Id of the mechanism, or the name of a hypothesis of the caller.
        verdict: supported, refuted or inconclusive.
        tested_by: ``causal map`` or ``conditions``.
        seen: Predictions that were observed, ``missing``: that were looked for and not seen, ``unseen``: nobody could look.
    """

    hypothesis: str
    title: str
    verdict: str
    posterior: float
    reason: str
    tested_by: str
    seen: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overall_result(self) -> str:
        """The verdict in the words of the previous API."""
        return {"supported": "CONFIRMED", "refuted": "REJECTED"}.get(self.verdict, "INCONCLUSIVE")


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesesResult(Record):
    """Phase 3: the race of all hypotheses, and the experiments that were run to decide it."""

    timestamp: str
    hypothesis_results: tuple[HypothesisVerdict, ...]
    experiments: tuple[str, ...]
    leader: str
    leader_posterior: float
    elapsed_seconds: float

    @property
    def hypotheses_tested(self) -> int:
        return len(self.hypothesis_results)

    @property
    def confirmed_hypotheses(self) -> tuple[str, ...]:
        return self._with("supported")

    @property
    def rejected_hypotheses(self) -> tuple[str, ...]:
        return self._with("refuted")

    @property
    def inconclusive_hypotheses(self) -> tuple[str, ...]:
        return self._with("inconclusive")

    def _with(self, verdict: str) -> tuple[str, ...]:
        return tuple(h.hypothesis for h in self.hypothesis_results if h.verdict == verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCauseResult(Record):
    """Phase 4: the root cause and the chain to it; or why none could be named."""

    timestamp: str
    status: str
    root_cause: str
    mechanism: str
    confidence: float
    reason: str
    five_whys: tuple[Why, ...]
    user_answers: tuple[JudgedAnswer, ...]
    root_causes: tuple[RootCause, ...]
    ruled_out: tuple[str, ...]
    missing: tuple[str, ...]
    recommended_solutions: tuple[str, ...]
    elapsed_seconds: float
    why_tree: WhyTree | None = None

    @property
    def root_cause_confidence(self) -> float:
        return self.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionResult(Record):
    """Phase 5: what was changed, and how it ended."""

    timestamp: str
    solution_description: str
    success: bool
    status: str
    change_id: str
    assessment: Mapping[str, Any]
    implementation_result: Mapping[str, Any]
    override: Mapping[str, str] | None
    elapsed_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringResult(Record):
    """Phase 6: how the service does after the change; ``state`` is ``watching`` until the time is over."""

    timestamp: str
    state: str
    monitoring_duration_minutes: float
    watched: tuple[str, ...]
    initial_health: Mapping[str, Any]
    final_health: Mapping[str, Any]
    verdict: str
    reason: str
    checks: tuple[Mapping[str, str], ...]
    total_alerts: int
    recommendations: tuple[str, ...]

    @property
    def duration_seconds(self) -> float:
        return self.monitoring_duration_minutes * 60

    @property
    def monitoring_successful(self) -> bool:
        """Whether the watch has ended and the fix held."""
        return self.state == "done" and self.verdict == "holds"
