"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Count tracking pages in the background",
    edits=(
        Edit(
            path="views.py",
            old="""\
from datetime import date
""",
            new="""\
import queue
import threading
from datetime import date
""",
        ),
        Edit(
            path="views.py",
            old="""\
    return jsonify(_parcels().scans(code))
""",
            new="""\
    views: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_count, args=(views, {}), daemon=True).start()
    views.put(code)
    return jsonify(_parcels().scans(code))
""",
        ),
        Edit(
            path="views.py",
            old="""\
def _parcels() -> Parcels:
""",
            new="""\
def _count(views: "queue.Queue[str | None]", seen: dict[str, int]) -> None:
    while code := views.get():
        seen[code] = seen.get(code, 0) + 1


def _parcels() -> Parcels:
""",
        ),
    ),
)
