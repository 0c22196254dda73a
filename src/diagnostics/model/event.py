"""Event: something that happened and that a chart or an audit shows: a deploy, a fix, an acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from diagnostics.model.record import Record


class EventKind(StrEnum):
    """What happened."""

    DEPLOY = "deploy"
    FIX = "fix"
    ROLLBACK = "rollback"
    INCIDENT = "incident"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    ANSWERED = "answered"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Record):
    """Something that happened.

    Attributes:
        at: When, aware.
        kind: What.
        title: One line for people.
        subject: What it concerns: an alert's or a session's id, a check's name; empty for the whole service.
        who: The person or role that did it; empty when it was a program.
        body: What else is known, as plain JSON values.
    """

    at: datetime
    kind: EventKind
    title: str
    subject: str = ""
    who: str = ""
    body: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{self.kind.value}: the moment of an event must be aware (UTC)")
