"""The front door of phase 5: ``SafeImplementationManager`` and ``implement_solution_with_backup``."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnostics.errors import (
    ApplyError,
    ChangeError,
    ChangeLockedError,
    ConfigurationError,
    DiagnosticsError,
    RollbackError,
    SnapshotError,
)
from diagnostics.model.change import (
    ChangeRecord,
    ChangeState,
    ImplementationResult,
    ImplementationStatus,
    Plan,
    RecoveryOutcome,
    RiskLevel,
    SolutionAssessment,
)
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact
from diagnostics.safe_implementation import backup as backups
from diagnostics.safe_implementation import retention, sentinel, snapshot
from diagnostics.safe_implementation.actions import get_action
from diagnostics.safe_implementation.assessment import assess, facts_of
from diagnostics.safe_implementation.backup import BackupState
from diagnostics.safe_implementation.claims import claim, overlap, targets_of
from diagnostics.safe_implementation.executor import Executor, Request, Step
from diagnostics.safe_implementation.facts import gather
from diagnostics.safe_implementation.guardrails import Watch
from diagnostics.safe_implementation.recovery import (
    confirm,
    default_store,
    give_up,
    life_of,
    list_changes,
    recover_locked,
)
from diagnostics.safe_implementation.rollback import BLOCK, InProcessUndo, process_identity, undo_action
from diagnostics.safe_implementation.snapshot import DatabaseScope, Manifest, Scope, in_words
from diagnostics.safe_implementation.snapshotters.files import absolute
from diagnostics.safe_implementation.steps import ImplementationStep
from diagnostics.safe_implementation.store import Store, no_checkpoint
from diagnostics.safe_implementation.validation import Questions

_log = logging.getLogger(__name__)

Files = Sequence[str | os.PathLike[str]]
_RETRY_SECONDS = 1.0


def url_of(engine: Any) -> str | None:
    """Return the URL, with its password, of an Engine, an AsyncEngine, a connection, a URL or a text."""
    if engine is None:
        return None
    url = engine if isinstance(engine, str) else getattr(engine, "url", None)
    if url is None:
        bound = getattr(engine, "engine", None) or getattr(engine, "bind", None)
        url = getattr(bound, "url", engine)
    if not isinstance(url, str):
        url = url.render_as_string(hide_password=False)
    return str(url)


class SafeImplementationManager:
    """Makes changes that cannot make things worse: proven backup, journal, verification, automatic way back.

    Args:
        logger: A ``DiagnosticLogger``, a ``logging.Logger`` or None.
        backup_dir: The store; by default ``DIAGNOSE_STORE``, or ``.diagnostics/changes`` below the working
            directory.
        db_engine: Engine, AsyncEngine or URL of the database that changes may touch.
        clock: Source of time.
        progress: Called with one line for each thing that happens.
        checkpoint: Called with a label before and after every write; for crash tests.
    """

    def __init__(
        self,
        logger: Any = None,
        backup_dir: str | os.PathLike[str] | None = None,
        *,
        db_engine: Any = None,
        clock: Clock = SYSTEM_CLOCK,
        progress: Callable[[str], None] | None = None,
        checkpoint: Callable[[str], None] = no_checkpoint,
    ) -> None:
        self.backup_dir = Path(backup_dir) if backup_dir is not None else default_store()
        self._logger = getattr(logger, "logger", logger)
        self._db_engine = db_engine
        self._clock = clock
        self._progress = progress
        self._checkpoint = checkpoint
        self.implementation_history: list[ImplementationResult] = []
        self._waiting: dict[str, tuple[InProcessUndo, ...]] = {}
        #: What was found from an earlier process and what was done about it.
        self.recovered: list[RecoveryOutcome] = self._recover_at_start()

    def _tell(self, text: str) -> None:
        text = redact(text)
        if self._progress is not None:
            self._progress(text)
        logger = self._logger if hasattr(self._logger, "info") else _log
        logger.info(text)

    def _recover_at_start(self) -> list[RecoveryOutcome]:
        if not (self.backup_dir / "impl").is_dir():
            return []
        try:
            store = self._store()
            with store.lock():
                return self._recover(store)
        except ChangeLockedError:
            return []  # somebody alive is at work on it
        except ChangeError as error:
            self._tell(f"recovery at start was not possible: {error}")
            return []

    def _recover(self, store: Store) -> list[RecoveryOutcome]:
        outcomes = recover_locked(store, clock=self._clock, report=self._tell)
        for outcome in outcomes:
            self._tell(f"{outcome.change_id}: {outcome.message}")
        return outcomes

    def _store(self) -> Store:
        return Store(self.backup_dir, checkpoint=self._checkpoint)

    def _new_id(self) -> str:
        return f"{self._clock.now().strftime('%Y%m%dT%H%M%S%f')}-{secrets.token_hex(3)}"

    # ------------------------------------------------------------ assess

    @staticmethod
    def assess_solution_impact(
        solution_description: str,
        files_to_modify: Sequence[str] | None = None,
        database_changes: bool = False,
        service_restart_required: bool = False,
        external_dependencies: Sequence[str] | None = None,
        *,
        sql: str | Sequence[str] | None = None,
        diff: str | None = None,
        repository: str | os.PathLike[str] | None = None,
        database: Any = None,
        **known: Any,
    ) -> SolutionAssessment:
        """Return how risky a solution is; works on the class and on an instance.

        Args:
            solution_description: What is done, in words.
            files_to_modify: Files that change.
            database_changes: Whether a database changes; without ``sql`` the worst usual case is assumed.
            service_restart_required: Whether the service restarts.
            external_dependencies: Services that it depends on.
            sql: Statements that are run; their locks are taken into account.
            diff: Unified diff of the files.
            repository: Root of the code: importers, tests and history of the files are read there.
            database: Engine or URL: sizes of the touched tables and the lock timeout are read there.
            **known: Any other field of ``assessment.Facts``, such as ``largest_table_rows`` or ``tests``.
        """
        if repository is not None or database is not None:
            scripts = None if sql is None else [sql] if isinstance(sql, str) else list(sql)
            where = os.fspath(repository) if repository is not None else None
            known = {
                **gather(files_to_modify or (), sql=scripts, repository=where, database=url_of(database)),
                **known,
            }
        facts = facts_of(
            solution_description, files_to_modify, database_changes, service_restart_required, external_dependencies,
            sql=sql, diff=diff, **known,
        )  # fmt: skip
        return assess(facts)

    # ------------------------------------------------------------ backups

    def create_backup(
        self,
        description: str,
        files_to_backup: Files | None = None,
        include_database: bool = False,
        database_connection: Any = None,
        tables: Sequence[str] | None = None,
        *,
        include_environment: bool = True,
    ) -> BackupState:
        """Keep the present state, proven by a trial restore.

        Raises:
            SnapshotError: It could not be kept or proven.
            ChangeLockedError: Another change works on the same store.
        """
        database = database_connection if database_connection is not None else self._db_engine
        scope = self._scope(files_to_backup or (), include_database, tables, include_environment, database)
        store = self._store()
        with store.lock():
            self._recover(store)
            state = backups.create(store, f"backup-{self._new_id()}", description, scope, now=self._clock.now())
        self._tell(f"backup {state.backup_id}: {'; '.join(state.proof) or 'nothing declared'}")
        return state

    def list_backups(self) -> list[BackupState]:
        """Return the backups of the store, oldest first."""
        folder = self.backup_dir / "backups"
        store_ids = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
        return [backups.load(self._store(), name) for name in store_ids]

    def all_backups(self) -> list[BackupState]:
        """Return all states that are kept, oldest first: backups that stand alone, and those of changes."""
        if not self.backup_dir.is_dir():
            return []
        store = self._store()
        found = [replace(item, size=retention.sizes(store, item.manifest)) for item in self.list_backups()]
        for record in list_changes(store.directory):
            state = self._state_of_change(store, record)
            if state is not None:
                found.append(state)
        return sorted(found, key=lambda item: item.timestamp)

    def find_backup(self, backup_id: str) -> BackupState:
        """Return a backup by its own id or by that of the change that it was made for.

        Raises:
            RollbackError: There is none.
        """
        found = next((item for item in self.all_backups() if item.backup_id == backup_id), None)
        return found if found is not None else backups.load(self._store(), backup_id)

    def _state_of_change(self, store: Store, record: ChangeRecord) -> BackupState | None:
        if record.state is None or record.started_at is None:
            return None
        digest = life_of(store, record.change_id).manifest
        try:
            manifest = Manifest.load(digest, store) if digest else None
        except ChangeError as error:
            self._tell(f"backup {record.change_id}: {error}")
            return None
        if manifest is None:
            return None
        state = backups.state_of(
            record.change_id, record.started_at, f"before: {record.description}", manifest, digest, str(store.directory)
        )
        return replace(state, of_change=record.change_id, size=retention.sizes(store, digest))

    def verify_backup(self, backup: BackupState | str) -> bool:
        """Return whether everything that a restore needs is in the store, whole."""
        return not self.check_backup(backup)

    def check_backup(self, backup: BackupState | str) -> list[str]:
        """Return what of a backup is missing or damaged: reads every byte, and restores the files on trial."""
        store = self._store()
        state = self.find_backup(backup) if isinstance(backup, str) else backup
        wrong = backups.missing(store, state.manifest)
        if not wrong:
            try:
                with store.lock(), store.scratch("verify") as scratch:
                    snapshot.prove_files(Manifest.load(state.manifest, store), store, scratch)
            except SnapshotError as error:
                wrong = [str(error)]
        for text in wrong:
            self._tell(f"backup {state.backup_id}: {text}")
        return wrong

    def prune_backups(
        self, *, keep: int = retention.KEEP, days: float = retention.KEEP_DAYS, dry_run: bool = False
    ) -> retention.Pruned:
        """Remove backups and ended changes that are neither among the last ``keep`` nor younger than ``days``.

        Raises:
            ChangeLockedError: A change works on the store.
        """
        if not self.backup_dir.is_dir():
            return retention.Pruned()
        store = self._store()
        with store.lock():
            return retention.prune(store, now=self._clock.now(), keep=keep, days=days, dry_run=dry_run)

    def rollback_from_backup(self, backup: BackupState | str) -> bool:
        """Restore a backup, as a change of its own: journaled, and itself undone when it fails.

        Raises:
            RollbackError: There is no such backup, or its objects are damaged.
        """
        return self.restore_backup(backup).succeeded

    def restore_backup(self, backup: BackupState | str) -> ImplementationResult:
        """Do the same, and say how it went.

        Raises:
            RollbackError: There is no such backup, or its objects are damaged.
        """
        store = self._store()
        state = self.find_backup(backup) if isinstance(backup, str) else backup
        wrong = backups.missing(store, state.manifest)
        if wrong:
            raise RollbackError(
                f"The backup {state.backup_id} cannot be restored: {'; '.join(wrong)}. Nothing was touched."
            )
        return self._revert(store, state.backup_id, f"restore the backup {state.backup_id}", state.manifest, None, ())

    # ------------------------------------------------------------ changes

    def implement_solution_safely(
        self,
        solution_id: str,
        steps: Sequence[ImplementationStep],
        assessment: SolutionAssessment | None = None,
        verification_function: Callable[[], Any] | None = None,
        auto_rollback: bool = True,
        *,
        files: Files = (),
        database: Any = False,
        tables: Sequence[str] | None = None,
        environment: bool = True,
        still_present: Callable[[], Any] | None = None,
        compare: Callable[[], Any] | None = None,
        verification_deadline_seconds: float = 60.0,
        on_foreign_writes: str = BLOCK,
        precondition: Callable[[], str] | None = None,
        confirm_within_seconds: float | None = None,
        watch: Watch | None = None,
    ) -> ImplementationResult:
        """Keep the present state, run the steps, verify; whatever fails brings everything declared back.

        Args:
            solution_id: Name of the solution.
            steps: What is done, in order.
            assessment: Its risk decides what an inconclusive verification means.
            verification_function: Truthy, three times, without an exception and within the deadline, means
                good.
            auto_rollback: False leaves a failed change in place (it can be rolled back later).
            files: Files, folders and patterns that the steps may touch.
            database: True for ``db_engine``, or an engine or URL; kept and restored as a whole.
            tables: Only these tables of it, with what hangs on them.
            environment: Keep and restore the variables of this process.
            still_present: Whether the finding is still there; None when that cannot be told.
            compare: Gives ``Comparison`` values, symptom and guardrails before and after.
            verification_deadline_seconds: How long each check may take.
            on_foreign_writes: ``block`` or ``restore``, when somebody else wrote to the declared places
                meanwhile.
            precondition: Asked just before acting; a text that it returns is the reason not to act.
            confirm_within_seconds: The change undoes itself unless ``confirm`` is called in time, also when this
                process is gone by then.
            watch: Guardrails that are watched for a while after the change; see ``guardrails``.

        Raises:
            SnapshotError: The state before could not be kept or proven; nothing was changed.
            ChangeLockedError: Another change works on the same store; nothing was changed.
            JournalError: The journal cannot be written; nothing was changed.
        """
        engine = database if database not in (True, False, None) else self._db_engine
        wanted = bool(database is not False and database is not None) or tables is not None
        described = assessment.solution_description if assessment is not None else solution_id
        request = Request(
            change_id=self._new_id(),
            solution_id=solution_id,
            description=described,
            scope=self._scope(files, wanted, tables, environment, engine),
            steps=tuple(
                Step(
                    step_id=item.step_id,
                    description=item.description,
                    run=item.action,
                    undo=item.rollback_action,
                    validate=item.validation_function,
                    timeout_seconds=item.timeout_seconds,
                    critical=item.critical,
                    in_child=item.in_child,
                )
                for item in steps
            ),
            questions=Questions(
                works=verification_function,
                still_present=still_present,
                compare=compare,
                watch=watch,
                deadline_seconds=verification_deadline_seconds,
            ),
            confirm_within_seconds=confirm_within_seconds,
            risk=assessment.risk_level if assessment is not None else RiskLevel.LOW,
            auto_rollback=auto_rollback,
            on_foreign_writes=on_foreign_writes,
            precondition=precondition,
        )
        return self._run(self._store(), request)

    def plan_action(self, action: str, subject: Mapping[str, str], *, database: Any = None) -> Plan:
        """Return what an action would do, without doing it.

        Raises:
            ConfigurationError: There is no such action, or a parameter is missing.
        """
        url = url_of(database if database is not None else self._db_engine)
        try:
            return get_action(action).plan(subject, url)
        except ConfigurationError:
            raise
        except Exception as error:  # noqa: BLE001 - a plan that cannot be made is an answer: why nothing can be done
            return Plan(action=action, title=action, applicable=False, reason=in_words(error))

    def run_action(
        self,
        plan: Plan,
        *,
        consent: bool = False,
        assessment: SolutionAssessment | None = None,
        verification_function: Callable[[], Any] | None = None,
        still_present: Callable[[], Any] | None = None,
        compare: Callable[[], Any] | None = None,
        verification_deadline_seconds: float = 60.0,
        auto_rollback: bool = True,
        precondition: Callable[[], str] | None = None,
        confirm_within_seconds: float | None = None,
        watch: Watch | None = None,
        solution_id: str = "",
    ) -> ImplementationResult:
        """Carry out a planned action under the journal.

        ``consent``: a person agrees to what cannot be undone; the rest is as for ``implement_solution_safely``.

        Raises:
            ApplyError: The plan is not applicable, or needs a person's consent; nothing was changed.
        """
        if not plan.applicable:
            raise ApplyError(f"{plan.title}: {plan.reason}")
        if plan.needs_consent and not consent:
            why = (
                f"cannot be undone: {plan.irreversible_reason}"
                if plan.irreversible
                else f"asks first: {plan.consent_reason}"
            )
            raise ApplyError(f"{plan.title} {why}", hint="It needs a person's consent (--yes).")
        action = get_action(plan.action)
        assessed = assessment or self.assess_action(plan)
        store = self._store()
        with store.lock():
            self._recover(store)
            try:
                undo = action.prepare(plan)
            except DiagnosticsError:
                raise
            except Exception as error:
                raise ApplyError(f"{plan.title} could not begin: {in_words(error)}. Nothing was changed.") from error
            step = Step(
                step_id=plan.action,
                description=plan.title,
                run=lambda: action.apply(plan),
                record=(plan.action, undo),
                timeout_seconds=plan.timeout_seconds,
            )
            request = Request(
                change_id=self._new_id(),
                solution_id=solution_id or plan.action,
                description=plan.title,
                scope=Scope(files=absolute(plan.files)),
                steps=(step,),
                questions=Questions(
                    works=verification_function,
                    still_present=still_present,
                    compare=compare,
                    watch=watch,
                    deadline_seconds=verification_deadline_seconds,
                ),
                confirm_within_seconds=confirm_within_seconds,
                claims=targets_of(plan),
                risk=assessed.risk_level,
                auto_rollback=auto_rollback,
                action=plan.action,
                precondition=precondition,
            )
            return self._run_locked(store, request)

    def confirm(self, change_id: str) -> RecoveryOutcome:
        """Say that a change stays which would otherwise undo itself.

        Raises:
            RollbackError: It does not wait for this: it was confirmed before, or is undone already.
        """
        outcome = confirm(self.backup_dir, change_id, clock=self._clock)
        self._waiting.pop(change_id, None)
        self._tell(f"change {change_id}: confirmed, it stays")
        return outcome

    def _await_confirmation(self, change_id: str, seconds: float, undos: Sequence[InProcessUndo]) -> None:
        """Undo the change in this process when its time is over: only here its variables and functions can be undone."""
        self._waiting[change_id] = tuple(undos)

        def wait() -> None:
            self._clock.sleep(seconds)
            while change_id in self._waiting:
                try:
                    outcome = give_up(
                        self.backup_dir, change_id, undos=self._waiting[change_id], clock=self._clock, report=self._tell
                    )
                    self._tell(f"change {change_id}: {outcome.message}")
                except ChangeLockedError:
                    self._clock.sleep(_RETRY_SECONDS)  # another change is at work; this one's turn comes
                    continue
                except ChangeError as error:
                    self._tell(f"change {change_id}: {error}")  # confirmed or undone by another process
                self._waiting.pop(change_id, None)

        threading.Thread(target=wait, name="diagnostics-confirm", daemon=True).start()

    def assess_action(self, plan: Plan) -> SolutionAssessment:
        """Return the assessment of a planned action."""
        inputs = {"files_to_modify": list(plan.files), **plan.risk_inputs}
        return self.assess_solution_impact(plan.title, **inputs)

    def rollback_change(self, change_id: str, *, on_foreign_writes: str = BLOCK) -> ImplementationResult:
        """Undo a committed change, as a new change; see the function of the same name."""
        store = self._store()
        life = life_of(store, change_id)
        if life.state is ChangeState.UNCONFIRMED:
            return self._give_up_now(change_id)
        if life.state is not ChangeState.COMMITTED:
            raise RollbackError(
                f"{change_id} is {life.state}; only a committed change can be rolled back.",
                hint="diagnose recover finishes what a crash left open.",
            )
        undos = tuple((str(item["action"]), store.get_json(item["data"])) for item in life.undos)
        return self._revert(
            store, change_id, f"roll back {change_id}", life.manifest, life.post or None, undos,
            on_foreign_writes=on_foreign_writes, same_process=life.facts.get("process") == process_identity(),
        )  # fmt: skip

    def _give_up_now(self, change_id: str) -> ImplementationResult:
        """Undo a change that nobody has confirmed yet, without waiting for its deadline."""
        started, began = self._clock.now(), self._clock.monotonic()
        undos = self._waiting.pop(change_id, ())
        outcome = give_up(
            self.backup_dir, change_id, undos=undos, reason="rolled back before anybody confirmed it",
            clock=self._clock, report=self._tell,
        )  # fmt: skip
        done = outcome.state is ChangeState.ROLLED_BACK
        return ImplementationResult(
            solution_id=change_id,
            start_time=started,
            end_time=self._clock.now(),
            duration_seconds=self._clock.monotonic() - began,
            result=ImplementationStatus.SUCCESS if done else ImplementationStatus.ROLLBACK_BLOCKED,
            steps_completed=int(done),
            steps_total=1,
            backup_id=change_id,
            error_message=None if done else outcome.message,
            rollback_performed=done,
            conflicts=outcome.conflicts,
            by_hand=outcome.by_hand,
            kept_copies=outcome.kept_copies,
        )

    # ------------------------------------------------------------ inside

    def _scope(
        self, files: Files, database: bool, tables: Sequence[str] | None, environment: bool, engine: Any
    ) -> Scope:
        databases: tuple[DatabaseScope, ...] = ()
        if database or tables is not None:
            url = url_of(engine)
            if url is None:
                raise ConfigurationError(
                    "The database is to be kept, but none was given.",
                    hint="Give db_engine, or the engine itself.",
                )
            databases = (DatabaseScope(url=url, tables=tuple(tables) if tables is not None else None),)
        return Scope(files=absolute(files), environment=environment, databases=databases)

    def _run(self, store: Store, request: Request) -> ImplementationResult:
        with store.lock():
            self._recover(store)
            return self._run_locked(store, request)

    def _run_locked(self, store: Store, request: Request) -> ImplementationResult:
        for record in list_changes(store.directory):
            common = overlap([item for item in request.scope.labels() if item != "environment"], record.scope)
            if record.needs_person and common:
                raise RollbackError(
                    f"The change {record.change_id} still waits for a person's decision about {', '.join(common)}.",
                    hint=f"diagnose recover --change {record.change_id} --restore or --keep",
                )
            if record.state is ChangeState.UNCONFIRMED and common:
                raise ChangeLockedError(
                    f"The change {record.change_id} of {', '.join(common)} is not confirmed yet.",
                    hint=f"diagnose confirm {record.change_id}, or diagnose rollback {record.change_id}",
                )
        self._tell(f"change {request.change_id}: {request.description}")
        with claim(request.targets(), request.change_id, servers=request.servers()):
            if request.confirm_within_seconds is not None:
                sentinel.start(store.directory, request.change_id)
            executor = Executor(store, self._clock, self._tell)
            result = executor.run(request)
        self._tidy(store)
        if result.result is ImplementationStatus.UNCONFIRMED:
            self._await_confirmation(request.change_id, request.confirm_within_seconds or 0.0, executor.undos)
        self.implementation_history.append(result)
        self._tell(
            f"change {request.change_id}: {result.result}"
            + (f", {result.error_message}" if result.error_message else "")
        )
        return result

    def _tidy(self, store: Store) -> None:
        """Let old changes go; that it is not possible now takes nothing from the change that has just ended."""
        if len(store.journal_paths()) <= retention.KEEP:
            return
        try:
            retention.prune(store, now=self._clock.now())
        except (ChangeError, OSError) as error:
            self._tell(f"old backups could not be removed: {in_words(error)}")

    def _revert(
        self,
        store: Store,
        revert_of: str,
        description: str,
        manifest_digest: str,
        post_digest: str | None,
        undos: Sequence[tuple[str, Mapping[str, str]]],
        *,
        on_foreign_writes: str = BLOCK,
        same_process: bool = True,
    ) -> ImplementationResult:
        before = Manifest.load(manifest_digest, store)
        after = Manifest.load(post_digest, store) if post_digest else None
        change_id = self._new_id()
        with store.lock():
            self._recover(store)
            started, began = self._clock.now(), self._clock.monotonic()
            if after is not None and on_foreign_writes == BLOCK:
                found, kept = snapshot.conflicts(before, after, store)
                if found:
                    return ImplementationResult(
                        solution_id=revert_of,
                        start_time=started,
                        end_time=self._clock.now(),
                        duration_seconds=self._clock.monotonic() - began,
                        result=ImplementationStatus.ROLLBACK_BLOCKED,
                        steps_completed=0,
                        steps_total=1 + len(undos),
                        error_message=f"Nothing was touched: {'; '.join(found)}. Roll back anyway with "
                        "--force; a copy of what is there now is kept.",
                        conflicts=tuple(found),
                        kept_copies=kept,
                    )

            def bring_back() -> str:
                done = [undo_action(name, data) for name, data in reversed(undos)]
                snapshot.restore(
                    before, store, change_id, after=after, same_process=same_process, clock=self._clock,
                    report=self._tell,
                )  # fmt: skip
                return " ".join(done)

            databases = tuple(
                DatabaseScope(
                    url=store.get_json(item["connection"])["url"],
                    tables=tuple(f'"{s}"."{n}"' for s, n, k in item["only"] if k in "rp") if item.get("only") else None,
                )
                if "connection" in item
                else DatabaseScope(url=f"sqlite:///{item['path']}")
                for item in before.databases
            )
            step = Step(step_id="restore", description=description, run=bring_back, timeout_seconds=3600.0)
            request = Request(
                change_id=change_id,
                solution_id=revert_of,
                description=description,
                scope=Scope(files=before.files.declared, environment=bool(before.environment), databases=databases),
                steps=(step,),
                questions=Questions(
                    works=lambda: not snapshot.differences(before, store, after=after, same_process=same_process),
                    repetitions=1,
                    deadline_seconds=1800.0,
                ),
                revert_of=revert_of,
            )
            return self._run_locked(store, request)


def rollback_change(
    store_dir: str | os.PathLike[str] | None,
    change_id: str,
    *,
    on_foreign_writes: str = BLOCK,
    **options: Any,
) -> ImplementationResult:
    """Undo a committed change: a new change with ``revert_of``, journaled and verified like any other.

    Args:
        store_dir: The store; None for the default.
        change_id: From ``list_changes`` or ``ImplementationResult.backup_id``.
        on_foreign_writes: ``block`` touches nothing when somebody else wrote since; ``restore`` keeps a copy
            and goes on.
        **options: As for ``SafeImplementationManager``.

    Raises:
        RollbackError: There is no such change, or it is not committed.
    """
    manager = SafeImplementationManager(backup_dir=store_dir, **options)
    return manager.rollback_change(change_id, on_foreign_writes=on_foreign_writes)


def implement_solution_with_backup(
    logger: Any,
    solution_description: str,
    implementation_function: Callable[[], Any],
    rollback_function: Callable[[], Any] | None = None,
    verification_function: Callable[[], Any] | None = None,
    files_to_backup: Files | None = None,
    *,
    backup_dir: str | os.PathLike[str] | None = None,
    db_engine: Any = None,
    timeout_seconds: float = 300.0,
    in_child: bool = False,
    **options: Any,
) -> ImplementationResult:
    """Make one change with a proven backup and an automatic way back; truthy exactly when it succeeded.

    ``in_child`` runs the function in a child process, which is ended when it hangs; ``options`` are those of
    ``SafeImplementationManager.implement_solution_safely``.
    """
    manager = SafeImplementationManager(logger, backup_dir, db_engine=db_engine)
    assessment = manager.assess_solution_impact(
        solution_description,
        [str(path) for path in files_to_backup or ()],
        verification_function_given=verification_function is not None,
    )
    step = ImplementationStep(
        step_id="main_implementation",
        description=solution_description,
        action=implementation_function,
        rollback_action=rollback_function,
        timeout_seconds=timeout_seconds,
        in_child=in_child,
    )
    return manager.implement_solution_safely(
        solution_description,
        [step],
        assessment,
        verification_function,
        files=files_to_backup or (),
        **options,
    )
