"""Telegram: one message a change, through the Bot API; a recovery answers the message of its beginning."""

from __future__ import annotations

from html import escape
from typing import Any

from diagnostics.errors import DeliveryError
from diagnostics.integrations.calls import SECONDS
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import MonitoringAlert
from diagnostics.runtime.redaction import redact, shorten

MOST_TEXT = 4096
MOST_REMEMBERED = 1_000


def text_of(told: Message) -> str:
    """Return the message as Telegram's HTML, at most ``MOST_TEXT`` characters after its tags are read (pure)."""
    lines = [f"{told.sign} <b>{escape(told.title)}</b>", escape(shorten(told.text, 2_000))]
    used = len(told.title) + min(len(told.text), 2_000) + 10
    for name, value in told.fields:
        used += len(name) + len(value) + 3
        if used > MOST_TEXT - 96:
            break
        lines.append(f"<i>{escape(name)}</i>: {escape(value)}")
    return "\n".join(lines)


class TelegramChannel:
    """Sends to one chat.

    Args:
        token: Of the bot.
        chat_id: Of the chat, or ``@name`` of a channel.
        source: What is watched.
        name: Unique among the channels.
        base_url: Other than Telegram's, such as a Bot API server of one's own.
    """

    def __init__(
        self,
        token: str,
        chat_id: str | int,
        *,
        source: str = "backend",
        name: str = "telegram",
        base_url: str = "https://api.telegram.org",
    ) -> None:
        self.name = name
        self._url = f"{base_url.rstrip('/')}/bot{token}/sendMessage"
        self._token = token
        self._chat_id = chat_id
        self._source = source
        self._sent: dict[str, int] = {}

    def send(self, alert: MonitoringAlert, /) -> None:
        """Post one message.

        Raises:
            DeliveryError: It was not taken; Telegram's ``retry_after`` is honoured.
        """
        import httpx2

        told = message_of(alert, self._source)
        body: dict[str, Any] = {
            "chat_id": self._chat_id,
            "text": text_of(told),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if told.key in self._sent:
            body["reply_parameters"] = {"message_id": self._sent[told.key], "allow_sending_without_reply": True}
        try:
            response = httpx2.post(self._url, json=body, timeout=SECONDS)
            said = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            # The address holds the token: only the kind of the error is told.
            raise DeliveryError(f"Telegram: {type(error).__name__}") from error
        if not isinstance(said, dict) or not said.get("ok"):
            raise self._refused(response.status_code, said if isinstance(said, dict) else {})
        self._remember(told, int(said["result"]["message_id"]))

    def _refused(self, status: int, said: dict[str, Any]) -> DeliveryError:
        parameters = said.get("parameters") or {}
        after = parameters.get("retry_after")
        reason = redact(str(said.get("description", ""))).replace(self._token, "***")
        return DeliveryError(
            f"Telegram answered {status}: {shorten(reason, 200)}",
            retryable=status == 429 or status >= 500,
            retry_after=float(after) if isinstance(after, int | float) else None,
        )

    def _remember(self, told: Message, message_id: int) -> None:
        if not told.is_open:
            self._sent.pop(told.key, None)
            return
        self._sent.setdefault(told.key, message_id)
        while len(self._sent) > MOST_REMEMBERED:
            self._sent.pop(next(iter(self._sent)))
