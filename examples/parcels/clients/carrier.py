"""The carrier: quotes, shipments with their labels, tracking, and the signature of its webhook."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from ..errors import Unauthorized, UpstreamError
from ..instruments import diagnosed
from ..settings import Settings
from .rest import RestClient


class Carrier:
    """The part of the carrier's API (v2) that we use."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.carrier_webhook_secret.encode()
        self._rest = RestClient(
            "carrier", settings.carrier_url, settings, {"authorization": f"Bearer {settings.carrier_api_key}"}
        )

    @diagnosed
    def quote(self, weight_grams: int, origin: str, destination: str) -> int:
        """Return the price in cents."""
        answer = self._rest.call("POST", "/quotes", {"weight_grams": weight_grams, "from": origin, "to": destination})
        return int(self._field(answer, "amount_cents"))

    @diagnosed
    def create_shipment(self, reference: str, weight_grams: int, address: str) -> str:
        """Announce a parcel and return the carrier's number of it."""
        answer = self._rest.call(
            "POST", "/shipments", {"reference": reference, "weight_grams": weight_grams, "address": address}
        )
        return str(self._field(answer, "shipment_id"))

    @diagnosed
    def tracking(self, shipment_id: str) -> list[dict[str, Any]]:
        """Return what happened to a shipment, newest first."""
        return list(self._field(self._rest.call("GET", f"/shipments/{shipment_id}/events"), "events"))

    def check_signature(self, body: bytes, signature: str) -> None:
        """Make sure that a webhook comes from the carrier.

        Raises:
            Unauthorized: Somebody else signed it, or another body.
        """
        expected = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={expected}", signature):
            raise Unauthorized("webhook signature does not match")

    def _field(self, answer: dict[str, Any], name: str) -> Any:
        try:
            return answer[name]
        except KeyError as error:
            raise UpstreamError("carrier", f"no {name!r} in the answer, only {sorted(answer)}") from error
