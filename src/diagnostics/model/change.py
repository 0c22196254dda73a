"""Change: what is proposed, what it would take, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from diagnostics.errors import DiagnosisIncompleteError
from diagnostics.model.record import Record
from diagnostics.model.verification import Verification


class RiskLevel(StrEnum):
    """How dangerous a change is; ordered, so that ``max`` and ``>=`` mean what they say."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(RiskLevel).index(self)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, RiskLevel) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, RiskLevel) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, RiskLevel) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, RiskLevel) else NotImplemented


class RollbackDifficulty(StrEnum):
    """What the way back would take, easiest first."""

    TRIVIAL = "trivial"
    EASY = "easy"
    MODERATE = "moderate"
    HARD = "hard"
    IRREVERSIBLE = "irreversible"

    @property
    def rank(self) -> int:
        """0 for trivial to 4 for irreversible."""
        return list(RollbackDifficulty).index(self)


class ChangeState(StrEnum):
    """Where a change is; each state is on disk before what it announces is done."""

    INTENT = "INTENT"
    SNAPSHOTTED = "SNAPSHOTTED"
    APPLYING = "APPLYING"
    APPLIED = "APPLIED"
    VALIDATING = "VALIDATING"
    UNCONFIRMED = "UNCONFIRMED"
    COMMITTED = "COMMITTED"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_BLOCKED = "ROLLBACK_BLOCKED"
    ABORTED = "ABORTED"


