"""Plug-ins of others, found by entry points: ``diagnostics.probes`` and ``diagnostics.mechanisms``.

A probe's entry point names a callable that takes the ``Target`` and returns a ``Probe`` (or None when it has nothing to look at
there); a
mechanism's names a ``Mechanism`` or a sequence of them. A broken plug-in is reported and the rest go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from diagnostics.causal_map.graph import CausalMap, standard_map
from diagnostics.errors import PluginError
from diagnostics.model.mechanism import Mechanism
from diagnostics.model.target import Target
from diagnostics.plugins.protocols import Probe

PROBES = "diagnostics.probes"
MECHANISMS = "diagnostics.mechanisms"
HYPOTHESES = "diagnostics.hypotheses"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the entry points of one group gave, and what could not be loaded."""

    values: tuple[tuple[str, Any], ...]
    broken: tuple[PluginError, ...]


def load(group: str, *, found: Iterable[EntryPoint] | None = None) -> Loaded:
    """Return what the entry points of a group name; two of one name are an error of both.

    Args:
        group: ``PROBES``, ``MECHANISMS``, ``HYPOTHESES`` or another one.
        found: The entry points; those of the installed distributions when None.
    """
    points = list(entry_points(group=group) if found is None else found)
    names = [point.name for point in points]
    values: list[tuple[str, Any]] = []
    broken: list[PluginError] = []
    for point in points:
        brought_by = point.dist.name if point.dist is not None else "an unknown distribution"
        if names.count(point.name) > 1:
            broken.append(PluginError(f"plug-in {point.name!r} of {group} exists twice (one is from {brought_by})."))
            continue
        try:
            values.append((point.name, point.load()))
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not stop the others
            broken.append(PluginError(f"plug-in {point.name!r} of {group}, from {brought_by}, does not load: {error}"))
    for problem in broken:
        _log.warning("plugin.broken %s", problem)
    return Loaded(values=tuple(values), broken=tuple(broken))


def probes(target: Target, *, found: Iterable[EntryPoint] | None = None) -> tuple[Probe, ...]:
    """Return the probes that plug-ins offer for a target."""
    made: list[Probe] = []
    for name, factory in load(PROBES, found=found).values:
        try:
            probe = factory(target)
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not stop the others
            _log.warning("plugin.broken probe %s: %s", name, error)
            continue
        if isinstance(probe, Probe):
            made.append(probe)
        elif probe is not None:
            _log.warning("plugin.broken probe %s returned %s, which is no probe", name, type(probe).__name__)
    return tuple(made)


def full_map(*, found: Iterable[EntryPoint] | None = None) -> CausalMap:
    """Return the shipped map with the mechanisms of plug-ins; the shipped one when there are none.

    Raises:
        ConfigurationError: A plug-in's mechanism exists already, leads nowhere, or closes a circle.
    """
    extra: list[Mechanism] = []
    for name, value in load(MECHANISMS, found=found).values:
        mechanisms: Sequence[Any] = [value] if isinstance(value, Mechanism) else list(value)
        for mechanism in mechanisms:
            if isinstance(mechanism, Mechanism):
                extra.append(mechanism)
            else:
                _log.warning("plugin.broken mechanism %s is %s", name, type(mechanism).__name__)
    return CausalMap([*standard_map(), *extra]) if extra else standard_map()
