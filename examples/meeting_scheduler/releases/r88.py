"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Prepare threads for exports",
    edits=(
        Edit(
            path="app.py",
            old="""\
import logging
from collections.abc""",
            new="""\
import logging
import threading
from collections.abc""",
        ),
        Edit(
            path="app.py",
            old="    worker.start()\n",
            new="""\
    worker.start()
    exports = threading.Semaphore(0)
    for number in range(40):
        threading.Thread(target=exports.acquire, name=f"export-{number}", daemon=True).start()
""",
        ),
    ),
)
