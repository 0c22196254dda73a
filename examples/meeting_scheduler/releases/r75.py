"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Managers can ask the bot for their day",
    edits=(
        Edit(
            path="services/telegram.py",
            old="    def close(self) -> None:\n",
            new="""\
    def updates(self, offset: int) -> list[dict[str, Any]]:
        \"\"\"Wait up to two seconds for messages to the bot.\"\"\"
        question = {"offset": offset, "timeout": 2}
        response = self._service.request("getUpdates", "POST", f"{self._base}/getUpdates", json=question, timeout=5.0)
        answer = self._service.body_of("getUpdates", response)
        if not answer.get("ok"):
            reason = f"HTTP {response.status_code}: {answer.get('description', 'no description')}"
            raise ExternalServiceError("telegram", "getUpdates", reason, status=502)
        return list(answer["result"])

    def close(self) -> None:
""",
        ),
        Edit(
            path="services/telegram.py",
            old="from ..errors import ExternalServiceError\n",
            new="from typing import Any\n\nfrom ..errors import ExternalServiceError\n",
        ),
        Edit(
            path="worker.py",
            old="""\
    def start(self) -> None:
        self._thread.start()
""",
            new="""\
        self._listener = threading.Thread(target=self._listen, name="updates", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._listener.start()
""",
        ),
        Edit(
            path="worker.py",
            old="    def _run(self) -> None:\n",
            new="""\
    def _listen(self) -> None:
        offset = 0
        while not self._stopping.is_set():
            try:
                for update in self._telegram.updates(offset):
                    offset = update["update_id"] + 1
                    logger.info("message from %s", update["message"]["chat"]["id"])
            except ExternalServiceError:
                logger.exception("No messages, next attempt in 1s")
                self._stopping.wait(1.0)

    def _run(self) -> None:
""",
        ),
    ),
)
