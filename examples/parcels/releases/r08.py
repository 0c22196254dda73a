"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Number the parcels of a depot without gaps",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
        shipment = self.carrier.create_shipment(code, body["weight_grams"], body["address"])
        with self.database.transaction() as cursor:
            cursor.execute("UPDATE parcels SET shipment_id = %s WHERE tracking_code = %s", (shipment, code))
""",
            new="""\
            cursor.execute("SELECT id FROM depots WHERE id = 1 FOR UPDATE")  # one at a time
            shipment = self.carrier.create_shipment(code, body["weight_grams"], body["address"])
            cursor.execute("UPDATE parcels SET shipment_id = %s WHERE tracking_code = %s", (shipment, code))
""",
        ),
        Edit(
            path="parcels.py",
            old="""\
            parcel = self._locked(cursor, code)
            self._audit(f"scan {kind}", code)
""",
            new="""\
            cursor.execute("SELECT id FROM depots WHERE id = 1 FOR UPDATE")
            parcel = self._locked(cursor, code)
            self._audit(f"scan {kind}", code)
""",
        ),
    ),
)
