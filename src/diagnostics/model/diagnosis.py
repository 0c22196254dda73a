"""Why, RootCause, Diagnosis: the answer of phases 1 to 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from diagnostics.model.finding import Finding
from diagnostics.model.record import Record


class Status(StrEnum):
    """What the diagnosis came to."""

    ROOT_CAUSE_IDENTIFIED = "root_cause_identified"
    HEALTHY = "healthy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked(Record):
    """One hypothesis of the race, with what speaks for and against it.

    Attributes:
        mechanisms: One id, two for a double fault, none for ``nothing-is-wrong`` and ``not-on-the-map``.
        posterior: Probability given all findings.
        log_score: Logarithm of prior times likelihood (nats).
        supports: ``(mechanism, contribution in nats)`` of the findings that it explains better than "nothing is wrong".
        against: The same of those that speak against it.
    """

    name: str
    mechanisms: tuple[str, ...]
    posterior: float
    log_score: float
    supports: tuple[tuple[str, float], ...] = ()
    against: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why(Record):
    """One step of the five whys.

    Attributes:
        question: "Why are requests slow?"
        answer: One sentence with the values seen.
        mechanism: Node that answers.
        evidence: Ids of observations; empty when the link is assumed.
        state: ``observed`` (the finding is present), ``assumed`` (the map says so, nobody looked or it could not be seen).
    """

    question: str
    answer: str
    mechanism: str
    evidence: tuple[str, ...] = ()
    state: str = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause(Record):
    """A cause that somebody can act on, with the chain from the symptom to it."""

    mechanism: str
    title: str
    layer: str
    posterior: float
    summary: str
    whys: tuple[Why, ...]
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    contributing: tuple[str, ...] = ()
    subject: Mapping[str, str] = field(default_factory=dict)
    remedies: tuple[str, ...] = ()
    would_refute: str = ""
    prevention: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer(Record):
    """One of the user's five answers, and whether the evidence supports it, contradicts it or is silent.

    ``would_carry`` says which observation would support an answer on which the evidence is silent.
    """

    question: str
    answer: str
    judgement: str
    mechanisms: tuple[str, ...]
    because: str
    evidence: tuple[str, ...] = ()
    would_carry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouldNotLook(Record):
    """What was not seen, and what would let us see it."""

    what: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(Record):
    """The answer of phases 1 to 4: a root cause, health, or "unknown" with what was ruled out."""

    status: Status
    root_causes: tuple[RootCause, ...]
    ranking: tuple[Ranked, ...]
    findings: tuple[Finding, ...]
    reason: str
    threshold: float
    ruled_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    could_not_look: tuple[CouldNotLook, ...] = ()

    @property
    def root_cause(self) -> RootCause | None:
        """The most probable cause, when it passed the threshold."""
        return self.root_causes[0] if self.status is Status.ROOT_CAUSE_IDENTIFIED and self.root_causes else None
