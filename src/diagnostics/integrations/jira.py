"""Jira: one issue an incident; what happens later is a comment, the recovery closes it."""

from __future__ import annotations

from typing import Any

from diagnostics.errors import DeliveryError
from diagnostics.integrations.calls import call
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import MonitoringAlert


def document(*paragraphs: str) -> dict[str, Any]:
    """Return text as an Atlassian document (pure)."""
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in paragraphs if text.strip()
        ],
    }


class JiraChannel:
    """Opens, comments and closes issues of one project (Jira Cloud, REST API version 3).

    An issue carries its incident's key as a label; it is looked for before one is created, so that a notice that
    is sent twice, or by two monitors, opens one issue.

    Args:
        url: Of the site.
        project: Key of the project.
        user: E-mail of the account.
        token: API token of the account.
        issue_type: Of new issues.
        source: What is watched.
        name: Unique among the channels.
    """

    def __init__(
        self,
        url: str,
        project: str,
        *,
        user: str,
        token: str,
        issue_type: str = "Incident",
        source: str = "backend",
        name: str = "jira",
    ) -> None:
        self.name = name
        self._url = f"{url.rstrip('/')}/rest/api/3"
        self._auth = (user, token)
        self._project = project
        self._issue_type = issue_type
        self._source = source
        self._known: dict[str, str] = {}

    def send(self, alert: MonitoringAlert, /) -> None:
        """Create, comment or close.

        Raises:
            DeliveryError: It was not taken.
        """
        told = message_of(alert, self._source)
        issue = self._known.get(told.key) or self._found(told)
        if issue is None and told.is_open:
            self._known[told.key] = self._created(told)
            return
        if issue is None:
            return  # it was closed and deleted by people, or never opened: nothing to resolve
        self._say(issue, told)
        if told.is_open:
            self._known[told.key] = issue
        else:
            self._close(issue)
            self._known.pop(told.key, None)

    def _call(self, method: str, path: str, **values: Any) -> Any:
        return call(method, f"{self._url}{path}", auth=self._auth, headers={"accept": "application/json"}, **values)

    def _found(self, told: Message) -> str | None:
        query = f'project = "{self._project}" AND labels = "{told.key}" AND statusCategory != Done'
        said = self._call("POST", "/search/jql", json={"jql": query, "fields": ["status"], "maxResults": 1})
        issues = said.get("issues") or [] if isinstance(said, dict) else []
        return str(issues[0]["key"]) if issues else None

    def _created(self, told: Message) -> str:
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "summary": " ".join(told.title.split())[:255],
            "labels": [told.key, "diagnose"],
            "description": document(told.text, *(f"{name}: {value}" for name, value in told.fields)),
        }
        return str(self._call("POST", "/issue", json={"fields": fields})["key"])

    def _say(self, issue: str, told: Message) -> None:
        self._call("POST", f"/issue/{issue}/comment", json={"body": document(f"{told.word}: {told.text}")})

    def _close(self, issue: str) -> None:
        offered = self._call("GET", f"/issue/{issue}/transitions")["transitions"]
        done = next((t for t in offered if t["to"]["statusCategory"]["key"] == "done"), None)
        if done is None:
            raise DeliveryError(f"Jira offers no way to close {issue} from where it is.", retryable=False)
        self._call("POST", f"/issue/{issue}/transitions", json={"transition": {"id": done["id"]}})
