"""Telegram: messages to managers."""

from __future__ import annotations

from ..errors import ExternalServiceError
from ..instruments import diagnosed
from ..settings import Settings
from .http import Service


class Telegram:
    """The part of the Bot API that we use."""

    def __init__(self, settings: Settings) -> None:
        self._base = f"{settings.telegram_url}/bot{settings.telegram_token}"
        self._service = Service("telegram", settings)

    @diagnosed
    def send_message(self, chat_id: int, text: str) -> int:
        """Send a text and return the message's id.

        Raises:
            ExternalServiceError: Telegram did not answer, or did not take it.
        """
        message = {"chat_id": chat_id, "text": text}
        response = self._service.request("sendMessage", "POST", f"{self._base}/sendMessage", json=message)
        answer = self._service.body_of("sendMessage", response)
        if not answer.get("ok"):
            wait = answer.get("parameters", {}).get("retry_after")
            raise ExternalServiceError(
                "telegram",
                "sendMessage",
                f"HTTP {response.status_code}: {answer.get('description', 'no description')}",
                status=503 if response.status_code in (429, 503) else 502,
                retry_after=wait,
            )
        return int(answer["result"]["message_id"])

    def close(self) -> None:
        self._service.close()
