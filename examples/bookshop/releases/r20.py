"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Keep stock and payments in step",
    edits=(
        Edit(
            path="services/orders.py",
            old="from collections.abc import Mapping, Sequence\n",
            new="""\
import threading
import time
from collections.abc import Mapping, Sequence
""",
        ),
        Edit(
            path="services/orders.py",
            old="UNPAID_AFTER = timedelta(minutes=10)\n",
            new="""\
UNPAID_AFTER = timedelta(minutes=10)

_stock_lock = threading.Lock()
_payments_lock = threading.Lock()
""",
        ),
        Edit(
            path="services/orders.py",
            old="""\
            order.payment_id = payments.charge(order.id, order.total, key)
        except""",
            new="""\
            with _payments_lock:
                order.payment_id = payments.charge(order.id, order.total, key)
                with _stock_lock:
                    lock_stock(list(wanted))
        except""",
        ),
        Edit(
            path="services/orders.py",
            old="""\
    with transaction.atomic():
        take({from_id: copies, to_id: -copies})
""",
            new="""\
    with _stock_lock:
        with transaction.atomic():
            take({from_id: copies, to_id: -copies})
        time.sleep(0.02)  # the warehouse's counter shows one move after the other
        with _payments_lock:
            Order.objects.filter(status="pending", lines__book_id=from_id).count()
""",
        ),
    ),
)
