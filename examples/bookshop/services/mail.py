"""The mail service: an HTTP API that takes a message."""

from __future__ import annotations

from django.conf import settings

from ..errors import ServiceError
from ..instruments import diagnosed
from .http import call

_NAME = "mail"


@diagnosed
def send(recipient: str, subject: str, text: str) -> str:
    """Send a message and return its id.

    Raises:
        ServiceError: The service failed.
    """
    body = {"from": settings.SENDER, "to": recipient, "subject": subject, "text": text}
    headers = {"x-api-key": settings.MAIL_API_KEY}
    answer = call(_NAME, "send", "POST", f"{settings.MAIL_URL}/messages", json=body, headers=headers)
    if "message_id" not in answer:
        raise ServiceError(_NAME, "send", "answer has no message id")
    return str(answer["message_id"])
