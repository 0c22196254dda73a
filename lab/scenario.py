"""What a scenario is, and what a right answer to it is."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).parent / "scenarios"
HEALTHY = "healthy"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is done to a backend, and what a right answer is.

    Attributes:
        truth: Id of the mechanism; ``healthy``; or ``unknown`` for a fault that is not on the map.
        second: Id of a second fault that was injected as well.
        also: Ids that name the same fault as rightly (stated in scenario.toml with the reason).
        backends: Those in which it really happens.
        release: What gives the meeting scheduler the function that the fault needs; the others have it from the start.
        postgres: Settings of a cluster of its own; the shared one is used when empty.
    """

    id: str
    title: str
    truth: str
    problem: str
    error: str = ""
    second: str = ""
    also: tuple[str, ...] = ()
    backends: tuple[str, ...] = ("meeting_scheduler",)
    release: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    postgres: dict[str, Any] = field(default_factory=dict)
    tls: bool = False
    rate: float = 20.0
    warm_seconds: float = 12.0
    sick_seconds: float = 14.0

    @property
    def is_healthy(self) -> bool:
        return self.truth == HEALTHY

    @property
    def kind(self) -> str:
        """Return ``healthy``, ``unknown``, ``double`` or ``fault``."""
        if self.truth in (HEALTHY, UNKNOWN):
            return self.truth
        return "double" if self.second else "fault"

    def is_right(self, status: str, named: Sequence[str]) -> bool:
        """Tell whether an answer is right: the first name is the truth, or nothing is named where nothing should be."""
        if self.is_healthy:
            return status != "root_cause_identified"
        if self.truth == UNKNOWN:
            return status == "unknown"
        return status == "root_cause_identified" and bool(named) and named[0] in self._accepted()

    def names_both(self, named: Sequence[str]) -> bool:
        """Tell whether both of two faults are among the first three names."""
        return bool({self.truth, *self.also} & set(named[:3])) and self.second in named[:3]

    def _accepted(self) -> set[str]:
        return {self.truth, *self.also, *([self.second] if self.second else [])}


def scenarios() -> list[Scenario]:
    """Return all scenarios, faults first."""
    found = []
    for folder in sorted(SCENARIOS.iterdir()):
        description = folder / "scenario.toml"
        if description.exists():
            values = tomllib.loads(description.read_text(encoding="utf-8"))
            for name in ("also", "backends"):
                if name in values:
                    values[name] = tuple(values[name])
            found.append(Scenario(id=folder.name, **values))
    return sorted(found, key=lambda s: (s.is_healthy, s.id))
