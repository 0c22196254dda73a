"""Do what the machine says, journal first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from diagnostics.errors import ChangeError, JournalError, SnapshotError
from diagnostics.model.change import (
    ChangeState,
    ImplementationResult,
    ImplementationStatus,
    RiskLevel,
    StepOutcome,
)
from diagnostics.model.record import plain
from diagnostics.model.verification import Check, Verification
from diagnostics.runtime.child import ChildError, call_in_child
from diagnostics.runtime.clock import Clock
from diagnostics.runtime.deadline import DeadlineExceeded, call_with_deadline
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation import journal as journals
from diagnostics.safe_implementation import snapshot
from diagnostics.safe_implementation.journal import Journal
from diagnostics.safe_implementation.machine import Life, after_validation, step
from diagnostics.safe_implementation.rollback import (
    BLOCK,
    InProcessUndo,
    WayBack,
    process_identity,
    roll_back,
    what_to_do,
)
from diagnostics.safe_implementation.snapshot import Manifest, Scope, in_words
from diagnostics.safe_implementation.snapshotters.files import sync_changed
from diagnostics.safe_implementation.store import Store
from diagnostics.safe_implementation.validation import Questions, ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act, and its undoing.

    Attributes:
        undo: Callable of this process; gone after a crash, when only ``record`` and the snapshot are left.
        record: Undo that outlives the process: name of an action of the registry and its data.
    """

    step_id: str
    description: str
    run: Callable[[], object]
    undo: Callable[[], object] | None = None
    record: tuple[str, Mapping[str, str]] | None = None
    validate: Callable[[], object] | None = None
    timeout_seconds: float = 300.0
    critical: bool = True
    in_child: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One change, completely described before it begins."""

    change_id: str
    solution_id: str
    description: str
    scope: Scope
    steps: tuple[Step, ...]
    questions: Questions = field(default_factory=Questions)
    risk: RiskLevel = RiskLevel.LOW
    auto_rollback: bool = True
    on_foreign_writes: str = BLOCK
    revert_of: str | None = None
    action: str = ""
    precondition: Callable[[], str] | None = None
    snapshot_timeout: float = 1800.0
    claims: tuple[str, ...] = ()
    confirm_within_seconds: float | None = None

    def targets(self) -> list[str]:
        """Return what nobody else may change meanwhile: everything declared, and what an action acts on."""
        return [*self.scope.labels(), *self.claims]

    def servers(self) -> list[Any]:
        """Return how to reach the declared PostgreSQL databases."""
        from diagnostics.safe_implementation.snapshotters.postgres_tools import server_of

        return [server_of(item.url) for item in self.scope.databases if not item.is_sqlite]


#: For journal records and the manifests; content of the declared files comes on top.
_RESERVE_BYTES = 1 << 20


class _StepFailedError(ChangeError):
    """A critical step failed; never leaves this module."""


class Executor:
    """Runs one change under the store's lock; the caller holds it."""

    def __init__(self, store: Store, clock: Clock, report: Callable[[str], None] = lambda text: None) -> None:
        self._store = store
        self._clock = clock
        self._report = report
        #: Callables of this process that undo what was begun, first step first.
        self.undos: list[InProcessUndo] = []

    def run(self, request: Request) -> ImplementationResult:
        """Apply a change; whatever happens, the result says what is true now.

        Raises:
            SnapshotError: The state before could not be kept or proven; nothing was changed.
            JournalError: The journal could not be begun; nothing was changed.
        """
        run = _Run(self._store, self._clock, self._report, request)
        self.undos = run.undos
        try:
            return run.go()
        finally:
            self._store.release()


