"""Evidence: all that a detector may look at. Finding: what it concluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from diagnostics.model.observation import Observations, Reading
from diagnostics.model.problem import Problem

#: Labels that name an instance rather than a thing; a baseline must not depend on them.
VOLATILE_LABELS = frozenset({"pid", "backend_pid", "waiter_pid", "blocker_pid", "thread", "local_port", "started"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was normal for one reading, from ``n`` samples."""

    n: int
    median: float
    mad: float
    p05: float
    p95: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What was normal before the onset: summaries by reading name and stable labels.

    ``facts`` holds texts that must not change by themselves: package versions, settings, revisions.
    """

    summaries: Mapping[str, Summary] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    recorded_at: datetime | None = None

    @staticmethod
    def key(name: str, labels: Mapping[str, str]) -> str:
        """Return the key of a reading: its name and the labels that outlive a restart."""
        stable = ",".join(f"{k}={v}" for k, v in sorted(labels.items()) if k not in VOLATILE_LABELS)
        return f"{name}{{{stable}}}"

    def of(self, reading: Reading) -> Summary | None:
        """Return what was normal for this reading, or None when it was never seen."""
        return self.summaries.get(self.key(reading.name, reading.labels))


NO_BASELINE = Baseline()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMatch:
    """A known text that was found in the report or in a log.

    Attributes:
        mechanism: Mechanism that the text speaks for.
        weight: Log-likelihood ratio of one such text against any other cause (nats).
        place: ``report`` or ``log``.
        count: How often in the recent window (1 for a report).
        count_before: How often in the window of the same length before it.
        text: The matching line, redacted, at most 300 characters.
        evidence_id: Observation that holds it; empty for the report.
    """

    mechanism: str
    weight: float
    place: str
    count: int
    count_before: int
    text: str
    evidence_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that detectors may look at: values only, so that a detector is a pure function."""

    observations: Observations
    problem: Problem = field(default_factory=Problem)
    baseline: Baseline = NO_BASELINE
    signatures: tuple[SignatureMatch, ...] = ()
    now: datetime | None = None


class State(StrEnum):
    """What a detector concluded about its mechanism."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A mechanism that is present, absent or unknown.

    Attributes:
        mechanism: Id of the mechanism; filled in by ``examine``.
        state: Unknown when the probes could not look.
        strength: Log-likelihood ratio (nats): positive speaks for the mechanism, negative against it, zero for unknown.
        evidence: Ids of the observations that it rests on.
        sentence: One sentence for people, with the value seen and what was normal.
        subject: Who is concerned: ``pid``, ``table``, ``query``, ``service`` ...; a remedy's parameters come from here.
    """

    mechanism: str = ""
    state: State
    strength: float
    sentence: str
    evidence: tuple[str, ...] = ()
    subject: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.state is State.PRESENT and self.strength <= 0:
            raise ValueError(f"{self.mechanism}: present needs a positive strength, got {self.strength}")
        if self.state is State.ABSENT and self.strength >= 0:
            raise ValueError(f"{self.mechanism}: absent needs a negative strength, got {self.strength}")
        if self.state is State.UNKNOWN and self.strength != 0:
            raise ValueError(f"{self.mechanism}: unknown has no strength")
