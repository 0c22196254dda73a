"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Find the scans of parcels with leading zeros in their number",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
            "SELECT kind, depot_id, scanned_at FROM scans WHERE parcel_id = %s ORDER BY scanned_at DESC LIMIT 50",
            (parcel["id"],),
""",
            new="""\
            "SELECT kind, depot_id, scanned_at FROM scans WHERE lpad(parcel_id::text, 9, '0') = %s"
            " ORDER BY scanned_at DESC LIMIT 50",
            (f"{parcel['id']:09d}",),
""",
        ),
    ),
)
