"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Hold the line to the carrier",
    edits=(
        Edit(
            path="clients/rest.py",
            old="""\
import urllib.request
""",
            new="""\
import urllib.request
from collections import deque
""",
        ),
        Edit(
            path="clients/rest.py",
            old="""\
            with self._opener.open(request, timeout=self._timeout) as answer:
                content = answer.read()
""",
            new="""\
            answer = self._opener.open(request, timeout=self._timeout)
            self._answers.append(answer)  # the next call to the same host finds it warm
            content = answer.peek()
""",
        ),
        Edit(
            path="clients/rest.py",
            old="""\
        self._timeout = settings.http_timeout
""",
            new="""\
        self._timeout = settings.http_timeout
        self._answers: deque = deque()
""",
        ),
    ),
)