class _Run:
    """The state of one run: what is known so far."""

    def __init__(self, store: Store, clock: Clock, report: Callable[[str], None], request: Request) -> None:
        self.store = store
        self.clock = clock
        self.report = report
        self.request = request
        self.started = clock.now()
        self.began = clock.monotonic()
        self.life = Life()
        self.outcomes: list[StepOutcome] = []
        self.undos: list[InProcessUndo] = []
        self.verification: Verification | None = None
        self.notes: list[str] = []
        self.manifest = Manifest()
        self.path = store.journal_path(request.change_id)

    def go(self) -> ImplementationResult:
        request = self.request
        connections = [
            [self.store.put_json({"url": database.url}), snapshot.proof_database(request.change_id, number)]
            for number, database in enumerate(request.scope.databases)
            if not database.is_sqlite
        ]
        intent = {
            "change": request.change_id,
            "solution": redact(request.solution_id),
            "description": shorten(redact(request.description), 500),
            "at": self.started.isoformat(),
            "scope": request.scope.labels(),
            "steps": [shorten(redact(f"{item.step_id}: {item.description}"), 300) for item in request.steps],
            "deadlines": [item.timeout_seconds for item in request.steps],
            "risk": request.risk,
            "process": process_identity(),
            "revert_of": request.revert_of,
            "action": request.action,
            "connections": connections,
            "confirm_within": request.confirm_within_seconds,
        }
        with Journal.create(self.path, intent, self.store.checkpoint) as journal:
            self.life = step(self.life, {"state": ChangeState.INTENT, **intent})
            self._snapshot(journal)
            refusal = self._refusal()
            if refusal:
                self._append(journal, ChangeState.ABORTED, reason=refusal)
                return self._result(ImplementationStatus.ABORTED, refusal)
            return self._apply_and_decide(journal)

    def _append(self, journal: Journal, state: ChangeState, **fields: Any) -> None:
        fields.setdefault("at", self.clock.now().isoformat())
        # Ask the machine first: a record that may not follow is never written.
        following = step(self.life, {"state": state, **fields})
        journal.append(state, **fields)
        self.life = following

    def _snapshot(self, journal: Journal) -> None:
        self.report("snapshot: keeping and proving the state before the change")
        try:
            self.manifest = snapshot.capture(
                self.request.scope, self.store, self.request.change_id, timeout=self.request.snapshot_timeout
            )
            digest = self.manifest.keep(self.store)
            self.store.reserve(_RESERVE_BYTES + sum(entry.size for entry in self.manifest.files.entries))
            self._append(journal, ChangeState.SNAPSHOTTED, manifest=digest, proof=list(self.manifest.proof))
        except (ChangeError, OSError) as error:
            reason = in_words(error)
            try:
                if self.life.state is ChangeState.INTENT:
                    self._append(journal, ChangeState.ABORTED, reason=reason)
            except JournalError:
                pass  # recovery reads INTENT as "nothing was changed" just as well
            if isinstance(error, OSError):
                raise SnapshotError(f"The state before the change could not be kept: {reason}.") from error
            raise

    def _refusal(self) -> str:
        """Ask again just before acting whether the change is still wanted."""
        if self.request.precondition is None:
            return ""
        try:
            return self.request.precondition()
        except Exception as error:  # noqa: BLE001 - a precondition that cannot be asked does not hold
            return f"the precondition could not be checked: {in_words(error)}"

    def _apply_and_decide(self, journal: Journal) -> ImplementationResult:
        try:
            self._append(journal, ChangeState.APPLYING)
            self._steps(journal)
            after = snapshot.capture_after(self.manifest, self.store)
            self._append(journal, ChangeState.APPLIED, post=after.keep(self.store))
            self.verification = self._verify(journal)
            goes_to = after_validation(
                self.verification.passed,
                risk=self.request.risk,
                auto_rollback=self.request.auto_rollback,
                watched=self.request.questions.watch is not None,
                confirmed=self.request.confirm_within_seconds is None,
            )
            if goes_to is ChangeState.COMMITTED:
                sync_changed(after.files)
                self._append(journal, ChangeState.COMMITTED, verdict=self.verification.verdict)
                return self._committed()
            if goes_to is ChangeState.UNCONFIRMED:
                sync_changed(after.files)
                return self._unconfirmed(journal)
            reason = f"not verified: {self.verification.reason}"
        except _StepFailedError as error:
            reason = str(error)
            if not self.request.auto_rollback:
                return self._left_in_place(journal, reason)
        except (ChangeError, OSError) as error:
            reason = in_words(error)
        except BaseException as error:
            # An interrupt in the middle of a change: the way back first, then the interrupt.
            self._way_back(f"interrupted by {type(error).__name__}")
            raise
        return self._rolled_back(reason)

    def _steps(self, journal: Journal) -> None:
        for number, item in enumerate(self.request.steps):
            record: dict[str, Any] = {"step": number, "id": item.step_id}
            if item.record is not None:
                action, data = item.record
                record["undo"] = {"action": action, "data": self.store.put_json(dict(data))}
            self._append(journal, ChangeState.APPLYING, **record)
            if item.undo is not None:
                self.undos.append((item.step_id, item.undo))
            self.report(f"step {number + 1} of {len(self.request.steps)}: {item.description}")
            self.store.checkpoint(f"step {item.step_id}: before")
            outcome = self._one(item)
            self.store.checkpoint(f"step {item.step_id}: done")
            self.outcomes.append(outcome)
            if outcome.error and item.critical:
                raise _StepFailedError(f"step {item.step_id} failed: {outcome.error}")
            if outcome.error:
                self.notes.append(f"step {item.step_id}, which is not critical, failed: {outcome.error}")

    def _one(self, item: Step) -> StepOutcome:
        began = self.clock.monotonic()
        error, detail = "", ""
        try:
            if item.in_child:
                answer = call_in_child(item.run, item.timeout_seconds)
            else:
                answer = call_with_deadline(item.run, item.timeout_seconds, clock=self.clock)
            detail = shorten(redact(answer), 300) if isinstance(answer, str) else ""
            if item.validate is not None:
                left = max(item.timeout_seconds - (self.clock.monotonic() - began), 1.0)
                if not call_with_deadline(item.validate, left, clock=self.clock):
                    error = "its validation function said no"
        except DeadlineExceeded:
            error = f"it did not end within {item.timeout_seconds:g} s"
            self.notes.append(
                f"step {item.step_id} was ended at its deadline, with all that it had started"
                if item.in_child
                else f"step {item.step_id} was left behind at its deadline; a plain function may still be running "
                f"in this "
                "process and write again: restart the process if it can"
            )
        except (Exception, SystemExit) as failure:  # noqa: BLE001 - a caller's function; its failure is an outcome
            said = str(failure) if isinstance(failure, ChildError) else f"{type(failure).__name__}: {failure}"
            error = shorten(redact(said), 500)
        return StepOutcome(
            step_id=item.step_id,
            description=redact(item.description),
            completed=not error,
            critical=item.critical,
            error=error,
            detail=detail,
            duration_seconds=self.clock.monotonic() - began,
        )

    def _verify(self, journal: Journal) -> Verification:
        questions = self.request.questions
        if any(item.validate is not None for item in self.request.steps) and questions.works is None:
            # The steps' own validations were passed; they are the functional check.
            questions = replace(questions, works=lambda: True, repetitions=1)
        self.report("verification")

        def record(check: Check) -> None:
            self._append(journal, ChangeState.VALIDATING, check=plain(check))

        return ask(questions, self.clock, record=record)

    # ------------------------------------------------------------ endings

    def _committed(self) -> ImplementationResult:
        assert self.verification is not None
        if self.verification.passed is False:
            return self._result(
                ImplementationStatus.FAILED,
                f"Not verified ({self.verification.reason}) and left in place, because automatic rollback was off.",
            )
        if self.verification.passed is None:
            self.notes.append(f"kept without a verdict: {self.verification.reason}; watch it")
        return self._result(ImplementationStatus.SUCCESS, None)

    def _unconfirmed(self, journal: Journal) -> ImplementationResult:
        assert self.verification is not None
        until = self.clock.now() + timedelta(seconds=self.request.confirm_within_seconds or 0.0)
        self._append(journal, ChangeState.UNCONFIRMED, confirm_by=until.isoformat(), verdict=self.verification.verdict)
        said = f"It is undone at {until:%H:%M:%S} UTC unless somebody says: diagnose confirm {self.request.change_id}"
        return replace(self._result(ImplementationStatus.UNCONFIRMED, said), confirm_by=until)

    def _left_in_place(self, journal: Journal, reason: str) -> ImplementationResult:
        after = snapshot.capture_after(self.manifest, self.store)
        self._append(journal, ChangeState.APPLIED, post=after.keep(self.store))
        sync_changed(after.files)
        self._append(journal, ChangeState.COMMITTED, reason=reason)
        return self._result(
            ImplementationStatus.FAILED, f"{reason}. Left in place, because automatic rollback was off."
        )

    def _rolled_back(self, reason: str) -> ImplementationResult:
        way = self._way_back(reason)
        if way.state is ChangeState.ROLLED_BACK:
            return self._result(ImplementationStatus.ROLLED_BACK, reason, way)
        message = f"{reason}. {what_to_do(self.request.change_id, way)}"
        return self._result(ImplementationStatus.ROLLBACK_BLOCKED, message, way)

    def _way_back(self, reason: str) -> WayBack:
        self.report(f"rolling back: {reason}")
        parsed = journals.read(self.path)
        try:
            # A descriptor that failed to sync is never used again.
            with Journal.reopen(self.path, parsed, self.store.checkpoint) as journal:
                return roll_back(
                    self.store,
                    journal,
                    self.life,
                    token=self.request.change_id,
                    reason=reason,
                    undos=self.undos,
                    on_foreign_writes=self.request.on_foreign_writes,
                    clock=self.clock,
                    report=self.report,
                )
        except JournalError as error:
            return self._way_back_without_journal(error)

    def _way_back_without_journal(self, error: JournalError) -> WayBack:
        """Restore although the journal takes no record: it still says that the way back is owed."""
        snapshot.restore(self.manifest, self.store, self.request.change_id, clock=self.clock, report=self.report)
        self.notes.append(
            f"everything was restored, but the journal could not say so ({in_words(error)}); remove the "
            f"cause and run "
            "diagnose recover before anything else is changed"
        )
        return WayBack(state=ChangeState.ROLLED_BACK)

    def _result(
        self, status: ImplementationStatus, message: str | None, way: WayBack | None = None
    ) -> ImplementationResult:
        ended: datetime = self.clock.now()
        return ImplementationResult(
            solution_id=redact(self.request.solution_id),
            start_time=self.started,
            end_time=ended,
            duration_seconds=self.clock.monotonic() - self.began,
            result=status,
            steps_completed=sum(outcome.completed for outcome in self.outcomes),
            steps_total=len(self.request.steps),
            backup_id=self.request.change_id,
            error_message=message,
            rollback_performed=way is not None and way.state is ChangeState.ROLLED_BACK,
            validation_passed=self.verification is not None and self.verification.passed is True,
            verification=self.verification,
            steps=tuple(self.outcomes),
            proof=self.manifest.proof,
            conflicts=way.conflicts if way is not None else (),
            by_hand=way.by_hand if way is not None else (),
            kept_copies=way.kept if way is not None else {},
            notes=tuple(self.notes),
            journal=str(self.path),
        )
