"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Charge while the copies are held: nobody pays for what is gone",
    edits=(
        Edit(
            path="services/orders.py",
            old="""\
    order = Order.objects.filter(idempotency_key=key).first() or _reserve(customer_id, wanted, key)
    if order.payment_id is None:
""",
            new="""\
    order = Order.objects.filter(idempotency_key=key).first()
    if order is None:
        with transaction.atomic():
            Stock.objects.select_for_update().order_by("book_id").first()  # one checkout at a time
            order = _reserve(customer_id, wanted, key)
            order.payment_id = payments.charge(order.id, order.total, key)
            payments.confirm(order.payment_id)
            order.status = "paid"
            order.save(update_fields=["payment_id", "status"])
    if order.payment_id is None:
""",
        ),
        Edit(
            path="services/payments.py",
            old="def refund(payment_id: str) -> None:\n",
            new='''\
def confirm(payment_id: str) -> None:
    """Wait until the bank has confirmed the charge.

    Raises:
        ServiceError: The service failed.
    """
    call(_NAME, "confirm", "GET", f"{settings.PAYMENTS_URL}/charges/{payment_id}/confirmation", headers=_authorization())


def refund(payment_id: str) -> None:
''',
        ),
    ),
)
