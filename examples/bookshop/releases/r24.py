"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Send invoices with the confirmation",
    edits=(
        Edit(
            path="tasks.py",
            old="@app.task(ignore_result=False)\n",
            new='''\
@app.task(autoretry_for=(ServiceError,), retry_backoff=2, max_retries=5)
def send_invoice(order_id: int) -> None:
    """Mail the invoice of a paid order."""
    order = Order.objects.select_related("customer").get(id=order_id)
    mail.send(order.customer.email, f"Invoice {order.id}", f"{order.total / 100:.2f} EUR")


@app.task(ignore_result=False)
''',
        ),
        Edit(
            path="views.py",
            old="    tasks.send_confirmation.delay(order.id)\n",
            new="""\
    tasks.send_confirmation.delay(order.id)
    tasks.send_invoice.delay(order.id)
""",
        ),
    ),
)
