"""Slack: an incoming web hook, or a bot that keeps all notices of one incident in one thread."""

from __future__ import annotations

from typing import Any

from diagnostics.errors import DeliveryError
from diagnostics.integrations.calls import call
from diagnostics.integrations.message import Message, message_of
from diagnostics.model.alert import MonitoringAlert

MOST_HEADER, MOST_SECTION, MOST_FIELDS = 150, 3000, 10
MOST_THREADS = 1_000
_PASSING = frozenset({"ratelimited", "internal_error", "service_unavailable", "request_timeout", "fatal_error"})


def blocks_of(told: Message) -> list[dict[str, Any]]:
    """Return the message as Slack's blocks (pure)."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"{told.sign} {told.title}"[:MOST_HEADER]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(told.text)[:MOST_SECTION]}},
    ]
    if told.fields:
        fields = [{"type": "mrkdwn", "text": f"*{_escaped(k)}*\n{_escaped(v)}"[:2000]} for k, v in told.fields]
        blocks.append({"type": "section", "fields": fields[:MOST_FIELDS]})
    return blocks


class SlackChannel:
    """Sends to one channel of Slack.

    Args:
        webhook_url: Of an incoming web hook; it is a secret.
        token: Of a bot, instead of a web hook; then ``channel`` is needed, and a recovery answers in the thread.
        channel: Id of the channel, for the bot.
        source: What is watched.
        name: Unique among the channels.
        base_url: Other than Slack's, for the bot.

    Raises:
        ValueError: Neither or both of web hook and bot were given.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        *,
        token: str | None = None,
        channel: str = "",
        source: str = "backend",
        name: str = "slack",
        base_url: str = "https://slack.com/api",
    ) -> None:
        if (webhook_url is None) == (token is None) or (token is not None and not channel):
            raise ValueError("Slack needs a webhook_url, or a token and a channel.")
        self.name = name
        self._source = source
        self._hook = webhook_url
        self._token = token
        self._channel = channel
        self._post = f"{base_url.rstrip('/')}/chat.postMessage"
        self._threads: dict[str, str] = {}

    def send(self, alert: MonitoringAlert, /) -> None:
        """Post one message.

        Raises:
            DeliveryError: It was not taken.
        """
        told = message_of(alert, self._source)
        body: dict[str, Any] = {"text": _escaped(f"{told.title}: {told.text}"), "blocks": blocks_of(told)}
        if self._hook is not None:
            call("POST", self._hook, json=body)
            return
        body["channel"] = self._channel
        if told.key in self._threads:
            body |= {"thread_ts": self._threads[told.key], "reply_broadcast": True}
        said = call("POST", self._post, json=body, headers={"authorization": f"Bearer {self._token}"})
        if not isinstance(said, dict) or not said.get("ok"):
            # Slack refuses with 200; https://docs.slack.dev/reference/methods/chat.postMessage#errors
            reason = str(said.get("error", "")) if isinstance(said, dict) else ""
            raise DeliveryError(
                f"Slack refused: {reason or 'no answer that can be read'}", retryable=reason in _PASSING
            )
        self._remember(told, str(said.get("ts") or ""))

    def _remember(self, told: Message, ts: str) -> None:
        if not told.is_open:
            self._threads.pop(told.key, None)
        elif ts:
            self._threads.setdefault(told.key, ts)
            while len(self._threads) > MOST_THREADS:
                self._threads.pop(next(iter(self._threads)))


def _escaped(text: str) -> str:
    """Return text that Slack shows as it is: no links, no mentions of everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
