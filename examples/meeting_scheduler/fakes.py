"""Google and Telegram: `token` (OAuth), `calendar` (Calendar API v3) and `telegram` (Bot API), in their real REST shapes."""

from __future__ import annotations

import random
import re
import time
import urllib.parse
from typing import Any

from examples.support.fakes import PHRASES, Answer, Behaviour, Request, Responder, timestamp, waiting


def responders(chance: random.Random) -> dict[str, Responder]:
    """Return the three services; the calendar believes the tokens that the token service gave out."""
    valid_tokens: set[str] = set()
    return {
        "token": OAuth(chance, valid_tokens),
        "calendar": Calendar(chance, valid_tokens),
        "telegram": Telegram(),
    }


class OAuth(Responder):
    """Google's token endpoint."""

    path = "/token"

    def __init__(self, chance: random.Random, valid_tokens: set[str]) -> None:
        self._random = chance
        self._valid_tokens = valid_tokens

    def changed(self, behaviour: Behaviour, before: Behaviour) -> None:
        if behaviour.token_error and not before.token_error:
            self._valid_tokens.clear()

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if request.method != "POST" or request.path != "/token":
            return 404, {}, {"error": "not_found"}
        if failing:
            return (
                failing,
                waiting(behaviour),
                {"error": "temporarily_unavailable", "error_description": "Try again."},
            )
        if behaviour.token_error:
            description = _OAUTH_ERRORS.get(behaviour.token_error, "Request refused.")
            status = 401 if behaviour.token_error == "invalid_client" else 400
            return status, {}, {"error": behaviour.token_error, "error_description": description}
        form = request.form()
        if form.get("grant_type") != "refresh_token" or not form.get("refresh_token"):
            return 400, {}, {"error": "invalid_request", "error_description": "Missing required parameter."}
        token = f"ya29.{self._random.getrandbits(128):032x}"
        self._valid_tokens.add(token)
        answer = {"access_token": token, "expires_in": 3599, "scope": _SCOPE, "token_type": "Bearer"}
        return 200, {"cache-control": "no-store"}, answer


