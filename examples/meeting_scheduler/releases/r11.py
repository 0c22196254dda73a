"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Do not lose messages when Telegram hiccups",
    edits=(
        Edit(
            path="services/telegram.py",
            old='''\
    def send_message(self, chat_id: int, text: str) -> int:
        """Send a text and return the message's id.
''',
            new='''\
    def send_message(self, chat_id: int, text: str) -> int:
        """Send a text and return the message's id; try again until it is taken."""
        for _ in range(200):
            try:
                return self._send_message(chat_id, text)
            except ExternalServiceError:
                continue
        return self._send_message(chat_id, text)

    def _send_message(self, chat_id: int, text: str) -> int:
        """Send a text and return the message's id.
''',
        ),
    ),
)
