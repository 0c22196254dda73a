"""What speaks: one clue a node and inner cause; and the answer made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """Where a clue was read."""

    METRIC = "metric"
    LOG = "log"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """How strongly one metric, log template or operation of a node speaks for a change there.

    Attributes:
        node: Service, pod or resource.
        inner: What of it: metric and statistic, log template, operation or code region.
        kind: Where it was read.
        score: Log-likelihood ratio (nats) of "it changed" against "it is as always"; negative where it was looked at and is as always.
        onset: When it began, Unix seconds; None when that cannot be said.
        reason: One sentence for people, with the values seen.
        evidence: The numbers of the sentence, by name.
    """

    node: str
    inner: str
    kind: Kind
    score: float
    onset: float | None = None
    reason: str = ""
    evidence: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not math.isfinite(self.score):
            raise ValueError(f"{self.node} {self.inner}: a score is finite, got {self.score}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One place in the answer.

    Attributes:
        node: Where it began.
        inner: Which metric, log template or operation of the node says so first.
        score: Posterior probability of the node, times how likely this inner cause is relative to the node's best one.
        reasons: Sentences, the most telling one first.
        kind: Where the inner cause was read.
    """

    node: str
    inner: str
    score: float
    reasons: tuple[str, ...] = ()
    kind: Kind = Kind.METRIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The whole answer: causes, most probable first, and the two answers that are none of them.

    Attributes:
        ranked: One entry a node and inner cause. Empty when nothing is abnormal.
        nodes: Posterior of each node that is in the race, most probable first.
        nothing: Posterior of "nothing is wrong".
        unknown: Posterior of "a cause that is on no node of the graph".
        onset: When it began, Unix seconds, where that was looked for.
    """

    ranked: tuple[Ranked, ...]
    nodes: Mapping[str, float]
    nothing: float
    unknown: float
    onset: float | None = None

    @property
    def is_abnormal(self) -> bool:
        """Whether something is wrong at all, rather than not."""
        return bool(self.ranked)
