"""What touches the world, as protocols: one page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from diagnostics.model.alert import MonitoringAlert
from diagnostics.model.observation import Observation
from diagnostics.runtime.clock import Clock


@runtime_checkable
class Probe(Protocol):
    """Looks at one thing, reading only.

    ``observe`` may raise; the runner turns that into a ``ProbeFailure``, as it does when the deadline passes. Observations that were
    yielded before are kept. A probe sends nothing that changes its target and holds no lock that somebody could wait for.

    Attributes:
        name: Unique; also the name of the failure when the probe fails as a whole.
        deadline_seconds: How long it may take at most.
    """

    @property
    def name(self) -> str: ...

    @property
    def deadline_seconds(self) -> float: ...

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield what was read."""
        ...


@runtime_checkable
class AlertChannel(Protocol):
    """Tells people of one alert.

    ``send`` is called once for each change of state, in order, with a deadline and from a thread of the monitor. It
    returns when the message is delivered, else it raises; then it is called again with the same alert, so a receiver
    joins messages by ``alert_id`` and ``change``.

    Attributes:
        name: Unique; shown where delivery fails.
    """

    @property
    def name(self) -> str: ...

    def send(self, alert: MonitoringAlert, /) -> None:
        """Deliver, or raise."""
        ...
