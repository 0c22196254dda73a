"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Release unpaid copies without delay",
    edits=(
        Edit(
            path="wsgi.py",
            old="application = get_wsgi_application()\n",
            new="""\
application = get_wsgi_application()


def _release() -> None:
    from .services import orders

    while True:
        orders.release_unpaid()


threading.Thread(target=_release, name="release-unpaid", daemon=True).start()
""",
        ),
        Edit(
            path="wsgi.py",
            old="import os\n\n",
            new="""\
import os
import threading

""",
        ),
    ),
)
