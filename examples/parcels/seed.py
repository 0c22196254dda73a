"""Fill an empty database with some months of parcels."""

from __future__ import annotations

import psycopg2

from .tokens import hashed

CUSTOMERS = 500
DEPOTS = 24
PARCELS = 60_000
SCANS = 400_000

_STATEMENTS = (
    f"""
    INSERT INTO depots (code, city) SELECT 'D' || lpad(n::text, 3, '0'), 'City ' || n FROM generate_series(1, {DEPOTS}) n
    """,
    """
    INSERT INTO tariffs (name, max_weight_grams, price_cents)
    VALUES ('letter', 500, 120), ('small', 2000, 290), ('medium', 10000, 450), ('large', 31500, 990)
    """,
    f"""
    INSERT INTO parcels (tracking_code, customer_id, depot_id, status, recipient, address, latitude, longitude,
                         weight_grams, instructions, shipment_id, created_at, updated_at)
    SELECT 'S' || lpad(n::text, 9, '0'), 1 + n % {CUSTOMERS}, 1 + n * 7 % {DEPOTS},
           CASE WHEN n % 41 = 0 THEN 'waiting' WHEN n % 97 = 0 THEN 'returned' ELSE 'delivered' END,
           'Recipient ' || n, n % 200 || ' Main Street, City ' || 1 + n % {DEPOTS}, 48 + n % 700 * 0.01,
           8 + n % 900 * 0.01, 100 + n * 37 % 20000,
           CASE WHEN n % 3 = 0 THEN NULL ELSE 'Please leave it with the neighbours when nobody is in' END,
           'SHP' || n, now() - interval '3 minutes' * ({PARCELS} - n), now() - interval '2 minutes' * ({PARCELS} - n)
    FROM generate_series(1, {PARCELS}) n
    """,
    f"""
    INSERT INTO scans (parcel_id, depot_id, kind, note, scanned_at)
    SELECT 1 + n % {PARCELS}, 1 + n % {DEPOTS}, (ARRAY['arrived', 'departed', 'loaded'])[1 + n % 3],
           'gate ' || n % 12 || ', belt ' || n % 40 || ', seen by the camera and by a person',
           now() - interval '20 seconds' * ({SCANS} - n)
    FROM generate_series(1, {SCANS}) n
    """,
    f"""
    INSERT INTO deliveries (parcel_id, delivered_at, signed_by, photo, photo_bytes)
    SELECT n, now() - interval '2 minutes' * ({PARCELS} - n), 'R.', n || '.jpg', 30000
    FROM generate_series(1, {PARCELS}, 3) n
    """,
)


def seed(database_url: str) -> None:
    """Write the first data."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            people = [
                (f"Customer {n}", email_of(n), hashed(password_of(n), email_of(n))) for n in range(1, CUSTOMERS + 1)
            ]
            cursor.executemany("INSERT INTO customers (name, email, password_hash) VALUES (%s, %s, %s)", people)
            for statement in _STATEMENTS:
                cursor.execute(statement)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    finally:
        connection.close()


def email_of(customer_id: int) -> str:
    return f"customer{customer_id}@example.com"


def password_of(customer_id: int) -> str:
    return f"secret-{customer_id}"


def code_of(parcel_id: int) -> str:
    """Return the tracking code of a parcel of the first data."""
    return f"S{parcel_id:09d}"
