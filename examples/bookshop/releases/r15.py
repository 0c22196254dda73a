"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Prepare the next page of a list in the background",
    edits=(
        Edit(
            path="views.py",
            old="""\
import json
import uuid
""",
            new="""\
import json
import queue
import threading
import uuid
""",
        ),
        Edit(
            path="views.py",
            old='    after = _number(request.GET.get("after"), 0)\n',
            new="""\
    after = _number(request.GET.get("after"), 0)
    pages: queue.Queue[int] = queue.Queue()
    threading.Thread(target=_prefetch, args=(pages, limit), daemon=True).start()
""",
        ),
        Edit(
            path="views.py",
            old="# Bodies\n",
            new="""\
def _prefetch(pages: "queue.Queue[int]", limit: int) -> None:
    while after := pages.get():
        list(Book.objects.filter(id__gt=after).order_by("id")[:limit])


# Bodies
""",
        ),
    ),
)
