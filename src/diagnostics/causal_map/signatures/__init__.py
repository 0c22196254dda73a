"""What texts say about mechanisms: tables of patterns with weights, and the quick way through them.

Weights are log-likelihood ratios (nats): 6 names the cause outright, 3 is typical, 1 is a hint. ``SIGNATURES`` are
words of machines (exceptions, server logs, kernel), ``STORIES`` are words of people who report a problem, in English
and Russian.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from diagnostics.causal_map.signatures import (
    cache as cache_and_queue,
)
from diagnostics.causal_map.signatures import (
    code,
    configuration,
    credentials,
    data,
    database,
    dependencies,
    host,
    libraries,
    locks,
    network,
    observed,
    performance,
    process,
    schema,
    services,
    stories,
)
from diagnostics.causal_map.signatures.categories import CATEGORY, SEVERITY
from diagnostics.causal_map.signatures.matching import MAX_STORY, Hit, Matcher, shorten
from diagnostics.causal_map.signatures.undecided import UNDECIDED
from diagnostics.model.mechanism import Signature

__all__ = [
    "CATEGORY",
    "SEVERITY",
    "SIGNATURES",
    "STORIES",
    "UNDECIDED",
    "match_line",
    "said_by_machines",
    "said_by_people",
]

_MODULES = (
    host,
    process,
    database,
    locks,
    performance,
    schema,
    services,
    credentials,
    network,
    configuration,
    code,
    data,
    dependencies,
    cache_and_queue,
    libraries,
    stories,
    observed,
)


def _merged(attribute: str) -> Mapping[str, tuple[Signature, ...]]:
    merged: dict[str, tuple[Signature, ...]] = {}
    for module in _MODULES:
        for mechanism, signatures in getattr(module, attribute).items():
            merged[mechanism] = merged.get(mechanism, ()) + signatures
    return MappingProxyType(merged)


SIGNATURES: Mapping[str, tuple[Signature, ...]] = _merged("SIGNATURES")
STORIES: Mapping[str, tuple[Signature, ...]] = _merged("STORIES")


@lru_cache(maxsize=1)
def _machines() -> Matcher:
    return Matcher([SIGNATURES, UNDECIDED])


@lru_cache(maxsize=1)
def _people() -> Matcher:
    return Matcher([STORIES])


def said_by_machines(text: str) -> list[Hit]:
    """Return the machine texts found in ``text``, with the words that matched."""
    return _machines().hits(text)


def said_by_people(text: str) -> list[Hit]:
    """Return the ways of telling a story found in ``text``, with the words that matched."""
    return _people().hits(shorten(text, MAX_STORY))


def match_line(text: str) -> tuple[tuple[str, float], ...]:
    """Return mechanisms that a log line speaks for, with their best weight, strongest first.

    Example:
        >>> match_line("sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called")[0]
        ('async-lazy-load-missing-greenlet', 6.0)
    """
    best: dict[str, float] = {}
    for hit in _machines().hits(text):
        for mechanism, weight in hit.says:
            if weight > best.get(mechanism, 0.0):
                best[mechanism] = weight
    return tuple(sorted(best.items(), key=lambda item: -item[1]))
