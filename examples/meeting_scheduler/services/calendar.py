"""Google Calendar: the access token, events and free/busy."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx2

from ..errors import ExternalServiceError
from ..instruments import diagnosed
from ..settings import Settings
from .http import Service, retry_after

Interval = tuple[datetime, datetime]


class GoogleCalendar:
    """The part of the Calendar API (v3) that we use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._service = Service("calendar", settings)
        self._token = ""
        self._token_expires = 0.0
        self._refreshing = threading.Lock()

    @diagnosed
    def insert_event(self, calendar_id: str, title: str, starts_at: datetime, ends_at: datetime, guest: str) -> str:
        """Create an event and return its id."""
        event = {
            "summary": title,
            "start": {"dateTime": starts_at.isoformat()},
            "end": {"dateTime": ends_at.isoformat()},
            "attendees": [{"email": guest}],
        }
        answer = self._call("events.insert", "POST", f"/calendars/{quote(calendar_id)}/events", event)
        if "id" not in answer:
            raise ExternalServiceError("calendar", "events.insert", "answer has no event id", status=502)
        return str(answer["id"])

    @diagnosed
    def move_event(self, calendar_id: str, event_id: str, starts_at: datetime, ends_at: datetime) -> None:
        """Give an event a new time."""
        change = {"start": {"dateTime": starts_at.isoformat()}, "end": {"dateTime": ends_at.isoformat()}}
        self._call("events.patch", "PATCH", f"/calendars/{quote(calendar_id)}/events/{quote(event_id)}", change)

    @diagnosed
    def busy(self, calendar_ids: list[str], starts_at: datetime, ends_at: datetime) -> dict[str, list[Interval]]:
        """Return when these calendars are taken."""
        answer = self._call("freebusy.query", "POST", "/freeBusy", _busy_question(calendar_ids, starts_at, ends_at))
        return _busy_intervals(answer)

    @diagnosed
    async def busy_async(
        self, calendar_ids: list[str], starts_at: datetime, ends_at: datetime
    ) -> dict[str, list[Interval]]:
        """Return the same without holding a thread."""
        question = _busy_question(calendar_ids, starts_at, ends_at)
        headers = {"authorization": f"Bearer {await self._access_token_async()}"}
        url = self._settings.calendar_url + "/freeBusy"
        response = await self._service.request_async("freebusy.query", "POST", url, json=question, headers=headers)
        if response.status_code == 401:
            headers = {"authorization": f"Bearer {await self._access_token_async(renew=True)}"}
            response = await self._service.request_async("freebusy.query", "POST", url, json=question, headers=headers)
        return _busy_intervals(self._checked("freebusy.query", response))

    def close(self) -> None:
        self._service.close()

    async def close_async(self) -> None:
        await self._service.close_async()

    # Inside

    def _call(self, operation: str, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = self._settings.calendar_url + path
        headers = {"authorization": f"Bearer {self._access_token()}"}
        response = self._service.request(operation, method, url, json=body, headers=headers)
        if response.status_code == 401:  # the token was withdrawn before its time
            headers = {"authorization": f"Bearer {self._access_token(renew=True)}"}
            response = self._service.request(operation, method, url, json=body, headers=headers)
        return self._checked(operation, response)

    def _checked(self, operation: str, response: httpx2.Response) -> dict[str, Any]:
        if response.is_success:
            return self._service.body_of(operation, response)
        reason = f"HTTP {response.status_code}: {_message(response)}"
        unavailable = response.status_code in (429, 503)
        raise ExternalServiceError(
            "calendar",
            operation,
            reason,
            status=503 if unavailable else 502,
            retry_after=retry_after(response),
        )

    def _access_token(self, *, renew: bool = False) -> str:
        with self._refreshing:
            if renew or time.monotonic() > self._token_expires:
                settings = self._settings
                response = self._service.request(
                    "token.refresh", "POST", settings.calendar_token_url, data=self._refresh_form()
                )
                self._keep(response)
            return self._token

    async def _access_token_async(self, *, renew: bool = False) -> str:
        if renew or time.monotonic() > self._token_expires:
            response = await self._service.request_async(
                "token.refresh", "POST", self._settings.calendar_token_url, data=self._refresh_form()
            )
            self._keep(response)
        return self._token

    def _refresh_form(self) -> dict[str, str]:
        return {
            "grant_type": "refresh_token",
            "refresh_token": self._settings.calendar_refresh_token,
            "client_id": self._settings.calendar_client_id,
            "client_secret": self._settings.calendar_client_secret,
        }

    def _keep(self, response: httpx2.Response) -> None:
        if not response.is_success:
            self._token_expires = 0.0
            status = 503 if response.status_code in (429, 503) else 502
            reason = f"HTTP {response.status_code}: {_message(response)}"
            raise ExternalServiceError(
                "calendar", "token.refresh", reason, status=status, retry_after=retry_after(response)
            )
        answer = self._service.body_of("token.refresh", response)
        self._token = answer["access_token"]
        self._token_expires = time.monotonic() + answer["expires_in"] - 60


def _busy_question(calendar_ids: list[str], starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    items = [{"id": calendar_id} for calendar_id in calendar_ids]
    return {"timeMin": starts_at.isoformat(), "timeMax": ends_at.isoformat(), "items": items}


def _busy_intervals(answer: dict[str, Any]) -> dict[str, list[Interval]]:
    return {
        calendar_id: [
            (datetime.fromisoformat(busy["start"]), datetime.fromisoformat(busy["end"])) for busy in calendar["busy"]
        ]
        for calendar_id, calendar in answer["calendars"].items()
    }


def _message(response: httpx2.Response) -> str:
    """Return what Google says, in either of its two shapes."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return response.text[:200]
    if isinstance(error, dict):
        return str(error.get("message", error))
    return f"{error} ({response.json().get('error_description', '')})"
