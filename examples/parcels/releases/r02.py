"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Answer tracking pages from memory",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
KINDS = (""",
            new="""\
_pages: dict[tuple[str, float], list[Row]] = {}

KINDS = (""",
        ),
        Edit(
            path="parcels.py",
            old="""\
import secrets
""",
            new="""\
import secrets
import time
""",
        ),
        Edit(
            path="parcels.py",
            old="""\
        rows = self.database.rows(
            "SELECT kind, depot_id, scanned_at FROM scans WHERE parcel_id = %s ORDER BY scanned_at DESC LIMIT 50",
            (parcel["id"],),
        )
""",
            new="""\
        key = (code, round(time.time(), 1))
        if key not in _pages:
            _pages[key] = self.database.rows(
                "SELECT * FROM scans WHERE parcel_id BETWEEN %s AND %s ORDER BY scanned_at DESC",
                (parcel["id"] - 60, parcel["id"] + 60),
            )
        rows = [row for row in _pages[key] if row["parcel_id"] == parcel["id"]][:50]
""",
        ),
    ),
)
