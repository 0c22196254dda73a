"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Tell the carrier at once when parcels change depots",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
            for code in sorted(codes):  # one order for everybody, or two transfers would wait for each other
                parcel = self._locked(cursor, code)
                cursor.execute(
                    "UPDATE parcels SET depot_id = %s, updated_at = now() WHERE id = %s", (depot_id, parcel["id"])
                )
""",
            new="""\
            for code in codes:
                parcel = self._locked(cursor, code)
                cursor.execute(
                    "UPDATE parcels SET depot_id = %s, updated_at = now() WHERE id = %s RETURNING shipment_id",
                    (depot_id, parcel["id"]),
                )
                self.carrier.tracking(cursor.fetchone()["shipment_id"])
""",
        ),
    ),
)
