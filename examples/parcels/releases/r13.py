"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Send weights in kilograms",
    edits=(
        Edit(
            path="clients/carrier.py",
            old="""\
            "POST", "/shipments", {"reference": reference, "weight_grams": weight_grams, "address": address}
""",
            new="""\
            "POST", "/shipments", {"reference": reference, "weight_kg": weight_grams / 1000, "address": address}
""",
        ),
    ),
)
