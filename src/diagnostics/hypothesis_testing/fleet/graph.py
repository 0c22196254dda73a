"""Who calls whom: trouble travels from the called to the caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A directed graph of calls; circles are allowed, since services do call each other.

    Attributes:
        nodes: All nodes, those without a call too.
        edges: Pairs of caller and called.
    """

    nodes: tuple[str, ...] = ()
    edges: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, edges: Iterable[tuple[str, str]], nodes: Iterable[str] = ()) -> Graph:
        """Return the graph of these calls; nodes that only edges name are added, double edges and calls to oneself are dropped."""
        kept = tuple(dict.fromkeys((a, b) for a, b in edges if a != b))
        named = dict.fromkeys(nodes)
        named.update(dict.fromkeys(end for edge in kept for end in edge))
        return cls(nodes=tuple(named), edges=kept)

    @cached_property
    def callees(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, whom it calls."""
        found: dict[str, list[str]] = {node: [] for node in self.nodes}
        for caller, called in self.edges:
            found[caller].append(called)
        return {node: tuple(called) for node, called in found.items()}

    @cached_property
    def callers(self) -> Mapping[str, tuple[str, ...]]:
        """For each node, who calls it."""
        found: dict[str, list[str]] = {node: [] for node in self.nodes}
        for caller, called in self.edges:
            found[called].append(caller)
        return {node: tuple(callers) for node, callers in found.items()}

    def below(self, node: str) -> Mapping[str, int]:
        """Return the nodes down the call chain from ``node`` and their distance in calls; itself at 0."""
        return _distances(node, self.callees)

    def above(self, node: str) -> Mapping[str, int]:
        """Return the nodes that call ``node``, directly or not, and their distance in calls; itself at 0."""
        return _distances(node, self.callers)


EMPTY = Graph()


def _distances(start: str, neighbours: Mapping[str, tuple[str, ...]]) -> Mapping[str, int]:
    found = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for other in neighbours.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                waiting.append(other)
    return found
