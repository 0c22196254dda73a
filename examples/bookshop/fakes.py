"""What the shop asks of others: `payments` (charges, rates) and `mail` (messages), both with an API key."""

from __future__ import annotations

import random
import re
from typing import Any

from examples.support.fakes import PHRASES, Answer, Behaviour, Request, Responder, timestamp, waiting

PAYMENTS_KEY = "sk_live_loopback_4242"
MAIL_KEY = "key-loopback-5151"

_RATES = {"USD": 1.08, "GBP": 0.85, "CHF": 0.96, "JPY": 162.4}


def responders(chance: random.Random) -> dict[str, Responder]:
    """Return the two services."""
    return {"payments": Payments(chance), "mail": Mail(chance)}


class Payments(Responder):
    """Charges once for each idempotency key; a bank confirms slowly."""

    path = "/v1"

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._charges: dict[str, dict[str, Any]] = {}

    def items(self, request: Request) -> int:
        return 40 if request.path.endswith("/confirmation") else 1  # a bank takes its time

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            code = {429: "rate_limit", 410: "version_retired"}.get(failing, "api_error")
            reason = behaviour.reason or PHRASES.get(failing, "Error")
            return failing, waiting(behaviour), _payments_error(code, reason)
        if behaviour.token_error or request.headers.get("authorization") != f"Bearer {PAYMENTS_KEY}":
            return 401, {}, _payments_error("authentication_error", "Invalid API key provided: sk_live_****")
        body = request.json()
        if request.method == "POST" and request.path == "/v1/charges":
            return self._charge(request, body, behaviour)
        if request.method == "GET" and (found := re.fullmatch(r"/v1/rates/([A-Z]{3})", request.path)):
            if found[1] not in _RATES:
                return 404, {}, _payments_error("resource_missing", f"No rate for {found[1]}")
            field = "exchange_rate" if behaviour.schema == "changed" else "rate"
            return 200, {}, {"object": "rate", "base": "EUR", "currency": found[1], field: _RATES[found[1]]}
        if found := re.fullmatch(r"/v1/charges/(pay_\w+)/(refund|confirmation)", request.path):
            return 200, {}, {"object": found[2], "charge": found[1], "status": "succeeded", "created": timestamp()}
        return 404, {}, _payments_error("resource_missing", f"Unrecognized request URL ({request.path})")

    def _charge(self, request: Request, body: dict[str, Any], behaviour: Behaviour) -> Answer:
        amount = body.get("amount")
        if not isinstance(amount, int) or amount <= 0:
            return 400, {}, _payments_error("parameter_invalid_integer", f"Invalid integer: {amount}", param="amount")
        key = request.headers.get("idempotency-key", "")
        if not key:
            return 400, {}, _payments_error("parameter_missing", "Idempotency-Key is required")
        if key not in self._charges:
            declined = amount % 211 == 0
            self._charges[key] = {
                "object": "charge",
                "id": f"pay_{self._random.getrandbits(80):020x}",
                "amount": amount,
                "status": "declined" if declined else "succeeded",
                "created": timestamp(),
            }
        charge = self._charges[key]
        if charge["status"] == "declined":
            return 402, {}, _payments_error("card_declined", "Your card was declined.")
        if behaviour.schema == "changed":
            charge = {("charge_id" if name == "id" else name): value for name, value in charge.items()}
        return 200, {}, charge


class Mail(Responder):
    """Takes messages."""

    path = "/v3"

    def __init__(self, chance: random.Random) -> None:
        self._random = chance

    def respond(self, request: Request, behaviour: Behaviour, failing: int) -> Answer:
        if failing:
            return failing, waiting(behaviour), {"message": behaviour.reason or PHRASES.get(failing, "Error")}
        if behaviour.token_error or request.headers.get("x-api-key") != MAIL_KEY:
            return 401, {}, {"message": "Forbidden: the API key is not valid"}
        body = request.json()
        if request.method != "POST" or request.path != "/v3/messages":
            return 404, {}, {"message": "not found"}
        if "@" not in str(body.get("to", "")) or not body.get("subject"):
            return 400, {}, {"message": "'to' parameter is not a valid address"}
        field = "id" if behaviour.schema == "changed" else "message_id"
        return 202, {}, {field: f"<{self._random.getrandbits(64):016x}@mail.example>", "message": "Queued"}


def _payments_error(code: str, message: str, **more: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}
