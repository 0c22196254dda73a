"""Phase 3: the caller's own hypotheses, by name, as values, from a TOML file or from plug-ins, tested by their conditions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from diagnostics.causal_map.graph import CausalMap
from diagnostics.diagnostic_orchestrator.results import HypothesisVerdict
from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import written
from diagnostics.hypothesis_testing.common import CommonHypotheses
from diagnostics.hypothesis_testing.conditions import TestCondition
from diagnostics.hypothesis_testing.hypothesis import Hypothesis, Look, flat, shared
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.hypothesis_testing.tester import HypothesisTester
from diagnostics.model.target import Target
from diagnostics.plugins import registry
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

_log = logging.getLogger(__name__)

#: What a caller may give: names and hypotheses, or conditions (or a hypothesis) by name.
Custom = Sequence[str | Hypothesis] | Mapping[str, "Sequence[TestCondition] | Hypothesis"]


def of_mechanism(causal_map: CausalMap, id_: str, look: Callable[[], Look] | SharedLook[Look]) -> Hypothesis:
    """Return the hypothesis that a mechanism is at work."""
    node = causal_map[id_]
    return Hypothesis(
        name=id_,
        statement=node.summary or node.title,
        conditions=tuple(CommonHypotheses.for_mechanism(id_, look, causal_map=causal_map)),
    )


def from_plugins(target: Target, look: SharedLook[Look], *, found: Iterable[Any] | None = None) -> list[Hypothesis]:
    """Return what the entry points of ``diagnostics.hypotheses`` give; a broken one is reported and the rest go on.

    An entry point names a ``Hypothesis``, a sequence of them, or a callable that takes the target and the look.
    """
    gathered: list[Hypothesis] = []
    for name, value in registry.load(registry.HYPOTHESES, found=found).values:
        try:
            given = value(target, look) if callable(value) else value
            made: tuple[Any, ...] = flat(given)
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not stop the others
            _log.warning("plugin.broken hypothesis %s: %s", name, error)
            continue
        for hypothesis in made:
            if isinstance(hypothesis, Hypothesis):
                gathered.append(hypothesis)
            else:
                _log.warning("plugin.broken hypothesis %s is %s", name, type(hypothesis).__name__)
    return gathered


def resolve(
    names: Sequence[str],
    *,
    file: Path | None,
    target: Target,
    look: Callable[[], Look],
    causal_map: CausalMap,
    engine: Any = None,
    service: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> tuple[Hypothesis, ...]:
    """Return the hypotheses of these names; without names all of the file, or else of the plug-ins.

    A name is one of the file, of a plug-in, of the common ones, or a mechanism of the map, in this order.

    Raises:
        ConfigurationError: Nobody knows a name, or there is nothing to test.
    """
    once = shared(look)
    own = {h.name: h for h in (*from_plugins(target, once), *(written.read(file, once) if file is not None else ()))}
    if not names:
        if not own:
            raise ConfigurationError(
                "There is nothing to test.",
                hint="Name mechanisms (`diagnose explain` lists them), or give --hypotheses.",
            )
        return tuple(own.values())
    chosen = []
    for name in names:
        if name in own:
            chosen.append(own[name])
        elif name in CommonHypotheses.names():
            conditions = CommonHypotheses.named(name, db_engine=engine, service_url=service, clock=clock)
            chosen.append(Hypothesis(name=name, conditions=tuple(conditions)))
        elif own and name not in causal_map:
            raise ConfigurationError(
                f"There is no hypothesis {name!r}.",
                hint=f"Known: {', '.join([*own, *CommonHypotheses.names()])}, and every mechanism of the map.",
            )
        else:
            chosen.append(of_mechanism(causal_map, name, once))
    return tuple(chosen)


def tested(
    custom: Custom | None,
    *,
    causal_map: CausalMap,
    engine: Any,
    service: str | None,
    clock: Clock,
) -> list[HypothesisVerdict]:
    """Return the verdicts on the caller's hypotheses; mechanisms of the map race elsewhere."""
    tester = HypothesisTester(clock=clock)
    verdicts: list[HypothesisVerdict] = []
    for item in custom or ():
        given: Any = custom[item] if isinstance(custom, Mapping) and isinstance(item, str) else item
        if isinstance(given, str):
            if given in causal_map:
                continue
            try:
                given = CommonHypotheses.named(given, db_engine=engine, service_url=service)
            except ConfigurationError as error:
                if item not in CommonHypotheses.names():
                    raise
                verdicts.append(_untested(str(item), str(error)))
                continue
        hypothesis = given if isinstance(given, Hypothesis) else None
        name = hypothesis.name if hypothesis is not None else str(item)
        result = tester.test(hypothesis) if hypothesis is not None else tester.test_hypothesis(name, list(given))
        verdicts.append(
            HypothesisVerdict(
                hypothesis=name,
                title=(hypothesis.statement if hypothesis is not None else "") or name.replace("_", " "),
                verdict=str(result.verdict),
                posterior=result.posterior,
                reason=result.conclusion,
                tested_by="conditions",
                seen=tuple(c.name for c in result.conditions if c.passed),
                missing=tuple(c.name for c in result.conditions if c.passed is False),
                unseen=tuple(c.name for c in result.conditions if c.passed is None),
                details=result.to_dict(),
            )
        )
    return verdicts


def _untested(name: str, why: str) -> HypothesisVerdict:
    return HypothesisVerdict(
        hypothesis=name,
        title=name.replace("_", " "),
        verdict="inconclusive",
        posterior=0.5,
        reason=why,
        tested_by="conditions",
    )
