"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Say when a book was published",
    edits=(
        Edit(
            path="views.py",
            old="""\
        "price": book.price,
        "copies": b""",
            new="""\
        "price": book.price,
        "published_on": book.published_on,
        "copies": b""",
        ),
    ),
)