class ImplementationStatus(StrEnum):
    """How an implementation ended, for the caller."""

    SUCCESS = "SUCCESS"
    """Applied, verified and durable."""
    UNCONFIRMED = "UNCONFIRMED"
    """Applied, verified and durable, and undone by itself unless somebody confirms it in time."""
    FAILED = "FAILED"
    """Not successful, and left in place because the caller had asked for no automatic rollback."""
    ROLLED_BACK = "ROLLED_BACK"
    """Everything declared is as before."""
    ROLLBACK_BLOCKED = "ROLLBACK_BLOCKED"
    """The way back is blocked; a person decides."""
    ABORTED = "ABORTED"
    """Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Record):
    """A person who takes the responsibility for acting without a completed diagnosis."""

    name: str
    reason: str

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.reason.strip():
            raise ValueError("an override needs the name of a person and a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution(Record):
    """What is proposed; it cannot exist without a completed diagnosis, or a person who overrides.

    Attributes:
        description: What is done, in words.
        diagnosis_id: Token of the completed diagnosis that it rests on.
        mechanism: Root cause that it cures.
        remedy: Id of the remedy on the causal map; empty for a caller's own.
        action: Name of the executable action; empty when the caller brings functions or it is a written plan.
        subject: Who is concerned; the action's parameters.
        plan: Steps for a person.
    """

    description: str
    diagnosis_id: str | None = None
    override: Override | None = None
    mechanism: str = ""
    remedy: str = ""
    action: str = ""
    subject: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    irreversible: bool = False

    def __post_init__(self) -> None:
        if not (self.diagnosis_id or "").strip() and self.override is None:
            raise DiagnosisIncompleteError(
                ["a completed diagnosis (phases 1 to 4)"],
                next_step="complete phases 1 to 4, or override with the name of a person and a reason",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Record):
    """What an action would do, before it does it.

    Attributes:
        action: Name of the action.
        applicable: False when there is nothing to do, or no way to do it; ``reason`` says why.
        steps: What happens, for people.
        commands: Exact SQL and commands, in order.
        undo_commands: What would undo them.
        dry_run: What is affected now, read without changing anything; a diff where there is one.
        consent_reason: Why a person has to agree although it can be undone; empty when nobody has to.
        files: Files that are kept before the change.
        parameters: What the action needs to act; it may hold values that do not belong on a screen.
        risk_inputs: Keyword arguments for ``assess_solution_impact``.
    """

    action: str
    title: str
    applicable: bool = True
    reason: str = ""
    steps: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    undo_commands: tuple[str, ...] = ()
    dry_run: str = ""
    irreversible: bool = False
    irreversible_reason: str = ""
    consent_reason: str = ""
    files: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    risk_inputs: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 300.0

    @property
    def needs_consent(self) -> bool:
        """Whether a person has to agree before it is applied."""
        return self.irreversible or bool(self.consent_reason)

    @classmethod
    def _keys(cls) -> tuple[str, ...]:
        # The parameters may hold a password: they are read by name, and never written with the rest.
        return tuple(name for name in super(Plan, cls)._keys() if name != "parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReason(Record):
    """One input of the risk model and the points that it brought."""

    input: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionAssessment(Record):
    """What a solution touches, what it risks, and what the way back would take.

    Attributes:
        complexity_score: 0 to 100; six per point of the risk model.
        estimated_time: As text, with its range.
        estimated_time_seconds: Low, expected and high.
        reasons: Every input that brought points, and its points.
        assessment_confidence: 1 when every input was known; each unknown one lowers it.
    """

    solution_description: str
    complexity_score: int
    risk_level: RiskLevel
    estimated_time: str
    estimated_time_seconds: tuple[float, float, float]
    rollback_difficulty: RollbackDifficulty
    reasons: tuple[RiskReason, ...]
    potential_side_effects: tuple[str, ...] = ()
    testing_requirements: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    approval_required: bool = False
    assessment_confidence: float = 1.0

    @property
    def estimated_time_hours(self) -> float:
        """The expected time in hours."""
        return self.estimated_time_seconds[1] / 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome(Record):
    """What became of one step."""

    step_id: str
    description: str
    completed: bool
    critical: bool = True
    error: str = ""
    duration_seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementationResult(Record):
    """What became of an implementation.

    Attributes:
        backup_id: Id under which ``rollback`` finds the state before the change.
        proof: How the backup was proven, for each part.
        conflicts: Why the way back is blocked, one reason each; what to do is in ``error_message``.
        by_hand: Commands that bring back by hand what a blocked way back could not.
        confirm_by: Until when somebody has to confirm, or it is undone.
        kept_copies: Content that was overwritten by the rollback and lies in the store, by path.
        journal: File that holds every step.
    """

    solution_id: str
    start_time: datetime
    end_time: datetime
    duration_seconds: float
    result: ImplementationStatus
    steps_completed: int
    steps_total: int
    backup_id: str | None = None
    error_message: str | None = None
    rollback_performed: bool = False
    validation_passed: bool = False
    verification: Verification | None = None
    steps: tuple[StepOutcome, ...] = ()
    proof: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    kept_copies: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    journal: str = ""
    confirm_by: datetime | None = None

    @property
    def status(self) -> ImplementationStatus:
        """The same as ``result``."""
        return self.result

    @property
    def succeeded(self) -> bool:
        """True when the change is applied, verified and durable."""
        return self.result is ImplementationStatus.SUCCESS

    def __bool__(self) -> bool:
        """Return whether it succeeded, so that ``if implement_solution_with_backup(...)`` means what it says."""
        return self.succeeded


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord(Record):
    """One change as its journal tells it.

    Attributes:
        state: None when the journal is corrupt; then nothing was touched and ``reason`` says where the damage
            is.
        scope: What was declared: files, names of databases without credentials, ``environment``.
        needs_person: The way back is blocked or the journal is corrupt.
        revert_of: The change that this one undid.
    """

    change_id: str
    description: str
    state: ChangeState | None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    scope: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    kept_copies: Mapping[str, str] = field(default_factory=dict)
    revert_of: str | None = None
    action: str = ""
    journal: str = ""
    confirm_by: datetime | None = None

    @property
    def needs_person(self) -> bool:
        """True when only a person can decide what happens next."""
        return self.state is None or self.state is ChangeState.ROLLBACK_BLOCKED


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryOutcome(Record):
    """What recovery found in one journal and what it did.

    Attributes:
        found: State in which the journal was left; None when it is corrupt.
        state: State after recovery.
        acted: False when nothing had to be done.
        by_hand: Commands that bring back by hand what a blocked way back could not.
    """

    change_id: str
    found: ChangeState | None
    state: ChangeState | None
    acted: bool
    message: str
    conflicts: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    kept_copies: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_person(self) -> bool:
        """True when only a person can decide what happens next."""
        return self.state is None or self.state is ChangeState.ROLLBACK_BLOCKED