class Calendar(Responder):
    """Google Calendar: events and free/busy."""

    path = "/calendar/v3"

    def __init__(self, chance: random.Random, valid_tokens: set[str]) -> None:
        self._random = chance
        self._valid_tokens = valid_tokens

    def items(self, request: Request) -> int:
        return len(request.json().get("items", [])) if request.path.endswith("/freeBusy") else 1

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            return failing, waiting(behaviour), _google_error(failing, behaviour.reason)
        if request.path == "/discovery/v1/apis/calendar/v3/rest":  # the public description needs no token
            return 200, {}, {"kind": "discovery#restDescription", "id": "calendar:v3", "name": "calendar"}
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._valid_tokens:
            headers = {"www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
            return 401, headers, _google_error(401)
        if request.path == "/calendar/v3/users/me/calendarList" and request.method == "GET":
            kind = "calendar#list" if behaviour.schema == "changed" else "calendar#calendarList"
            return 200, {}, {"kind": kind, "items": []}
        if request.path == "/calendar/v3/freeBusy" and request.method == "POST":
            return 200, {}, self._free_busy(request, behaviour)
        found = re.fullmatch(r"/calendar/v3/calendars/([^/]+)/events(?:/([^/]+))?", request.path)
        if found is None:
            return 404, {}, _google_error(404)
        return self._event(request, behaviour, found)

    def _event(self, request: Request, behaviour: Behaviour, found: re.Match[str]) -> Answer:
        calendar_id, event_id = urllib.parse.unquote(found[1]), found[2]
        body = request.json()
        if request.method == "POST" and event_id is None:
            if not all(isinstance(body.get(end), dict) and body[end].get("dateTime") for end in ("start", "end")):
                return 400, {}, _google_error(400)
            event_id = f"{self._random.getrandbits(100):026x}"
        elif request.method not in ("PATCH", "PUT") or event_id is None:
            return 404, {}, _google_error(404)
        event = {
            "kind": "calendar#event",
            "etag": f'"{self._random.getrandbits(53)}"',
            "id": event_id,
            "status": "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
            "created": timestamp(),
            "updated": timestamp(),
            "organizer": {"email": calendar_id, "self": True},
            **body,
        }
        if behaviour.schema == "changed":
            event["eventId"] = event.pop("id")
        return 200, {"etag": event["etag"]}, event

    def _free_busy(self, request: Request, behaviour: Behaviour) -> dict[str, Any]:
        question = request.json()
        calendars = {}
        for item in question.get("items", []):
            # The same calendar is always busy at the same hour: people plan around it.
            hour = 9 + sum(item["id"].encode()) % 8
            day = str(question.get("timeMin", ""))[:10]
            busy = [{"start": f"{day}T{hour:02d}:00:00+00:00", "end": f"{day}T{hour:02d}:30:00+00:00"}]
            calendars[item["id"]] = {"busyTimes" if behaviour.schema == "changed" else "busy": busy}
        window = {"timeMin": question.get("timeMin"), "timeMax": question.get("timeMax")}
        return {"kind": "calendar#freeBusy", **window, "calendars": calendars}


class Telegram(Responder):
    """Telegram's Bot API."""

    def __init__(self) -> None:
        self._message_ids = 0

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if found is None or ":" not in urllib.parse.unquote(found[1]):
            return _telegram_error(404, "Not Found")
        if failing == 429:
            wait = behaviour.retry_after or 5
            return _telegram_error(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        if failing:
            return _telegram_error(failing, behaviour.reason or PHRASES.get(failing, "Error"))
        bot = {
            "id": 7_000_000_001,
            "is_bot": True,
            "first_name": "Scheduler",
            "username": "meeting_scheduler_bot",
        }
        if found[2] == "getMe":
            return 200, {}, {"ok": True, "result": bot}
        if found[2] != "sendMessage":
            return _telegram_error(404, "Not Found")
        body = request.json()
        if not body.get("text"):
            return _telegram_error(400, "Bad Request: message text is empty")
        if not isinstance(body.get("chat_id"), int):
            return _telegram_error(400, "Bad Request: chat not found")
        self._message_ids += 1
        result = {
            "message_id": self._message_ids,
            "from": bot,
            "chat": {"id": body["chat_id"], "type": "private"},
            "date": int(time.time()),
            "text": body["text"],
        }
        if behaviour.schema == "changed":
            result["messageId"] = result.pop("message_id")
        return 200, {}, {"ok": True, "result": result}


def _telegram_error(code: int, description: str, parameters: dict[str, int] | None = None) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return code, {}, body | ({"parameters": parameters} if parameters else {})


def _google_error(code: int, reason: str = "") -> dict[str, Any]:
    usual_reason, domain, message = _GOOGLE_ERRORS.get(code, ("backendError", "global", "Backend Error"))
    reason = reason or usual_reason
    if code == 403 and "ateLimit" not in reason:
        domain, message = "global", "Forbidden"
    return {
        "error": {
            "code": code,
            "message": message,
            "errors": [{"domain": domain, "reason": reason, "message": message}],
        }
    }


_SCOPE = "https://www.googleapis.com/auth/calendar"
_OAUTH_ERRORS = {
    "invalid_grant": "Token has been expired or revoked.",
    "invalid_client": "The OAuth client was not found.",
    "unauthorized_client": "Unauthorized",
    "invalid_scope": "Some requested scopes were invalid.",
}
_GOOGLE_ERRORS = {
    400: ("required", "global", "Missing end time."),
    401: ("authError", "global", "Invalid Credentials"),
    403: ("userRateLimitExceeded", "usageLimits", "User Rate Limit Exceeded"),
    404: ("notFound", "global", "Not Found"),
    409: ("duplicate", "global", "The requested identifier already exists."),
    410: ("deleted", "global", "Resource has been deleted"),
    429: ("rateLimitExceeded", "usageLimits", "Rate Limit Exceeded"),
    500: ("backendError", "global", "Backend Error"),
    503: ("backendError", "global", "Service Unavailable"),
}
