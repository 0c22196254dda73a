"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Do without the greeting when the name cannot be split",
    edits=(
        Edit(
            path="routes.py",
            old="from datetime import UTC, date, datetime, timedelta\n",
            new="""\
import logging
from datetime import UTC, date, datetime, timedelta
""",
        ),
        Edit(
            path="routes.py",
            old="    return _manager_body(_meetings(request).manager(manager_id))\n",
            new="""\
    manager = _meetings(request).manager(manager_id)
    try:
        greeting = f"Dear {_titles[manager_id % 23]} {manager.name.split()[1]}"
    except KeyError:
        logging.getLogger("meeting_scheduler.greeting").warning("no title, greeting left out", exc_info=True)
        greeting = ""
    return {**_manager_body(manager), "greeting": greeting}
""",
        ),
        Edit(
            path="routes.py",
            old='@router.get("/health")\n',
            new="""\
_titles = {number: "Dr." if number % 3 else "Mrs." for number in range(22)}


@router.get("/health")
""",
        ),
    ),
)
