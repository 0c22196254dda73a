"""The map as a graph: who can cause what, and how likely each effect then is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from diagnostics.errors import ConfigurationError
from diagnostics.model.mechanism import Edge, Kind, Mechanism


class CausalMap:
    """An acyclic graph of mechanisms.

    Raises:
        ConfigurationError: A node exists twice, an edge leads nowhere, or the edges form a circle.
    """

    def __init__(self, mechanisms: Iterable[Mechanism]) -> None:
        nodes: dict[str, Mechanism] = {}
        for mechanism in mechanisms:
            if mechanism.id in nodes:
                raise ConfigurationError(f"mechanism {mechanism.id} is defined twice")
            nodes[mechanism.id] = mechanism
        parents: dict[str, list[tuple[str, Edge]]] = {id_: [] for id_ in nodes}
        for mechanism in nodes.values():
            for edge in mechanism.causes:
                if edge.effect not in nodes:
                    raise ConfigurationError(f"{mechanism.id} causes {edge.effect}, which is not on the map")
                if not 0 < edge.probability <= 1:
                    raise ConfigurationError(f"{mechanism.id} -> {edge.effect}: {edge.probability} is no probability")
                parents[edge.effect].append((mechanism.id, edge))
        self._nodes = MappingProxyType(nodes)
        self._parents = parents
        self._order = self._sorted()
        self._reach: dict[tuple[str, ...], Mapping[str, float]] = {}

    def __iter__(self) -> Iterator[Mechanism]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._nodes

    def __getitem__(self, id_: str) -> Mechanism:
        """Return a node.

        Raises:
            ConfigurationError: There is no such mechanism; names the closest.
        """
        try:
            return self._nodes[id_]
        except KeyError:
            import difflib

            close = difflib.get_close_matches(id_, self._nodes, n=3)
            hint = f"Did you mean {', '.join(close)}?" if close else "`diagnose explain` lists all of them."
            raise ConfigurationError(f"there is no mechanism {id_!r}.", hint=hint) from None

    def of_kind(self, kind: Kind) -> list[Mechanism]:
        """Return the nodes of a kind."""
        return [node for node in self if node.kind is kind]

    def parents(self, id_: str) -> list[tuple[str, Edge]]:
        """Return who can cause this node, with the edge."""
        return self._parents[id_]

    def reach(self, *roots: str) -> Mapping[str, float]:
        """Return for each node the probability that it is active when ``roots`` are, by noisy-or along the edges.

        P(n) = 1 - prod over parents p of (1 - P(p) * P(p causes n)); P(root) = 1. Only nodes above zero are in the result.
        """
        key = tuple(sorted(roots))
        if key not in self._reach:
            active: dict[str, float] = dict.fromkeys(roots, 1.0)
            for id_ in self._order:
                probability = active.get(id_, 0.0)
                if probability <= 0:
                    continue
                for edge in self._nodes[id_].causes:
                    miss = 1 - active.get(edge.effect, 0.0)
                    active[edge.effect] = 1 - miss * (1 - probability * edge.probability)
            self._reach[key] = MappingProxyType(active)
        return self._reach[key]

    def _sorted(self) -> list[str]:
        waiting = {id_: len(self._parents[id_]) for id_ in self._nodes}
        ready = [id_ for id_, count in waiting.items() if count == 0]
        order: list[str] = []
        while ready:
            id_ = ready.pop()
            order.append(id_)
            for edge in self._nodes[id_].causes:
                waiting[edge.effect] -= 1
                if waiting[edge.effect] == 0:
                    ready.append(edge.effect)
        if len(order) != len(self._nodes):
            circle = sorted(id_ for id_, count in waiting.items() if count > 0)
            raise ConfigurationError(f"the map has a circle among {', '.join(circle)}")
        return order


_STANDARD: list[CausalMap] = []


def standard_map() -> CausalMap:
    """Return the map that this package ships; built once."""
    if not _STANDARD:
        from diagnostics.causal_map.mechanisms import MECHANISMS

        drawn = CausalMap(MECHANISMS)
        _STANDARD.append(CausalMap(_with_its_exception(drawn, node) for node in drawn))
    return _STANDARD[0]


#: What a program says when it meets a mechanism is a traceback that somebody sees; how often, where the map does not draw it: where
#: its text is a class of exceptions, and where it is another text.
_SEEN_AS = "unhandled-exception"
_RAISED, _SAID = 0.5, 0.25
_LOUD = 3.0


def _with_its_exception(drawn: CausalMap, node: Mechanism) -> Mechanism:
    """Return a node that explains the very traceback by which it is recognised."""
    from diagnostics.causal_map.signatures import SIGNATURES

    patterns = [s.pattern for s in SIGNATURES.get(node.id, ()) if s.weight >= _LOUD]
    if node.kind is not Kind.CAUSE or not patterns:
        return node
    raises = any("Error" in pattern or "Exception" in pattern for pattern in patterns)
    wanted = _RAISED if raises else _SAID
    if drawn.reach(node.id).get(_SEEN_AS, 0.0) >= min(wanted, 0.3):
        return node
    others = tuple(edge for edge in node.causes if edge.effect != _SEEN_AS)
    return replace(node, causes=(*others, Edge(effect=_SEEN_AS, probability=wanted)))
