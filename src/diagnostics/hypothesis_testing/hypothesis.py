"""Hypothesis: what is claimed, what is then seen, and what would refute it; and the look at the world that tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.conditions import TestCondition
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.model.finding import Finding
from diagnostics.model.observation import Observations

#: Even odds: the hypothesis was worth testing, and no more is known.
EVEN_PRIOR = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """Something that may be the matter, with its predictions and falsifiers.

    Attributes:
        name: Short and stable.
        statement: What is claimed, in one sentence; the name when empty.
        conditions: Predictions: what is seen if it holds; and falsifiers (``refutes``): what is then never seen.
        required_success_rate: Share of the predictions that must be observed.
        repetitions: How often to look; None for as often as it takes.
        interval_seconds: Between two looks.
        prior: Probability before the test.

    Raises:
        ConfigurationError: It has no name, or it predicts nothing and so cannot be tested.
    """

    name: str
    conditions: tuple[TestCondition, ...]
    statement: str = ""
    required_success_rate: float = 1.0
    repetitions: int | None = 1
    interval_seconds: float = 0.0
    prior: float = EVEN_PRIOR

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigurationError("A hypothesis needs a name.")
        if all(c.refutes for c in self.conditions):
            raise ConfigurationError(
                f"Hypothesis '{self.name}' predicts nothing.",
                hint="Say what is seen if it holds: at least one condition that does not refute.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at the target gave."""

    observations: Observations
    findings: tuple[Finding, ...] = ()


#: Looks at the target once; a ``SharedLook`` of it is asked once for all hypotheses of a round.
LookOnce: TypeAlias = Callable[[], Look] | SharedLook[Look]


def shared(look: LookOnce) -> SharedLook[Look]:
    """Return a look that all conditions of a round share."""
    return look if isinstance(look, SharedLook) else SharedLook(look)


def flat(given: Hypothesis | Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    """Return one hypothesis, or several, as a tuple."""
    return (given,) if isinstance(given, Hypothesis) else tuple(given)
