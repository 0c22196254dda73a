"""People who wait for parcels, depots that scan them, and the carrier that tells us what it knows.

`python -m examples.parcels.load --url http://127.0.0.1:8000 --rate 20 --seconds 30` prints a JSON line for
each second.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections import deque
from typing import Any

import httpx2

from examples.support import load
from examples.support.load import get, post

from .fakes import WEBHOOK_SECRET
from .seed import CUSTOMERS, DEPOTS, PARCELS, code_of, email_of, password_of

# Share of each kind of request.
MIX: dict[str, int] = {
    "list_scans": 22,
    "track_parcel": 12,
    "scan_parcel": 10,
    "show_board": 12,
    "quote": 8,
    "follow_parcel": 6,
    "my_parcels": 9,
    "create_parcel": 5,
    "transfer": 4,
    "deliver": 3,
    "webhook": 6,
    "login": 1,
    "statistics": 3,
    "list_depots": 1,
}
_RECENT = 5_000  # parcels that are still under way
_HOT = 3  # they are in everybody's transfers


class Load(load.Load):
    """Customers, depots and the carrier."""

    mix = MIX

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tokens: deque[str] = deque(maxlen=30)
        self._events = 0

    def learn(self, operation: str, answer: httpx2.Response) -> None:
        if operation == "login" or "token" in answer.text[:20]:
            self._tokens.append(answer.json()["token"])

    def _code(self) -> str:
        return code_of(self.random.randint(1, PARCELS))

    def _recent_code(self) -> str:
        return code_of(self.random.randint(PARCELS - _RECENT + 1, PARCELS))

    def _depot_id(self) -> int:
        return self.random.randint(1, DEPOTS)

    def _list_scans(self) -> dict[str, Any]:
        return get(f"/parcels/{self._code()}/scans")

    def _track_parcel(self) -> dict[str, Any]:
        return get(f"/parcels/{self._code()}")

    def _show_board(self) -> dict[str, Any]:
        return get(f"/depots/{self._depot_id()}/board")

    def _list_depots(self) -> dict[str, Any]:
        return get("/depots")

    def _statistics(self) -> dict[str, Any]:
        return get("/statistics")

    def _quote(self) -> dict[str, Any]:
        cities = [f"City {self._depot_id()}" for _ in range(2)]
        return get("/quote", **{"weight_grams": self.random.randint(100, 30_000), "from": cities[0], "to": cities[1]})

    def _follow_parcel(self) -> dict[str, Any]:
        return get(f"/parcels/{self._recent_code()}/live")

    def _scan_parcel(self) -> dict[str, Any]:
        code = self._recent_code()
        if self.random.random() < 0.3:  # some parcels have gone back, and somebody does not know it
            code = code_of(self.random.randint((PARCELS - _RECENT) // 97 + 1, PARCELS // 97) * 97)
        kind = self.random.choice(("arrived", "departed", "loaded"))
        return post(f"/parcels/{code}/scans", json={"depot_id": self._depot_id(), "kind": kind})

    def _transfer(self) -> dict[str, Any]:
        codes = [code_of(number) for number in self.random.sample(range(PARCELS - _HOT + 1, PARCELS + 1), 2)]
        return post("/parcels/transfer", json={"codes": codes, "depot_id": self._depot_id()})

    def _create_parcel(self) -> dict[str, Any]:
        body = {
            "customer_id": self.random.randint(1, CUSTOMERS),
            "depot_id": self._depot_id(),
            "recipient": f"Recipient {self.random.randint(1, 9999)}",
            "address": f"{self.random.randint(1, 200)} Main Street, City {self._depot_id()}",
            "weight_grams": self.random.randint(100, 30_000),
            "instructions": self.random.choice((None, "Ring twice")),
        }
        return post("/parcels", json=body)

    def _deliver(self) -> dict[str, Any]:
        photo = self.random.randbytes(self.random.randint(5_000, 80_000))
        return post(f"/parcels/{self._recent_code()}/delivery", params={"signed_by": "R."}, content=photo)

    def _login(self) -> dict[str, Any]:
        customer_id = self.random.randint(1, CUSTOMERS)
        return post("/login", json={"email": email_of(customer_id), "password": password_of(customer_id)})

    def _my_parcels(self) -> dict[str, Any]:
        if not self._tokens:
            return self._login()
        return {"method": "GET", "url": "/me/parcels", "headers": {"authorization": f"Bearer {self._any_token()}"}}

    def _any_token(self) -> str:
        return self.random.choice(list(self._tokens))

    def _webhook(self) -> dict[str, Any]:
        self._events += 1
        event = {
            "event_id": f"evt_{self.random.getrandbits(60):015x}_{self._events}",
            "reference": self._recent_code(),
            "kind": self.random.choice(("picked_up", "in_transit", "out_for_delivery")),
        }
        body = json.dumps(event).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-carrier-signature": f"sha256={signature}"}
        return post("/webhooks/carrier", content=body, headers=headers)


if __name__ == "__main__":
    sys.exit(load.main(Load, "Send the traffic of a parcel service."))
