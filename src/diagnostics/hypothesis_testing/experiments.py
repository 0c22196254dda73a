"""Which look separates the hypotheses that are still close: expected information gain for each second that it costs (pure).

Before an experiment nobody knows how it will end; the map says how likely each end is under each hypothesis. For a node n and the
hypotheses h with their posteriors p, what we expect to learn from seeing n clearly is the mutual information

    I(h; n) = H(sum of p_h q(n|h)) - sum of p_h H(q(n|h))

in nats, H being the entropy of a yes or no (Lindley 1956). A node that was already seen clearly teaches little more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnostics.causal_map.graph import CausalMap
from diagnostics.hypothesis_testing.inference import chances
from diagnostics.model.diagnosis import Ranked
from diagnostics.model.finding import Finding, State

#: So much of what a clear sight would teach is still to be had from a node of that strength (nats): half of it at 2.
_HALF = 2.0
#: Hypotheses less probable than this do not matter for the choice.
_NEGLIGIBLE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Something that can be looked at on purpose.

    Attributes:
        name: For people and for whoever runs it.
        seconds: What it costs.
        informs: Nodes of the map of which it may say whether they are there.
    """

    name: str
    seconds: float
    informs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """An experiment and what is expected of it; ``gain`` in nats."""

    experiment: Experiment
    gain: float

    @property
    def rate(self) -> float:
        """Nats per second."""
        return self.gain / max(self.experiment.seconds, 1e-3)


def information_gain(
    causal_map: CausalMap, ranking: Sequence[Ranked], findings: Iterable[Finding], informs: Iterable[str]
) -> float:
    """Return the nats that seeing these nodes is expected to teach, at most the entropy of the race.

    Nodes are not independent given what is unknown, so that their information must not simply be added up: the best node counts
    whole, each further one half of the one before.
    """
    racing = [r for r in ranking if r.posterior >= _NEGLIGIBLE]
    total = sum(r.posterior for r in racing)
    if not racing or total <= 0:
        return 0.0
    weights = [r.posterior / total for r in racing]
    known = {f.mechanism: abs(f.strength) for f in findings if f.state is not State.UNKNOWN}
    wanted = [id_ for id_ in informs if id_ in causal_map]
    expected = [chances(causal_map, r.mechanisms, wanted, name=r.name) for r in racing]
    gains = sorted((_mutual(weights, [e[id_] for e in expected]) * _open(known, id_) for id_ in wanted), reverse=True)
    gain = sum(math.ldexp(g, -place) for place, g in enumerate(gains[:8]))
    return min(gain, -sum(w * math.log(w) for w in weights if w > 0))


def best_first(
    causal_map: CausalMap, ranking: Sequence[Ranked], findings: Sequence[Finding], experiments: Iterable[Experiment]
) -> list[Valued]:
    """Return the experiments by information per second, most first."""
    valued = [
        Valued(experiment=e, gain=information_gain(causal_map, ranking, findings, e.informs)) for e in experiments
    ]
    return sorted(valued, key=lambda v: (-v.rate, v.experiment.name))


def _mutual(weights: Sequence[float], chances_of: Sequence[float]) -> float:
    mean = sum(w * q for w, q in zip(weights, chances_of, strict=True))
    within = sum(w * _entropy(q) for w, q in zip(weights, chances_of, strict=True))
    return max(0.0, _entropy(mean) - within)


def _entropy(chance: float) -> float:
    if chance <= 0.0 or chance >= 1.0:
        return 0.0
    return -chance * math.log(chance) - (1 - chance) * math.log(1 - chance)


def _open(known: Mapping[str, float], id_: str) -> float:
    return math.exp2(-known.get(id_, 0.0) / _HALF)
