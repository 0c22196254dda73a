"""Mechanism: a way in which a backend gets sick, with all that the six phases need to know about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.problem import Category

#: A pure function from evidence to a finding.
Detector = Callable[[Evidence], Finding]


class Kind(StrEnum):
    """Place of a node on the map."""

    CAUSE = "cause"
    """Somebody can act on it: a candidate root cause."""
    STATE = "state"
    """A link in the chain that has causes of its own; never a root cause."""
    SYMPTOM = "symptom"
    """What users see."""


class Layer(StrEnum):
    """Where a mechanism lives."""

    HOST = "host"
    PROCESS = "process"
    DATABASE = "database"
    NETWORK = "network"
    SERVICE = "service"
    CREDENTIALS = "credentials"
    CODE = "code"
    DATA = "data"
    CONFIGURATION = "configuration"
    DEPLOY = "deploy"
    CACHE = "cache"
    TRAFFIC = "traffic"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """``can cause``.

    Attributes:
        effect: Id of the node that is caused.
        probability: How likely the effect is seen when the cause is active under load, 0 to 1.
        because: The why in words: "because ..." read from the effect to the cause.
    """

    effect: str
    probability: float
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A text that speaks for a mechanism.

    Attributes:
        pattern: Regular expression, searched case-insensitively, without look-behind of variable length.
        weight: Log-likelihood ratio (nats): 6 names the cause outright, 3 is typical, 1 is a hint.
    """

    pattern: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A cure.

    Attributes:
        id: Stable name.
        title: What is done, in words.
        action: Name of an executable action in ``safe_implementation.actions``; empty for a written plan.
        plan: What a person does, step by step, when it is not mechanical (or wants to do it by hand).
        irreversible: It cannot be undone and needs a person's consent.
    """

    id: str
    title: str
    plan: tuple[str, ...] = ()
    action: str = ""
    irreversible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One node of the causal map.

    Attributes:
        prior: How often it is the cause, relative to the others: 3 high, 2 medium, 1 low; source in ``prior_source``.
        told_apart: What tells it from its neighbours.
    """

    id: str
    kind: Kind
    layer: Layer
    category: Category
    title: str
    title_ru: str
    summary: str
    recognised_by: str = ""
    told_apart: str = ""
    confusable_with: tuple[str, ...] = ()
    causes: tuple[Edge, ...] = ()
    detect: Detector | None = None
    prior: float = 2.0
    prior_source: str = "fault catalogue, column frequency"
    remedies: tuple[Remedy, ...] = ()
    experiments: tuple[str, ...] = ()
    verification: str = ""
    prevention: str = ""
