"""WhyTree: the five whys with forks, where the evidence stops, why nobody noticed, and what would have prevented it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model.record import Record


class LinkState(StrEnum):
    """What the evidence says about the answer of one why."""

    OBSERVED = "observed"
    """It was seen; the link cites what shows it."""
    ASSUMED = "assumed"
    """The map says so; nobody looked, or it could not be seen."""
    CONTRADICTED = "contradicted"
    """Somebody looked, and it was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Record):
    """One why and its answer.

    Attributes:
        question: "Why: requests are slow?"
        answer: One sentence with the values seen.
        effect: Node that is explained.
        mechanism: Node that explains it.
        state: What the evidence says.
        evidence: Ids of observations; never empty for an observed link.
        would_carry: Observation that would carry it; empty for an observed link.
        carried: It and all links before it are observed.
    """

    question: str
    answer: str
    effect: str
    mechanism: str
    state: LinkState
    evidence: tuple[str, ...] = ()
    would_carry: str = ""
    carried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork(Record):
    """Another answer to one of the whys.

    Attributes:
        effect: Node of the chain at which it joins.
        mechanism: The other cause.
        title: Its title.
        role: ``contributing`` (present beside the chain), ``ruled out`` (looked for and not there) or ``open``
            (nobody could look).
        because: What was seen of it.
        evidence: Ids of observations.
    """

    effect: str
    mechanism: str
    title: str
    role: str
    because: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnoticed(Record):
    """A link that could have been noticed before the symptom.

    Attributes:
        mechanism: Node of the chain.
        title: Its title.
        readings: Names of the observations that showed it now.
        watched: Whether a check or an alert looked at it; None when nobody said what is watched.
        had_baseline: Whether it was known what is normal; None when it has no number.
        sentence: For people.
    """

    mechanism: str
    title: str
    readings: tuple[str, ...]
    watched: bool | None
    had_baseline: bool | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevention(Record):
    """What would have prevented a cause.

    Attributes:
        mechanism: The cause.
        title: Its title.
        sentence: What prevents it, from the causal map.
        breaks: Node of the chain that would then not have happened.
    """

    mechanism: str
    title: str
    sentence: str
    breaks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyTree(Record):
    """The five whys of one incident.

    Attributes:
        symptom: Node at which it begins; empty when nothing was seen.
        symptom_title: Its title.
        symptom_evidence: Ids of what shows it.
        links: From the symptom upstream.
        stops_at: Number (from 1) of the first link that the evidence does not carry; 0 when all are carried.
        stop_reason: Why it stops there, and which observation would carry it on.
        forks: Other answers along the way.
        unnoticed: Why did we not notice: each link that could have been seen earlier, the most upstream first.
        prevention: What would have prevented it.
    """

    symptom: str
    symptom_title: str
    symptom_evidence: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    stops_at: int = 0
    stop_reason: str = ""
    forks: tuple[Fork, ...] = ()
    unnoticed: tuple[Unnoticed, ...] = ()
    prevention: tuple[Prevention, ...] = ()

    @property
    def carried(self) -> tuple[Link, ...]:
        """The links up to where the evidence stops."""
        return tuple(link for link in self.links if link.carried)

    @property
    def contributing(self) -> tuple[Fork, ...]:
        """Causes that are present beside the chain."""
        return tuple(fork for fork in self.forks if fork.role == "contributing")
