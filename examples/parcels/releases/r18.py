"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Say whose parcel it is",
    edits=(
        Edit(
            path="views.py",
            old="""\
        "depot": parcel["depot"],
""",
            new="""\
        "depot": parcel["depot"],
        "customer_id": parcel["customer_id"],
""",
        ),
    ),
)
