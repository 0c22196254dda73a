"""UltimateDiagnosticSystem: six phases on one causal map, and the iron law between the fourth and the fifth."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from diagnostics.causal_map.graph import CausalMap
from diagnostics.core_diagnostics.classification import classify
from diagnostics.diagnostic_orchestrator import marking, reopening
from diagnostics.diagnostic_orchestrator import report as reporting
from diagnostics.diagnostic_orchestrator.asynchronous import AsyncPhases
from diagnostics.diagnostic_orchestrator.gate import require_diagnosis
from diagnostics.diagnostic_orchestrator.phases import (
    changing,
    deciding,
    experiments,
    hypotheses,
    looking,
    remedying,
    watching,
)
from diagnostics.diagnostic_orchestrator.recording import Recording
from diagnostics.diagnostic_orchestrator.results import (
    ExaminationResult,
    HypothesesResult,
    MonitoringResult,
    RootCauseResult,
    SolutionResult,
    TriageResult,
)
from diagnostics.diagnostic_orchestrator.store import SessionStore
from diagnostics.errors import DiagnosisIncompleteError
from diagnostics.hypothesis_testing.hypothesis import Look
from diagnostics.hypothesis_testing.inference import marginal, rank
from diagnostics.hypothesis_testing.whys.answers import judge_answers
from diagnostics.hypothesis_testing.whys.tree import grow
from diagnostics.hypothesis_testing.whys.walk import diagnose
from diagnostics.model.change import Override, Solution
from diagnostics.model.diagnosis import CouldNotLook, Diagnosis
from diagnostics.model.event import EventKind
from diagnostics.model.finding import NO_BASELINE, Baseline, Evidence, Finding, State
from diagnostics.model.mechanism import Kind
from diagnostics.model.observation import Observations
from diagnostics.model.problem import Problem, Triage
from diagnostics.model.target import Target
from diagnostics.plugins.registry import full_map
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, redact_mapping

if TYPE_CHECKING:
    from diagnostics.post_solution_monitoring.monitor import PostSolutionMonitor

#: Where everybody looks when the text does not say where to begin.
_FIRST_STEPS = ("phase_2_systematic_diagnosis() runs every probe, read-only",)
#: Longest first look: a sick service answers our own requests late, and the rest is read in two seconds.
LOOK_SECONDS = 7.0
#: For so long after a change the window of the log probe holds lines from before it.
LOG_MEMORY_SECONDS = 65.0
Progress = Callable[[str, str], None]
R = TypeVar("R")


class UltimateDiagnosticSystem(AsyncPhases):
    """Leads one incident from its report to a cure that lasts.

    From inside an application nothing but the engine is needed: the own process, the engine's database and pool, and ``log_file`` are
    looked at. From outside, a ``Target`` says what may be looked at. No method blocks an event loop when it is called through its
    ``a``-variant (``await system.aphase_2_systematic_diagnosis()``).
    """

    def __init__(
        self,
        project_name: str = "backend",
        db_engine: Any = None,
        log_file: str | os.PathLike[str] | None = None,
        *,
        target: Target | None = None,
        baseline: Baseline = NO_BASELINE,
        store: SessionStore | None = None,
        changes_dir: str | os.PathLike[str] | None = None,
        causal_map: CausalMap | None = None,
        clock: Clock = SYSTEM_CLOCK,
        deadline_seconds: float = 20.0,
        window_seconds: float = 2.0,
        progress: Progress | None = None,
        session_id: str | None = None,
        logger: Any = None,
    ) -> None:
        """Prepare a session; nothing is looked at yet.

        Args:
            project_name: For reports.
            db_engine: SQLAlchemy ``Engine`` or ``AsyncEngine`` of the application.
            log_file: Where the diagnostic log goes; read as evidence too.
            target: What may be looked at; made from the other arguments when not given.
            baseline: What was normal (``diagnose record``).
            store: Where sessions are kept; not kept when None.
            changes_dir: Store of journals and backups of phase 5.
            causal_map: The map; the one that is shipped when None.
            clock: Source of time.
            deadline_seconds: For phases 1 to 4 together.
            window_seconds: Over which rates are measured.
            progress: Called with ``(phase, what)`` as the work goes on.
            session_id: To continue a session under its name.
            logger: A ``DiagnosticLogger``; made for ``log_file`` when None.
        """
        self.project_name = project_name
        self.db_engine = db_engine
        self.clock = clock
        self.started_at = clock.now()
        self.session_id = session_id or f"diag_{self.started_at.timestamp():.6f}".replace(".", "_")
        self.target = target if target is not None else _target_from_inside(project_name, db_engine, log_file)
        self.baseline = baseline
        self.causal_map = causal_map if causal_map is not None else full_map()
        self.store = store
        self.changes_dir = changes_dir
        self.deadline_seconds = deadline_seconds
        self.window_seconds = window_seconds
        self._progress = progress or (lambda _phase, _what: None)
        self._logger = logger
        self._log_file = log_file
        self.problem = Problem()
        self.triage: Triage | None = None
        self.observations = Observations()
        self.findings: tuple[Finding, ...] = ()
        self.diagnosis: Diagnosis | None = None
        self.before: Mapping[str, Any] = {}
        self.after: Mapping[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.timeline: list[dict[str, str]] = []
        #: A monitor that is silent while a change is made and verified; its charts show incidents, fixes and rollbacks.
        self.monitor: PostSolutionMonitor | None = None
        #: The earlier session whose fix had held and whose cause is back; empty when none.
        self.reopens = ""
        self.could_not_look: tuple[CouldNotLook, ...] = ()
        self._spent = 0.0
        self._watch: watching.Watch | None = None
        self._changed_at: float | None = None
        #: What phase 6 watches; what the diagnosis rests on when empty.
        self.watched_findings: tuple[str, ...] = ()
        #: Called instead of ``look_again`` in phase 6, for a caller that wants to show each look.
        self.look_again_hook: Callable[[], Mapping[str, bool | None]] | None = None

    @property
    def logger(self) -> Any:
        """The diagnostic logger of the session; made when first asked for."""
        if self._logger is None:
            from diagnostics.core_diagnostics import DiagnosticLogger

            self._logger = DiagnosticLogger(
                f"{self.project_name}.diagnostics",
                Path(self._log_file) if self._log_file is not None else None,
            )
        return self._logger

    # -- phase 1 -----------------------------------------------------------------------------------------------------

    def phase_1_triage(
        self, problem_description: str = "", error_message: str = "", context: Mapping[str, Any] | None = None
    ) -> TriageResult:
        """Classify the report: category, severity, candidates. Text narrows; it does not decide."""
        began = self._begin("phase_1", "reading the report")
        self.problem = Problem(
            description=redact(str(problem_description or "")),
            error_message=redact(str(error_message or "")),
            # By name too: `password=hunter2` is a secret although `hunter2` alone is a word.
            context={key: str(value) for key, value in redact_mapping(context or {}).items()},
            reported_at=self.clock.now(),
        )
        self.triage = classify(self.problem)
        candidates = [f"test {c.mechanism}: {c.because}" for c in self.triage.candidates[:3]]
        result = TriageResult(
            session_id=self.session_id,
            timestamp=_iso(self.clock.now()),
            problem_description=self.problem.description,
            error_message=self.problem.error_message,
            context=self.problem.context,
            category=self.triage.category,
            severity=self.triage.severity,
            candidates=self.triage.candidates,
            confidence=self.triage.confidence,
            reason=self.triage.reason,
            symptoms=self.triage.symptoms,
            recommended_next_steps=(*_FIRST_STEPS, *candidates),
            elapsed_seconds=self.clock.monotonic() - began,
        )
        return self._end("phase_1", result, f"{result.priority}, {result.category}", began)

    # -- phase 2 -----------------------------------------------------------------------------------------------------

    def phase_2_systematic_diagnosis(self) -> ExaminationResult:
        """Run every probe that the target allows, side by side and reading only; turn what they saw into findings."""
        began = self._begin("phase_2", "looking")
        look = max(0.3, min(LOOK_SECONDS, max(self._time_left() - 3.0, 0.6 * self._time_left())))
        self.observations = looking.observe(
            self.target,
            engine=self.db_engine,
            baseline=self.baseline,
            clock=self.clock,
            deadline_seconds=look,
            # Rates need two readings well before the deadline, also of a person with one second to spare.
            window_seconds=min(self.window_seconds, look / 2),
        )
        self._conclude()
        self.before = reporting.performance_of(self.observations)
        present = sorted((f for f in self.findings if f.state is State.PRESENT), key=lambda f: -f.strength)
        symptoms = [f.sentence for f in present if self.causal_map[f.mechanism].kind is Kind.SYMPTOM]
        result = ExaminationResult(
            timestamp=_iso(self.clock.now()),
            observations=len(self.observations),
            findings=tuple(present),
            critical_findings=tuple(symptoms),
            could_not_look=self.could_not_look,
            recommended_hypotheses=tuple(
                f.mechanism for f in present if self.causal_map[f.mechanism].kind is Kind.CAUSE
            ),
            elapsed_seconds=self.clock.monotonic() - began,
        )
        return self._end("phase_2", result, f"{result.observations} observations, {len(present)} findings", began)

    # -- phase 3 -----------------------------------------------------------------------------------------------------

    def phase_3_hypothesis_testing(
        self,
        custom_hypotheses: hypotheses.Custom | None = None,
        db_engine: Any = None,
        service_url: str | None = None,
    ) -> HypothesesResult:
        """Let all causes of the map race, run experiments while two are close, and test the caller's own hypotheses.

        Args:
            custom_hypotheses: Ids of mechanisms, ``database_connectivity_issues``, ``resource_exhaustion`` or
                ``external_service_failure``, ``Hypothesis`` values, or a mapping from names to ``TestCondition`` lists.
            db_engine: For the tests of connectivity; the session's engine when None.
            service_url: For ``external_service_failure``; the first of the target's services when None.
        """
        began = self._begin("phase_3", "testing hypotheses")
        ranking = rank(self.causal_map, self.findings)
        ran: tuple[str, ...] = ()
        close = deciding.close_race(self.causal_map, self.findings, ranking) if self.observations else ()
        if close and self._time_left() > 3.0:
            self._progress("phase_3", f"experiment: separating {', '.join(close[:3])}")
            self.observations, ran = experiments.second_look(
                self.causal_map,
                ranking,
                self.findings,
                self._evidence(self.observations, triage=self.triage),
                self.target,
                baseline=self.baseline,
                clock=self.clock,
                deadline_seconds=min(8.0, self._time_left() - 1.0),
            )
            self._conclude()
            ranking = rank(self.causal_map, self.findings)
        self.observations, explained = experiments.explain_scans(
            self.target, self.observations, self.findings, clock=self.clock
        )
        if explained:
            ran = (*ran, *explained)
            self._conclude()
            ranking = rank(self.causal_map, self.findings)
        suspected = [c.mechanism for c in self.triage.candidates] if self.triage else []
        asked = [name for name in custom_hypotheses or () if isinstance(name, str) and name in self.causal_map]
        verdicts = [
            deciding.verdict_on(self.causal_map, id_, self.findings, ranking)
            for id_ in deciding.worth_reporting(self.causal_map, self.findings, ranking, [*asked, *suspected])
        ]
        verdicts.extend(
            hypotheses.tested(
                custom_hypotheses,
                causal_map=self.causal_map,
                engine=db_engine if db_engine is not None else self.db_engine,
                service=service_url or next((url for url in self.target.services if url.startswith("http")), None),
                clock=self.clock,
            )
        )
        result = HypothesesResult(
            timestamp=_iso(self.clock.now()),
            hypothesis_results=tuple(verdicts),
            experiments=ran,
            leader=ranking[0].name,
            leader_posterior=ranking[0].posterior,
            elapsed_seconds=self.clock.monotonic() - began,
        )
        return self._end("phase_3", result, f"{result.leader} leads with {result.leader_posterior:.0%}", began)

    # -- phase 4 -----------------------------------------------------------------------------------------------------

    def phase_4_root_cause_analysis(self, why_answers: Sequence[str] | None = None) -> RootCauseResult:
        """Walk from the symptom to the root cause; judge the caller's own whys, if there are any.

        Args:
            why_answers: Answers to "why?", from the symptom down; each is supported, contradicted or left silent by the evidence.
        """
        began = self._begin("phase_4", "asking why")
        diagnosis = diagnose(self.causal_map, self.findings, could_not_look=self.could_not_look)
        self.diagnosis = diagnosis
        judged = judge_answers(
            self.causal_map,
            self.problem.description or self.problem.error_message,
            list(why_answers or ()),
            diagnosis.findings,
        )
        cause = diagnosis.root_cause
        result = RootCauseResult(
            timestamp=_iso(self.clock.now()),
            status=str(diagnosis.status),
            root_cause=cause.title if cause else "",
            mechanism=cause.mechanism if cause else "",
            confidence=cause.posterior if cause else 0.0,
            reason=diagnosis.reason,
            five_whys=cause.whys if cause else (),
            user_answers=judged,
            root_causes=diagnosis.root_causes,
            ruled_out=diagnosis.ruled_out,
            missing=diagnosis.missing,
            recommended_solutions=cause.remedies if cause else (),
            why_tree=grow(
                self.causal_map,
                diagnosis.findings,
                cause.mechanism if cause else None,
                posteriors=marginal(diagnosis.ranking),
                observations=self.observations,
                baseline=self.baseline,
            ),
            elapsed_seconds=self.clock.monotonic() - began,
        )
        return self._end("phase_4", result, diagnosis.reason, began)

    # -- phase 5 -----------------------------------------------------------------------------------------------------

    def phase_5_safe_solution_implementation(
        self,
        solution_description: str,
        implementation_function: Callable[[], Any],
        verification_function: Callable[[], Any] | None = None,
        *,
        rollback_function: Callable[[], Any] | None = None,
        files_to_modify: Sequence[str | os.PathLike[str]] = (),
        database_changes: bool = False,
        tables: Sequence[str] | None = None,
        service_restart_required: bool = False,
        timeout_seconds: float = 300.0,
        in_child: bool = False,
        confirm_within_seconds: float | None = None,
        override: Override | None = None,
    ) -> SolutionResult:
        """Back up, apply under a journal, verify, and roll back if it did not help.

        With ``in_child`` the function runs in a child process, which is ended when it hangs; with
        ``confirm_within_seconds`` the change undoes itself unless ``safe_implementation.confirm`` is called in time.

        Raises:
            DiagnosisIncompleteError: Phases 1 to 4 have not named a root cause, and no person overrides that.
        """
        require_diagnosis(self._done(), self.diagnosis, override)
        began = self._begin("phase_5", "backing up")
        wanted = changing.Wanted(
            solution_description=solution_description,
            implementation_function=implementation_function,
            verification_function=verification_function,
            rollback_function=rollback_function,
            files=tuple(str(f) for f in files_to_modify),
            database=database_changes or tables is not None,
            tables=tuple(tables) if tables is not None else None,
            restart=service_restart_required,
            timeout_seconds=timeout_seconds,
            in_child=in_child,
            confirm_within_seconds=confirm_within_seconds,
            repository=self.target.repository,
        )
        with marking.silence(self.monitor, f"change: {solution_description}"):
            result = changing.implement(
                wanted,
                solution=self._solution(solution_description, override),
                engine=self.db_engine,
                changes_dir=self.changes_dir,
                clock=self.clock,
                began=began,
            )
        self._mark(marking.kind_of(result.status), solution_description)
        return self._end("phase_5", result, f"{result.status}: {solution_description}", began)

    def phase_5_apply_remedy(
        self,
        planned: remedying.RemedyPlan | None = None,
        *,
        consent: bool = False,
        override: Override | None = None,
    ) -> SolutionResult:
        """Apply the remedy that the map has for the root cause; it stays only when the finding flips.

        Args:
            planned: From ``remedying.plan_remedy``; planned for the diagnosed root cause when None.
            consent: A person agrees to what cannot be undone.
            override: A person acts without a completed diagnosis; needs ``planned``.

        Raises:
            DiagnosisIncompleteError: Phases 1 to 4 have not named a root cause, and no person overrides that.
            ApplyError: The remedy does not run by itself, or needs consent; nothing was changed.
        """
        require_diagnosis(self._done(), self.diagnosis, override)
        began = self._begin("phase_5", "planning")
        if planned is None:
            cause = self.diagnosis.root_cause if self.diagnosis is not None else None
            if cause is None:
                raise DiagnosisIncompleteError(("a remedy to apply",), next_step="give `planned`, made by plan_remedy")
            planned = remedying.plan_remedy(
                self.causal_map,
                cause.mechanism,
                cause.subject,
                self.target,
                changes_dir=self.changes_dir,
                clock=self.clock,
            )
        mechanism = planned.mechanism
        solution = self._solution(planned.remedy.title, override, planned)
        with marking.silence(self.monitor, f"change: {planned.remedy.title}"):
            outcome = remedying.run_remedy(
                planned,
                solution,
                self.target,
                still_present=lambda: self.look_for(mechanism),
                consent=consent,
                changes_dir=self.changes_dir,
                clock=self.clock,
                progress=lambda text: self._progress("phase_5", text),
            )
        title = planned.plan.title if planned.plan is not None else planned.remedy.title
        self._mark(marking.kind_of(str(outcome.status)), title)
        result = SolutionResult(
            timestamp=_iso(self.clock.now()),
            solution_description=title,
            success=outcome.succeeded,
            status=str(outcome.status),
            change_id=outcome.backup_id or "",
            assessment={**planned.assessment, "plan": list(planned.plan.steps) if planned.plan is not None else []},
            implementation_result=outcome.to_dict(),
            override=dict(solution.override) if solution.override else None,
            elapsed_seconds=self.clock.monotonic() - began,
        )
        return self._end("phase_5", result, f"{result.status}: {title}", began)

    # -- phase 6 -----------------------------------------------------------------------------------------------------

    def phase_6_post_solution_monitoring(
        self,
        monitoring_duration_minutes: float = 60,
        *,
        wait: bool = False,
        interval_seconds: float | None = None,
    ) -> MonitoringResult:
        """Keep watching the findings of the walk and the symptom.

        Returns at once with state ``watching`` (the watch goes on in the background and ends by itself), or when the time is over
        with ``wait=True``.
        """
        began = self._begin("phase_6", f"watching for {monitoring_duration_minutes:g} min")
        if self._watch is not None:
            self._watch.stop()
        self._watch = watching.Watch(
            names=self._watched(),
            look=self.look_again_hook or self.look_again,
            engine=self.db_engine,
            minutes=monitoring_duration_minutes,
            interval_seconds=interval_seconds,
            clock=self.clock,
            logger=self._logger,
        )
        self._watch.start()
        result = self._watch.wait() if wait else self._watch.result()
        return self._end("phase_6", result, f"{result.state}: {result.verdict}", began)

    def monitoring_result(self) -> MonitoringResult | None:
        """Return what the watch of phase 6 has seen so far; None when it was never started."""
        if self._watch is None:
            return None
        self.results["phase_6"] = self._watch.result()
        return self._watch.result()

    def close(self) -> None:
        """End the watch of phase 6 if it still runs."""
        if self._watch is not None:
            self._watch.stop()

    # -- report ------------------------------------------------------------------------------------------------------

    def generate_comprehensive_report(self) -> dict[str, Any]:
        """Return everything about the session as plain values; ``reports`` renders them as text."""
        self.monitoring_result()
        return reporting.build(self)

    def look(self) -> Look:
        """Look once at the target: what was read, and what the detectors make of it. Give it to ``CommonHypotheses``."""
        observations = self._look_once()
        evidence = self._evidence(observations, triage=None)
        return Look(observations=observations, findings=looking.findings_of(self.causal_map, evidence, None))

    def look_for(self, mechanism: str) -> bool | None:
        """Look once more for one mechanism: True present, False absent, None nobody could tell."""
        return self._states(self._look_once()).get(mechanism)

    def look_again(self) -> dict[str, bool | None]:
        """Run the probes once more and say of each watched finding whether it is present (None: nobody could look)."""
        observations = self._look_once()
        self.after = reporting.performance_of(observations)
        states = self._states(observations)
        if self._changed_at is not None and self.clock.monotonic() - self._changed_at < LOG_MEMORY_SECONDS:
            # The windows of logs still hold what was before the change: what they show now says nothing about it.
            cause = self.diagnosis.root_causes[0].mechanism if self.diagnosis and self.diagnosis.root_causes else ""
            states = {name: (None if seen and name != cause else seen) for name, seen in states.items()}
        return {name: states.get(name) for name in self._watched()}

    def _look_once(self) -> Observations:
        return looking.observe(
            self.target,
            engine=self.db_engine,
            baseline=self.baseline,
            clock=self.clock,
            deadline_seconds=8.0,
            window_seconds=min(2.0, self.window_seconds),
        )

    def _states(self, observations: Observations) -> dict[str, bool | None]:
        evidence = self._evidence(observations, triage=None)
        answer = {State.PRESENT: True, State.ABSENT: False, State.UNKNOWN: None}
        return {f.mechanism: answer[f.state] for f in looking.findings_of(self.causal_map, evidence, None)}

    # -- inside ------------------------------------------------------------------------------------------------------

    def _watched(self) -> tuple[str, ...]:
        cause = self.diagnosis.root_causes[0] if self.diagnosis is not None and self.diagnosis.root_causes else None
        # A symptom that nobody could see before the change cannot say anything after it.
        unseen = {f.mechanism for f in self.findings if f.state is State.UNKNOWN}
        symptoms = tuple(s for s in ("requests-fail", "requests-slow", "service-down") if s not in unseen)
        if self.watched_findings:
            return tuple(dict.fromkeys([*self.watched_findings, *symptoms]))
        if cause is None:
            return symptoms
        return tuple(dict.fromkeys([cause.mechanism, *(w.mechanism for w in cause.whys), *symptoms]))

    def _solution(
        self, description: str, override: Override | None, planned: remedying.RemedyPlan | None = None
    ) -> Solution:
        named = self.diagnosis is not None and self.diagnosis.root_cause is not None
        return Solution(
            description=description,
            diagnosis_id=self.session_id if named else None,
            override=override,
            mechanism=planned.mechanism if planned is not None else "",
            remedy=planned.remedy.id if planned is not None else "",
            action=planned.remedy.action if planned is not None else "",
        )

    def _conclude(self) -> None:
        evidence = self._evidence(self.observations, triage=self.triage)
        self.findings = looking.findings_of(self.causal_map, evidence, self.triage)
        self.could_not_look = looking.gaps(self.target, self.observations)

    def _evidence(self, observations: Observations, *, triage: Triage | None) -> Evidence:
        return looking.evidence_of(
            observations, problem=self.problem, triage=triage, baseline=self.baseline, now=self.clock.now()
        )

    def recording(self) -> Recording:
        """Return what the diagnosis was made from, to be written, attached and replayed."""
        return Recording(
            problem=self.problem,
            observations=self.observations,
            at=self.clock.now(),
            baseline=self.baseline,
            could_not_look=self.could_not_look,
        )

    def _done(self) -> frozenset[str]:
        return frozenset(self.results)

    def _time_left(self) -> float:
        return self.deadline_seconds - self._spent

    def _begin(self, phase: str, what: str) -> float:
        self._progress(phase, what)
        return self.clock.monotonic()

    def _end(self, phase: str, result: R, said: str, began: float) -> R:
        if phase in ("phase_1", "phase_2", "phase_3", "phase_4"):
            self._spent += self.clock.monotonic() - began
        elif phase == "phase_5":
            self._changed_at = self.clock.monotonic()
        self.results[phase] = result
        self.timeline.append({"at": _iso(self.clock.now()), "what": said, "kind": phase})
        self._progress(phase, said)
        if phase == "phase_4":
            self._name_the_incident()
        if self.store is not None:
            status = str(self.diagnosis.status) if self.diagnosis is not None else phase
            self.store.save(self.session_id, reporting.build(self), status=status, at=self.clock.now())
        return result

    def _name_the_incident(self) -> None:
        """Tell charts and earlier sessions of the cause that was named."""
        cause = self.diagnosis.root_cause if self.diagnosis is not None else None
        if cause is None:
            return
        self._mark(EventKind.INCIDENT, cause.title)
        if self.store is not None:
            document = {"root_cause": {"mechanism": cause.mechanism, "subject": dict(cause.subject)}}
            earlier = reopening.reopen(self.store, self.session_id, document, self.clock.now())
            if earlier is not None:
                self.reopens = earlier
                what = f"the cause of session {earlier} is back, whose fix had held; that session is reopened"
                self.timeline.append({"at": _iso(self.clock.now()), "what": what, "kind": reopening.REOPENED})

    def _mark(self, kind: EventKind | None, title: str) -> None:
        if self.monitor is not None:
            marking.mark(self.monitor.history, kind, title, subject=self.session_id, at=self.clock.now())
        elif self.store is not None:
            marking.mark_beside(self.store.path, kind, title, subject=self.session_id, at=self.clock.now())


def _target_from_inside(name: str, engine: Any, log_file: str | os.PathLike[str] | None) -> Target:
    logs = (Path(log_file),) if log_file is not None and Path(log_file).exists() else ()
    url = engine.url.render_as_string(hide_password=False) if engine is not None else None
    if url is not None and not url.startswith("postgres"):
        url = None
    return replace(Target(name=name, pids=(os.getpid(),), database_url=url), logs=logs)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
