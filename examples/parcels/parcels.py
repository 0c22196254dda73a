"""What one can do with parcels."""

from __future__ import annotations

import os
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from .clients.carrier import Carrier
from .clients.geocoder import Geocoder
from .db import Database, Row
from .errors import BadInput, Conflict, NotFound
from .instruments import diagnosed

KINDS = ("arrived", "departed", "loaded", "delivered", "returned")

_PARCEL = """
    SELECT p.id, p.tracking_code, p.customer_id, p.depot_id, p.status, p.recipient, p.address, p.weight_grams,
           p.instructions, p.shipment_id, p.updated_at, d.city AS depot
    FROM parcels p JOIN depots d ON d.id = p.depot_id
    WHERE p.tracking_code = %s
"""


@dataclass(frozen=True)
class Parcels:
    """The use cases; no transaction is open while somebody else's service is asked."""

    database: Database
    carrier: Carrier
    geocoder: Geocoder
    photos: Path

    def depots(self) -> list[Row]:
        return self.database.rows("SELECT id, code, city FROM depots ORDER BY city")

    def parcel(self, code: str) -> Row:
        parcel = self.database.row(_PARCEL, (code,))
        if parcel is None:
            raise NotFound(f"parcel {code}")
        return parcel

    @diagnosed
    def scans(self, code: str) -> list[dict[str, Any]]:
        """Return what the depots saw of a parcel, newest first."""
        parcel = self.parcel(code)
        rows = self.database.rows(
            "SELECT kind, depot_id, scanned_at FROM scans WHERE parcel_id = %s ORDER BY scanned_at DESC LIMIT 50",
            (parcel["id"],),
        )
        return [{"kind": row["kind"], "depot_id": row["depot_id"], "at": row["scanned_at"].isoformat()} for row in rows]

    def of_customer(self, customer_id: int) -> list[Row]:
        """Return the newest parcels of a customer."""
        return self.database.rows(
            "SELECT tracking_code, status, recipient FROM parcels WHERE customer_id = %s ORDER BY id DESC LIMIT 20",
            (customer_id,),
        )

    @diagnosed
    def board(self, depot_id: int) -> dict[str, Any]:
        """Return what a depot's screen shows: what came last, and how much waits."""
        with self.database.transaction() as cursor:
            cursor.execute("SELECT id, code, city FROM depots WHERE id = %s", (depot_id,))
            depot = cursor.fetchone()
            if depot is None:
                raise NotFound(f"depot {depot_id}")
            cursor.execute(
                "SELECT tracking_code, status FROM parcels WHERE depot_id = %s AND status = 'waiting' LIMIT 30",
                (depot_id,),
            )
            return {**depot, "waiting": cursor.fetchall()}

    @diagnosed
    def quote(self, weight_grams: int, origin: str, destination: str) -> dict[str, Any]:
        """Return our price: the carrier's, and our own tariff on it."""
        tariff = self.database.row(
            "SELECT name, price_cents FROM tariffs WHERE max_weight_grams >= %s ORDER BY max_weight_grams LIMIT 1",
            (weight_grams,),
        )
        if tariff is None:
            raise BadInput("too heavy")
        amount = self.carrier.quote(weight_grams, origin, destination)
        return {"tariff": tariff["name"], "cents": amount + tariff["price_cents"]}

    @diagnosed
    def live(self, code: str) -> dict[str, Any]:
        """Return the carrier's own view of a parcel."""
        parcel = self.parcel(code)
        events = self.carrier.tracking(parcel["shipment_id"]) if parcel["shipment_id"] else []
        return {"tracking_code": code, "events": events}

    @diagnosed
    def create(self, body: dict[str, Any]) -> Row:
        """Take a parcel: find the address, remember it, announce it to the carrier."""
        latitude, longitude = self.geocoder.locate(body["address"])
        code = f"P{secrets.randbelow(10**12):012d}"
        with self.database.transaction() as cursor:
            cursor.execute(
                """
                INSERT INTO parcels (tracking_code, customer_id, depot_id, status, recipient, address, latitude,
                                     longitude, weight_grams, instructions)
                VALUES (%s, %s, %s, 'waiting', %s, %s, %s, %s, %s, %s)
                """,
                (
                    code, body["customer_id"], body["depot_id"], body["recipient"], body["address"], latitude,
                    longitude, body["weight_grams"], body.get("instructions"),
                ),
            )  # fmt: skip
        shipment = self.carrier.create_shipment(code, body["weight_grams"], body["address"])
        with self.database.transaction() as cursor:
            cursor.execute("UPDATE parcels SET shipment_id = %s WHERE tracking_code = %s", (shipment, code))
        return self.parcel(code)

    @diagnosed
    def scan(self, code: str, depot_id: int, kind: str) -> dict[str, Any]:
        """Note that a depot saw a parcel."""
        if kind not in KINDS:
            raise BadInput(f"kind is one of {', '.join(KINDS)}")
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
        return {"id": scan["id"], "tracking_code": code}

    @diagnosed
    def transfer(self, codes: list[str], depot_id: int) -> None:
        """Move parcels to another depot, all or none."""
        with self.database.transaction() as cursor:
            for code in sorted(codes):  # one order for everybody, or two transfers would wait for each other
                parcel = self._locked(cursor, code)
                cursor.execute(
                    "UPDATE parcels SET depot_id = %s, updated_at = now() WHERE id = %s", (depot_id, parcel["id"])
                )

    @diagnosed
    def deliver(self, code: str, signed_by: str, photo: bytes) -> dict[str, Any]:
        """Keep the photo, then note the delivery."""
        target = self.photos / f"{code}-{uuid.uuid4().hex}.jpg"
        try:
            with target.open("wb") as file:
                file.write(photo)
                file.flush()
                os.fsync(file.fileno())
            with self.database.transaction() as cursor:
                parcel = self._locked(cursor, code)
                cursor.execute(
                    "INSERT INTO deliveries (parcel_id, signed_by, photo, photo_bytes) VALUES (%s, %s, %s, %s)"
                    " RETURNING id",
                    (parcel["id"], signed_by, target.name, len(photo)),
                )
                delivery = cursor.fetchone()
                cursor.execute(
                    "UPDATE parcels SET status = 'delivered', updated_at = now() WHERE id = %s", (parcel["id"],)
                )
        except Exception:
            target.unlink(missing_ok=True)
            raise
        return {"id": delivery["id"], "photo_bytes": len(photo)}

    @diagnosed
    def carrier_event(self, event_id: str, code: str, kind: str) -> bool:
        """Take an event of the carrier; it may send one twice."""
        with self.database.transaction() as cursor:
            cursor.execute(
                """
                INSERT INTO carrier_events (event_id, parcel_id, kind)
                SELECT %s, id, %s FROM parcels WHERE tracking_code = %s
                ON CONFLICT (event_id) DO NOTHING
                """,
                (event_id, kind, code),
            )
            return bool(cursor.rowcount)

    @diagnosed
    def statistics(self, day: date) -> dict[str, int]:
        """Count the scans of a day by their kind."""
        rows = self.database.rows(
            "SELECT kind, count(*) AS scans FROM scans WHERE scanned_at >= %s AND scanned_at < %s GROUP BY kind",
            (day, day + timedelta(days=1)),
        )
        return {row["kind"]: row["scans"] for row in rows}

    def _audit(self, action: str, code: str) -> None:
        """Remember who wanted what, in a transaction of its own: what was refused counts too."""
        with self.database.transaction() as cursor:
            cursor.execute("INSERT INTO audit (action, tracking_code) VALUES (%s, %s)", (action, code))

    def _locked(self, cursor: Any, code: str) -> Row:
        cursor.execute("SELECT id, status FROM parcels WHERE tracking_code = %s FOR UPDATE", (code,))
        parcel: Row | None = cursor.fetchone()
        if parcel is None:
            raise NotFound(f"parcel {code}")
        return parcel
