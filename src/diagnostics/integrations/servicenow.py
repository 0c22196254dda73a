"""ServiceNow: one incident record an incident; what happens later is a work note, the recovery resolves it."""

from __future__ import annotations

from typing import Any

from diagnostics.integrations.calls import call
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import AlertSeverity, MonitoringAlert

#: (urgency, impact); 1 is the highest. ServiceNow computes the priority from both.
_URGENCY = {AlertSeverity.CRITICAL: ("1", "2"), AlertSeverity.WARNING: ("2", "3"), AlertSeverity.INFO: ("3", "3")}
RESOLVED = "6"
MOST_SHORT = 160


class ServiceNowChannel:
    """Opens, notes and resolves records of the table ``incident`` (Table API).

    A record carries its incident's key as ``correlation_id``; it is looked for before one is created.

    Args:
        url: Of the instance.
        user: Name of the account.
        password: Its password.
        close_code: What the instance accepts as the reason of resolution.
        source: What is watched.
        name: Unique among the channels.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str,
        password: str,
        close_code: str = "Resolved by caller",
        source: str = "backend",
        name: str = "servicenow",
    ) -> None:
        self.name = name
        self._table = f"{url.rstrip('/')}/api/now/table/incident"
        self._auth = (user, password)
        self._close_code = close_code
        self._source = source

    def send(self, alert: MonitoringAlert, /) -> None:
        """Create, note or resolve.

        Raises:
            DeliveryError: It was not taken.
        """
        told = message_of(alert, self._source)
        record = self._found(told)
        note = f"{told.word}: {told.text}"
        if record is not None:
            changes: dict[str, str] = {"work_notes": note}
            if not told.is_open:
                changes |= {"state": RESOLVED, "close_code": self._close_code, "close_notes": told.text}
            self._call("PATCH", f"/{record}", json=changes)
        elif told.is_open:
            urgency, impact = _URGENCY[told.severity]
            self._call(
                "POST",
                "",
                json={
                    "short_description": " ".join(told.title.split())[:MOST_SHORT],
                    "description": "\n".join([told.text, *(f"{name}: {value}" for name, value in told.fields)]),
                    "correlation_id": told.key,
                    "correlation_display": "diagnose",
                    "urgency": urgency,
                    "impact": impact,
                },
            )

    def _found(self, told: Message) -> str | None:
        said = self._call(
            "GET",
            "",
            params={
                "sysparm_query": f"correlation_id={told.key}^active=true",
                "sysparm_fields": "sys_id",
                "sysparm_limit": "1",
            },
        )
        records = said.get("result") or [] if isinstance(said, dict) else []
        return str(records[0]["sys_id"]) if records else None

    def _call(self, method: str, path: str, **values: Any) -> Any:
        return call(method, f"{self._table}{path}", auth=self._auth, headers={"accept": "application/json"}, **values)
