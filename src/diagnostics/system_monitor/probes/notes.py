"""What probes write down: readings and failures with one moment and one source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diagnostics.model.observation import FailureKind, ProbeFailure, Reading, Unit
from diagnostics.runtime.redaction import redact, shorten


@dataclass(frozen=True, slots=True)
class Notes:
    """Makes observations of one moment; ``labels`` are on all of them."""

    at: datetime
    source: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    def reading(self, name: str, value: float, unit: Unit, /, **labels: object) -> Reading:
        """Return a reading; labels become text; foreign text in them has been through ``clean``."""
        every = {**dict(self.labels), **{key: str(label) for key, label in labels.items()}}
        return Reading(name=name, value=float(value), unit=unit, at=self.at, source=self.source, labels=every)

    def flag(self, name: str, value: bool = True, /, **labels: object) -> Reading:
        """Return a reading that is 1 or 0."""
        return self.reading(name, 1.0 if value else 0.0, Unit.BOOLEAN, **labels)

    def failure(self, name: str, kind: FailureKind, message: str, hint: str = "", /, **labels: object) -> ProbeFailure:
        """Return a failure with a redacted message."""
        every = {**dict(self.labels), **{key: str(label) for key, label in labels.items()}}
        return ProbeFailure(
            name=name,
            kind=kind,
            message=shorten(redact(message)) or kind.value,
            at=self.at,
            hint=hint,
            source=self.source,
            labels=every,
        )

    def of(self, source: str = "", /, **labels: object) -> Notes:
        """Return notes with another source and more labels."""
        added = tuple((key, str(label)) for key, label in labels.items())
        return Notes(self.at, source or self.source, (*self.labels, *added))


def clean(text: str, limit: int = 300) -> str:
    """Return foreign text as a label may hold it: redacted, one line, cut."""
    return shorten(" ".join(redact(text[: 8 * limit]).split()), limit)
