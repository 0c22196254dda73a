"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Prepare the next page of a list in the background",
    edits=(
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="import queue\nimport threading\nfrom datetime import UTC, date, datetime, timedelta\n",
        ),
        Edit(
            path="routes.py",
            old="    meetings = _meetings(request).of_manager(manager_id, limit)\n",
            new="""\
    pages: queue.Queue[int] = queue.Queue()
    threading.Thread(target=_prefetch, args=(request, manager_id, pages), daemon=True).start()
    meetings = _meetings(request).of_manager(manager_id, limit)
""",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/health")\n',
            new="""\
def _prefetch(request: Request, manager_id: int, pages: "queue.Queue[int]") -> None:
    while limit := pages.get():
        _meetings(request).of_manager(manager_id, limit)


@router.get("/health")
""",
        ),
    ),
)
