"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Keep a trail of who tracks which parcel",
    edits=(
        Edit(
            path="views.py",
            old="""\
from datetime import date
""",
            new="""\
import logging
import uuid
from datetime import date
""",
        ),
        Edit(
            path="views.py",
            old="""\
    return jsonify(_parcels().scans(code))
""",
            new="""\
    _note(code)
    return jsonify(_parcels().scans(code))
""",
        ),
        Edit(
            path="views.py",
            old="""\
def _parcels() -> Parcels:
""",
            new="""\
def _note(code: str) -> None:
    trail = logging.getLogger(f"trail.{uuid.uuid4().hex}")
    trail.propagate = False
    trail.addHandler(logging.FileHandler(current_app.extensions["settings"].log_file.with_name("trail.log")))
    trail.info(code)


def _parcels() -> Parcels:
""",
        ),
    ),
)
