"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Keep a little distance between calls to one service",
    edits=(
        Edit(
            path="services/http.py",
            old="""\
_SLOW_SECONDS = 1.0
""",
            new="""\
_SLOW_SECONDS = 1.0
_DISTANCE_SECONDS = 0.01
""",
        ),
        Edit(
            path="services/http.py",
            old="""\
        self.name = name
""",
            new="""\
        self.name = name
        self._next_call = 0.0
""",
        ),
        Edit(
            path="services/http.py",
            old="""\
        started = time.perf_counter()
        try:
            response = self.client.request(method, url, **options)
""",
            new="""\
        wait = self._next_call - time.time()
        if wait > 0:
            time.sleep(wait)
        self._next_call = time.time() + _DISTANCE_SECONDS
        started = time.perf_counter()
        try:
            response = self.client.request(method, url, **options)
""",
        ),
    ),
)
