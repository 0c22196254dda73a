"""Which alerts go to which receiver."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from diagnostics.model.alert import AlertSeverity, MonitoringAlert
from diagnostics.plugins.protocols import AlertChannel

_LOUDNESS = {AlertSeverity.INFO: 0, AlertSeverity.WARNING: 1, AlertSeverity.CRITICAL: 2}


class Routed:
    """A channel that takes only some alerts; all notices of one incident go the same way.

    Args:
        channel: The receiver.
        minimum: Quieter alerts are not sent.
        components: Patterns such as ``db-*``; alerts of other checks are not sent.
    """

    def __init__(
        self,
        channel: AlertChannel,
        *,
        minimum: AlertSeverity = AlertSeverity.INFO,
        components: Sequence[str] = ("*",),
    ) -> None:
        self.channel = channel
        self.name = channel.name
        self._minimum = minimum
        self._components = tuple(components)

    def takes(self, alert: MonitoringAlert) -> bool:
        """Return whether the receiver wants this alert."""
        loud = _LOUDNESS[alert.severity] >= _LOUDNESS[self._minimum]
        return loud and any(fnmatchcase(alert.component, pattern) for pattern in self._components)

    def send(self, alert: MonitoringAlert, /) -> None:
        """Send it if it is wanted."""
        if self.takes(alert):
            self.channel.send(alert)
