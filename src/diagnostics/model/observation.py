"""Observation: one reading of the world, or the reason why it could not be read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

_NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Unit(StrEnum):
    """Units by their UCUM code, as OpenTelemetry writes them."""

    RATIO = "1"
    SECONDS = "s"
    BYTES = "By"
    COUNT = "{count}"
    PER_SECOND = "1/s"
    BYTES_PER_SECOND = "By/s"
    BOOLEAN = "{bool}"
    TIMESTAMP = "{unix_s}"


class FailureKind(StrEnum):
    """Why a probe could not look; the kind itself is evidence."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    DNS_NOT_FOUND = "dns_not_found"
    DNS_UNAVAILABLE = "dns_unavailable"
    TLS = "tls"
    AUTHENTICATION = "authentication"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    EXHAUSTED = "exhausted"
    UNSUPPORTED = "unsupported"
    MISSING_EXTRA = "missing_extra"
    PROTOCOL = "protocol"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured value.

    Attributes:
        name: Dotted, general to special: ``postgres.locks.waiting``.
        value: Never NaN or infinite; booleans are 0.0 and 1.0.
        unit: Unit of ``value``.
        at: Aware moment of the measurement.
        source: How it was read (query, command, file), for people who want to check.
        labels: Who is concerned: pid, table, query, mount, service, ... All values are redacted text.
    """

    name: str
    value: float
    unit: Unit
    at: datetime
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.name}: {self.value} is a failed probe, not a reading")
        if self.at.tzinfo is None:
            raise ValueError(f"{self.name}: the moment of a reading must be aware (UTC)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFailure:
    """A probe that could not look, and why.

    Attributes:
        name: What would have been read, or the probe's own name: ``postgres.connect``.
        kind: Class of the failure.
        message: The reason in words, redacted; with the library's own text.
        hint: What a person can do to let the probe look; empty when nothing.
        labels: As in ``Reading``; ``sqlstate`` and ``errno`` where known.
        elapsed_seconds: How long the attempt took.
    """

    name: str
    kind: FailureKind
    message: str
    at: datetime
    hint: str = ""
    source: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    elapsed_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not self.message:
            raise ValueError(f"{self.name}: a failure says why")
        if self.at.tzinfo is None:
            raise ValueError(f"{self.name}: the moment of a failure must be aware (UTC)")


Observation = Reading | ProbeFailure


class Observations:
    """An immutable, indexed collection of observations; position ``i`` is evidence id ``E{i+1}``."""

    __slots__ = ("_by_name", "_items")

    def __init__(self, items: Iterable[Observation] = ()) -> None:
        self._items: tuple[Observation, ...] = tuple(items)
        by_name: dict[str, list[int]] = {}
        for index, item in enumerate(self._items):
            by_name.setdefault(item.name, []).append(index)
        self._by_name = by_name

    def __iter__(self) -> Iterator[Observation]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Observation:
        return self._items[index]

    def __add__(self, other: Iterable[Observation]) -> Observations:
        """Return both, ours first: ids that were given out stay valid."""
        return Observations((*self._items, *other))

    def indexed(self, name: str, /, **labels: str) -> list[tuple[str, Reading]]:
        """Return ``(evidence id, reading)`` of that name whose labels include ``labels``."""
        found: list[tuple[str, Reading]] = []
        for index in self._by_name.get(name, ()):
            item = self._items[index]
            if isinstance(item, Reading) and all(item.labels.get(k) == v for k, v in labels.items()):
                found.append((f"E{index + 1}", item))
        return found

    def readings(self, name: str, /, **labels: str) -> list[Reading]:
        """Return the readings of that name whose labels include ``labels``."""
        return [reading for _, reading in self.indexed(name, **labels)]

    def failures(self, name: str, /, **labels: str) -> list[tuple[str, ProbeFailure]]:
        """Return ``(evidence id, failure)`` of that name whose labels include ``labels``."""
        found: list[tuple[str, ProbeFailure]] = []
        for index in self._by_name.get(name, ()):
            item = self._items[index]
            if isinstance(item, ProbeFailure) and all(item.labels.get(k) == v for k, v in labels.items()):
                found.append((f"E{index + 1}", item))
        return found

    def last(self, name: str, /, **labels: str) -> Reading | None:
        """Return the latest reading of that name, or None."""
        found = self.readings(name, **labels)
        return found[-1] if found else None

    def value(self, name: str, default: float | None = None, /, **labels: str) -> float | None:
        """Return the value of the latest reading of that name, or ``default``."""
        reading = self.last(name, **labels)
        return default if reading is None else reading.value

    def names(self) -> set[str]:
        """Return every name that was observed, failures included."""
        return set(self._by_name)

    def all_failures(self) -> list[tuple[str, ProbeFailure]]:
        """Return every failure with its evidence id."""
        return [(f"E{i + 1}", item) for i, item in enumerate(self._items) if isinstance(item, ProbeFailure)]

    def by_id(self, evidence_id: str) -> Observation:
        """Return the observation of an evidence id such as ``E17``.

        Raises:
            KeyError: There is no such id.
        """
        try:
            return self._items[int(evidence_id[1:]) - 1]
        except (ValueError, IndexError):
            raise KeyError(evidence_id) from None
