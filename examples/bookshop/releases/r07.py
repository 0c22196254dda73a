"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Tell the owner which copies are moved",
    edits=(
        Edit(
            path="services/orders.py",
            old="        take({from_id: copies, to_id: -copies})\n",
            new="""\
        for book_id, wanted in ((from_id, copies), (to_id, -copies)):
            take({book_id: wanted})
            mail.send(settings.OWNER, f"Stock of book {book_id}", f"{-wanted:+} copies")
""",
        ),
        Edit(
            path="services/orders.py",
            old="from . import payments\n",
            new="from . import mail, payments\n",
        ),
        Edit(
            path="services/orders.py",
            old="from django.db import transaction\n",
            new="""\
from django.conf import settings
from django.db import transaction
""",
        ),
    ),
)
