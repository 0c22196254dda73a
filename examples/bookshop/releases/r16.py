"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Charge in whole euros where there are no cents",
    edits=(
        Edit(
            path="services/payments.py",
            old='    body = {"amount": cents, "currency": "EUR", "reference": f"order-{order_id}"}\n',
            new="""\
    body = {"amount": f"{cents / 100:.2f}", "currency": "EUR", "reference": f"order-{order_id}"}
""",
        ),
    ),
)
