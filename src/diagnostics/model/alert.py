"""Alert: a rule's state over time, and what people are told when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from diagnostics.model.record import Record


class AlertSeverity(StrEnum):
    """How loud an alert is."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class AlertPhase(StrEnum):
    """Where an alert stands."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVING = "resolving"
    FLAPPING = "flapping"


class AlertChange(StrEnum):
    """A change of state, of which people are told once."""

    FIRED = "fired"
    FLAPPING = "flapping"
    SETTLED = "settled"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """When to fire and when to call it over, in results of one check.

    Attributes:
        bad_to_fire: So many bad results among the last ``window`` fire.
        window: How many results are looked at.
        good_to_resolve: So many good results in a row resolve.
        flap_entries: The firing of this rank within ``flap_window`` results is flapping.
        flap_window: See above.
        settle_after: Flapping is over when the state held for so many results.
        adapts: Whether a check that fails now and then by nature needs one bad result more to fire, and a service
            that half works while it fails needs more good ones to resolve; see ``alerts.state``.
    """

    bad_to_fire: int = 3
    window: int = 5
    good_to_resolve: int = 5
    flap_entries: int = 3
    flap_window: int = 60
    settle_after: int = 30
    adapts: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.bad_to_fire <= self.window:
            raise ValueError(f"bad_to_fire must lie in 1..window ({self.window}), not {self.bad_to_fire}")
        if self.good_to_resolve < 1 or self.settle_after < 1 or self.flap_entries < 2 or self.flap_window < 1:
            raise ValueError("good_to_resolve, settle_after and flap_window are at least 1, flap_entries 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """All that the rule needs to remember of one check.

    Attributes:
        recent: The last results, oldest first; True is bad.
        good: Good results in a row.
        seen: Results so far.
        firing: Whether the rule holds now.
        entries: At which results it began to fire, within the flap window.
        flapping: Whether it goes up and down.
        held: For how many results ``firing`` has not changed while flapping.
        quiet: Results while no alert was open, the older ones counting less.
        noise: How many of those were bad.
        episode: Results since the rule began to hold, and the bad ones that made it hold.
        passed: How many of those were good.
    """

    recent: tuple[bool, ...] = ()
    good: int = 0
    seen: int = 0
    firing: bool = False
    entries: tuple[int, ...] = ()
    flapping: bool = False
    held: int = 0
    quiet: int = 0
    noise: int = 0
    episode: int = 0
    passed: int = 0

    @property
    def phase(self) -> AlertPhase:
        """Return the state in the word that people know."""
        if self.flapping:
            return AlertPhase.FLAPPING
        if self.firing:
            return AlertPhase.RESOLVING if self.good else AlertPhase.FIRING
        return AlertPhase.PENDING if any(self.recent) else AlertPhase.OK

    @property
    def is_open(self) -> bool:
        return self.firing or self.flapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringAlert(Record):
    """One notice to people; the notice of the recovery bears the same ``alert_id``.

    Attributes:
        timestamp: When the alert began, ISO 8601 in UTC.
        alert_id: One for each incident: the key by which a receiver joins its notices.
        severity: ``CRITICAL`` for checks that are critical, else ``WARNING``.
        component: Name of the check.
        message: One sentence with the value seen.
        details: What else is known: the numbers, the parent, the silenced children.
        resolved: Whether it is over.
        resolution_timestamp: When it was over.
        change: What happened.
    """

    timestamp: str
    alert_id: str
    severity: AlertSeverity
    component: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
    resolved: bool = False
    resolution_timestamp: str | None = None
    change: AlertChange = AlertChange.FIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Record):
    """One notice on its way to one receiver.

    Attributes:
        delivery_id: Of this notice in its history; rising.
        channel: Name of the receiver.
        alert: What is told.
        attempts: How often it was tried.
        error: Why it was not taken; redacted.
        dead: Whether it was given up; a person may send it again.
    """

    delivery_id: int
    channel: str
    alert: MonitoringAlert
    attempts: int = 0
    error: str = ""
    dead: bool = False
