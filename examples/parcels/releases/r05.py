"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show on the board where each parcel was seen last",
    edits=(
        Edit(
            path="parcels.py",
            old="""\
            return {**depot, "waiting": cursor.fetchall()}
""",
            new="""\
            waiting = cursor.fetchall()
        for entry in waiting:
            parcel = self.parcel(entry["tracking_code"])
            entry["recipient"] = parcel["recipient"]
            entry["seen_in"] = [self._city(scan["depot_id"]) for scan in self.scans(entry["tracking_code"])]
            entry["price"] = self._tariff(parcel["weight_grams"])
        return {**depot, "waiting": waiting}

    def _city(self, depot_id: int) -> str | None:
        row = self.database.row("SELECT city FROM depots WHERE id = %s", (depot_id,))
        return None if row is None else row["city"]

    def _tariff(self, weight_grams: int) -> int | None:
        row = self.database.row(
            "SELECT price_cents FROM tariffs WHERE max_weight_grams >= %s ORDER BY max_weight_grams LIMIT 1",
            (weight_grams,),
        )
        return None if row is None else row["price_cents"]
""",
        ),
    ),
)
