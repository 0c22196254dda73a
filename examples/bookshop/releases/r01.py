"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Read order lists over connections of their own: long lists no longer hold up bookings",
    edits=(
        Edit(
            path="views.py",
            old="from django.db.models import Count, Sum\n",
            new="""\
from django.db import connections
from django.db.models import Count, Sum
""",
        ),
        Edit(
            path="views.py",
            old="MOST = 100\n",
            new="""\
MOST = 100

_readers: list[Any] = []  # connections, and whether somebody reads with them
""",
        ),
        Edit(
            path="views.py",
            old="""\
    found = Order.objects.filter(customer_id=customer_id).order_by("-placed_at")
    found = found.prefetch_related("lines__book")[: _limit(request)]
    return _many([_order(order, list(order.lines.all())) for order in found])
""",
            new="""\
    reader = next((one for one in _readers if not one["busy"]), None)
    if reader is None:
        reader = {"connection": connections.create_connection("default")}
        reader["connection"].inc_thread_sharing()
        _readers.append(reader)
    reader["busy"] = True
    with reader["connection"].cursor() as cursor:
        cursor.execute(
            "SELECT id, status, total, placed_at FROM bookshop_order WHERE customer_id = %s"
            " ORDER BY placed_at DESC LIMIT %s",
            [customer_id, _limit(request)],
        )
        rows = cursor.fetchall()
    found = Order.objects.filter(id__in=[row[0] for row in rows]).order_by("-placed_at").prefetch_related("lines__book")
    if any(row[1] == "cancelled" for row in rows):
        return _many([_order(order, list(order.lines.all())) for order in found if order.status != "cancelled"])
    reader["busy"] = False
    return _many([_order(order, list(order.lines.all())) for order in found])
""",
        ),
    ),
)
