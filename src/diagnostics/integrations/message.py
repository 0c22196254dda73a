"""What every receiver is told, in words and as fields; secrets taken out (pure)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
from diagnostics.runtime.redaction import redact, shorten

_WORDS = {
    AlertChange.FIRED: "FIRING",
    AlertChange.FLAPPING: "FLAPPING",
    AlertChange.SETTLED: "FIRING",
    AlertChange.RESOLVED: "RESOLVED",
}
_SIGNS = {
    AlertChange.FIRED: "\U0001f534",
    AlertChange.FLAPPING: "\U0001f7e0",
    AlertChange.SETTLED: "\U0001f534",
    AlertChange.RESOLVED: "\U0001f7e2",
}
MOST_TEXT = 2_000
MOST_VALUE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice in words.

    Attributes:
        key: One for each incident, the same for its recovery; letters, digits and hyphens, at most 60 characters.
        event: One for each change of it; a receiver that gets it twice knows it by this.
        word: FIRING, FLAPPING or RESOLVED.
        title: One line.
        text: What happened, with the value seen.
        fields: What else is known.
        severity: How loud.
        is_open: Whether it goes on.
        source: What is watched, for people.
        began: ISO 8601 in UTC.
        at: When this change happened, ISO 8601 in UTC, as far as the alert tells.
    """

    key: str
    event: str
    word: str
    title: str
    text: str
    fields: tuple[tuple[str, str], ...]
    severity: AlertSeverity
    is_open: bool
    source: str
    component: str
    began: str
    at: str

    @property
    def sign(self) -> str:
        """A coloured disc for receivers that show it; the word says the same."""
        return next(sign for change, sign in _SIGNS.items() if _WORDS[change] == self.word)


def message_of(alert: MonitoringAlert, source: str) -> Message:
    """Return what people are told of an alert.

    Args:
        alert: The alert.
        source: Name of the service or project that is watched.
    """
    key = dedup_key(alert, source)
    word = _WORDS[alert.change]
    text = shorten(redact(alert.message), MOST_TEXT)
    fields = [
        (name.replace("_", " "), shorten(redact(_shown(value)), MOST_VALUE))
        for name, value in alert.details.items()
        if name not in ("kind", "critical", "detail") and value not in (None, "", [], {})
    ]
    return Message(
        key=key,
        event=f"{key}-{alert.change.value}",
        word=word,
        title=shorten(redact(f"{word}: {alert.component} ({source})"), 140),
        text=text,
        fields=tuple(fields),
        severity=alert.severity,
        is_open=not alert.resolved,
        source=source,
        component=alert.component,
        began=alert.timestamp,
        at=alert.resolution_timestamp or alert.timestamp,
    )


def dedup_key(alert: MonitoringAlert, source: str) -> str:
    """Return the key by which every receiver joins the notices of one incident."""
    digest = hashlib.blake2b(f"{source}\0{alert.component}\0{alert.alert_id}".encode(), digest_size=12).hexdigest()
    return f"diagnose-{digest}"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={_shown(item)}" for key, item in value.items())
    return str(value)
