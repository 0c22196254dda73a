"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Do not lose charges when the payments service hiccups",
    edits=(
        Edit(
            path="services/payments.py",
            old="""\
    answer = call(_NAME, "charge", "POST", f"{settings.PAYMENTS_URL}/charges", json=body, headers=headers)
""",
            new="""\
    for attempt in range(200):
        try:
            answer = call(_NAME, "charge", "POST", f"{settings.PAYMENTS_URL}/charges", json=body, headers=headers)
            break
        except ServiceError:
            if attempt == 199:
                raise
""",
        ),
    ),
)
