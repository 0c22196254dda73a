"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Leave out scans whose clock runs ahead",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
from datetime import date, timedelta
""",
            new="""\
from datetime import date, datetime, timedelta
""",
        ),
        Edit(
            path="parcels.py",
            old="""\
        return [{"kind": row["kind"], "depot_id": row["depot_id"], "at": row["scanned_at"].isoformat()} for row in rows]
""",
            new="""\
        return [
            {"kind": row["kind"], "depot_id": row["depot_id"], "at": row["scanned_at"].isoformat()}
            for row in rows
            if row["scanned_at"] <= datetime.now()
        ]
""",
        ),
    ),
)
