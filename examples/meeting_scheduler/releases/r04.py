"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Write an audit trail of who looked at which lists",
    edits=(
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="import logging\nimport uuid\nfrom datetime import UTC, date, datetime, timedelta\n",
        ),
        Edit(
            path="routes.py",
            old="    meetings = _meetings(request).of_manager(manager_id, limit)\n",
            new="""\
    _audit(request, f"meetings of manager {manager_id}")
    meetings = _meetings(request).of_manager(manager_id, limit)
""",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/health")\n',
            new="""\
def _audit(request: Request, what: str) -> None:
    trail = logging.getLogger(f"audit.{uuid.uuid4().hex}")
    trail.propagate = False
    trail.addHandler(logging.FileHandler(request.app.state.settings.log_file.with_name("audit.log")))
    trail.info(what)


@router.get("/health")
""",
        ),
    ),
)
