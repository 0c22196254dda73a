"""Fill an empty database with books, and years of orders."""

from __future__ import annotations

import os

import psycopg

AUTHORS = 800
BOOKS = 6_000
CUSTOMERS = 20_000
ORDERS = 150_000  # three lines each; the newest are a minute apart
REVIEWS = 60_000

_STATEMENTS = (
    """
    INSERT INTO bookshop_author (name, country)
    SELECT 'Author ' || n, (ARRAY['de', 'fr', 'gb', 'us', NULL])[1 + n % 5] FROM generate_series(1, {authors}) n
    """,
    """
    INSERT INTO bookshop_book (author_id, title, isbn, price, subtitle, published_on)
    SELECT 1 + n % {authors}, (ARRAY['Rivers', 'Winter', 'Letters', 'Gardens', 'Night'])[1 + n % 5] || ' ' || n,
           '978-' || lpad(n::text, 9, '0'), 900 + n % 2500,
           CASE WHEN n % 7 = 0 THEN NULL ELSE 'a story about the ways of people; ' || n END,
           date '2000-01-01' + n % 9000
    FROM generate_series(1, {books}) n
    """,
    "INSERT INTO bookshop_stock (book_id, copies, changed_at) SELECT id, 100000, now() FROM bookshop_book",
    """
    INSERT INTO bookshop_customer (name, email, city, created_at)
    SELECT 'Customer ' || n, 'customer' || n || '@example.org', 'City ' || n % 300, now() - interval '1 day' * (n % 900)
    FROM generate_series(1, {customers}) n
    """,
    """
    INSERT INTO bookshop_order (customer_id, status, total, idempotency_key, payment_id, placed_at, confirmed_at)
    SELECT 1 + (n * 7919) % {customers}, CASE WHEN n % 23 = 0 THEN 'cancelled' ELSE 'paid' END, 3000 + n % 5000,
           'seed-' || n, 'pay_' || md5(n::text), at, at + interval '2 seconds'
    FROM (SELECT n, now() - interval '1 minute' * ({orders} - n + 1) AS at FROM generate_series(1, {orders}) n) AS placed
    """,
    """
    INSERT INTO bookshop_orderline (order_id, book_id, quantity, price)
    SELECT n, 1 + (n * (3 + line) * 31 + line * 977) % {books}, 1 + (n + line) % 3, 900 + n % 2500
    FROM generate_series(1, {orders}) n, generate_series(1, 3) line
    """,
    """
    INSERT INTO bookshop_review (book_id, customer_id, stars, text, created_at)
    SELECT 1 + n % {books}, 1 + (n * 7919) % {customers}, 1 + n % 5, repeat('I read it in one night. ', 1 + n % 6),
           now() - interval '1 minute' * n
    FROM generate_series(1, {reviews}) n
    """,
)


def seed(url: str) -> None:
    """Fill the database and let the planner know."""
    numbers = {"authors": AUTHORS, "books": BOOKS, "customers": CUSTOMERS, "orders": ORDERS, "reviews": REVIEWS}
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        with connection.transaction():
            for statement in _STATEMENTS:
                connection.execute(statement.format(**numbers).encode())
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    seed(os.environ["DATABASE_URL"])
