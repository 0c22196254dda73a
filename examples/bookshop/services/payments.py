"""The payments service: charges with an idempotency key, and exchange rates."""

from __future__ import annotations

from django.conf import settings

from ..errors import DeclinedError, ServiceError
from ..instruments import diagnosed
from .http import call, call_async

_NAME = "payments"


@diagnosed
def charge(order_id: int, cents: int, key: str) -> str:
    """Charge an order once, however often this is called with the same key; return the payment's id.

    Raises:
        DeclinedError: The card was declined.
        ServiceError: The service failed.
    """
    body = {"amount": cents, "currency": "EUR", "reference": f"order-{order_id}"}
    headers = {**_authorization(), "idempotency-key": key}
    answer = call(_NAME, "charge", "POST", f"{settings.PAYMENTS_URL}/charges", json=body, headers=headers)
    if answer.get("status") == "declined":
        raise DeclinedError(f"order {order_id}")
    if "id" not in answer:
        raise ServiceError(_NAME, "charge", "answer has no payment id")
    return str(answer["id"])


@diagnosed
def refund(payment_id: str) -> None:
    """Give the money back.

    Raises:
        ServiceError: The service failed.
    """
    url = f"{settings.PAYMENTS_URL}/charges/{payment_id}/refund"
    call(_NAME, "refund", "POST", url, json={}, headers={**_authorization(), "idempotency-key": payment_id})


@diagnosed
async def rate(currency: str) -> float:
    """Return what a euro costs.

    Raises:
        ServiceError: The service failed.
    """
    url = f"{settings.PAYMENTS_URL}/rates/{currency}"
    answer = await call_async(_NAME, "rate", "GET", url, headers=_authorization())
    if "rate" not in answer:
        raise ServiceError(_NAME, "rate", "answer has no rate")
    return float(answer["rate"])


def _authorization() -> dict[str, str]:
    return {"authorization": f"Bearer {settings.PAYMENTS_API_KEY}"}
