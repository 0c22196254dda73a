"""The carrier (quotes, shipments, tracking; with an API key) and the geocoder, in the shapes of such services."""

from __future__ import annotations

import random
import re
from typing import Any

from examples.support.fakes import Answer, Behaviour, Request, Responder, timestamp, waiting

API_KEY = "ck_live_loopback_5b2f"
WEBHOOK_SECRET = "whsec_loopback_9d41c2"


def responders(chance: random.Random) -> dict[str, Responder]:
    """Return the two services."""
    return {"carrier": Carrier(chance), "geocoder": Geocoder()}


class Carrier(Responder):
    """The carrier's API, version 2."""

    path = "/v2"

    def __init__(self, chance: random.Random) -> None:
        self._random = chance

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            return failing, waiting(behaviour), _problem(failing, behaviour.reason)
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return 401, {"www-authenticate": "Bearer"}, _problem(401)
        changed = behaviour.schema == "changed"
        if (request.method, request.path) == ("POST", "/v2/quotes"):
            return self._quote(request.json(), changed=changed)
        if (request.method, request.path) == ("POST", "/v2/shipments"):
            return self._shipment(request.json(), changed=changed)
        found = re.fullmatch(r"/v2/shipments/([\w-]+)/events", request.path)
        if found is None or request.method != "GET":
            return 404, {}, _problem(404)
        seen = [{"kind": kind, "at": timestamp()} for kind in ("in_transit", "picked_up", "announced")]
        return 200, {}, {"shipment_id": found[1], "history" if changed else "events": seen}

    def _quote(self, body: dict[str, Any], *, changed: bool) -> Answer:
        if not isinstance(body.get("weight_grams"), int):
            return 422, {}, _problem(422, "weight_grams must be an integer")
        cents = 250 + body["weight_grams"] // 50
        amount = {"amount": {"value": cents / 100}} if changed else {"amount_cents": cents}
        return 200, {}, {"quote_id": f"q_{self._random.getrandbits(40):010x}", "currency": "EUR", **amount}

    def _shipment(self, body: dict[str, Any], *, changed: bool) -> Answer:
        if not isinstance(body.get("weight_grams"), int) or not body.get("address"):
            return 422, {}, _problem(422, "weight_grams and address are required")
        number = f"SHP{self._random.getrandbits(48):012x}"
        label = f"https://labels.carrier.example/{number}.pdf"
        return 201, {}, {"id" if changed else "shipment_id": number, "label_url": label, "created": timestamp()}


class Geocoder(Responder):
    """A search for addresses."""

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            return failing, waiting(behaviour), {"error": behaviour.reason or _TITLES.get(failing, "Error")}
        if (request.method, request.path) != ("GET", "/search"):
            return 404, {}, {"error": "Unable to find that"}
        place = {"lat": "52.5170", "lon": "13.3889", "display_name": "Main Street"}
        if behaviour.schema == "changed":
            place = {"latitude": place["lat"], "longitude": place["lon"], "display_name": "Main Street"}
        return 200, {}, {"results": [place]}


def _problem(status: int, detail: str = "") -> dict[str, Any]:
    """RFC 9457, as newer services answer."""
    title = _TITLES.get(status, "Error")
    return {"type": "about:blank", "title": title, "status": status, "detail": detail or _DETAILS.get(status, title)}


_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip
_DETAILS = {
    401: "The API key is invalid or has been revoked.",
    403: "This API key may not do that.",
    429: "Rate limit exceeded. Please slow down.",
    503: "The service is temporarily unavailable.",
}
