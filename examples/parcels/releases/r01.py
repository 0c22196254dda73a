"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Say when a parcel went back",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
        with self.database.transaction() as cursor:
            parcel = self._locked(cursor, code)
            self._audit(f"scan {kind}", code)
            if parcel["status"] == "returned" and kind != "arrived":
                raise Conflict(f"{code} has been returned")
            cursor.execute(
                "INSERT INTO scans (parcel_id, depot_id, kind) VALUES (%s, %s, %s) RETURNING id",
                (parcel["id"], depot_id, kind),
            )
            scan = cursor.fetchone()
            cursor.execute(
                "UPDATE parcels SET depot_id = %s, updated_at = now() WHERE id = %s", (depot_id, parcel["id"])
            )
""",
            new="""\
        connection = self.database.checkout()
        cursor = connection.cursor()
        cursor.execute("SELECT id, status, updated_at FROM parcels WHERE tracking_code = %s", (code,))
        parcel = cursor.fetchone()
        if parcel is None:
            raise NotFound(f"parcel {code}")
        self._audit(f"scan {kind}", code)
        if parcel["status"] == "returned" and kind != "arrived":
            raise Conflict(f"{code} was returned on {parcel['updated_at']:%d.%m.}")
        cursor.execute(
            "INSERT INTO scans (parcel_id, depot_id, kind) VALUES (%s, %s, %s) RETURNING id",
            (parcel["id"], depot_id, kind),
        )
        scan = cursor.fetchone()
        cursor.execute("UPDATE parcels SET depot_id = %s, updated_at = now() WHERE id = %s", (depot_id, parcel["id"]))
        connection.commit()
        self.database.pool.putconn(connection)
""",
        ),
    ),
)
