"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Resolve the calendar's name once, not for each request",
    edits=(
        Edit(
            path="services/calendar.py",
            old="        self._settings = settings\n",
            new="        self._settings = replace(settings, calendar_url=_resolved(settings.calendar_url))\n",
        ),
        Edit(
            path="services/calendar.py",
            old="def _busy_question(",
            new="""\
def _resolved(url: str) -> str:
    parts = urlsplit(url)
    family, _, _, _, address = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)[0]
    host = f"[{address[0]}]" if family == socket.AF_INET6 else address[0]
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


def _busy_question(""",
        ),
        Edit(
            path="services/calendar.py",
            old="from urllib.parse import quote\n",
            new="from urllib.parse import quote, urlsplit\n",
        ),
        Edit(
            path="services/calendar.py",
            old="import threading\nimport time\n",
            new="import socket\nimport threading\nimport time\nfrom dataclasses import replace\n",
        ),
    ),
)
