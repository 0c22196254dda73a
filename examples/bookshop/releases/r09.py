"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Reviews come once: the newer one counts",
    edits=(
        Edit(
            path="views.py",
            old="from django.db.models import Count, Sum\n",
            new="""\
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
""",
        ),
        Edit(
            path="views.py",
            old="""\
        review = Review.objects.create(
            book=book, customer_id=body["customer_id"], stars=body["stars"], text=body.get("text", "")
        )
""",
            new="""\
        with transaction.atomic():
            newest = Review.objects.order_by("-id").values_list("id", flat=True)[0]
            values = {"book": book, "customer_id": body["customer_id"], "stars": body["stars"]}
            try:
                review = Review.objects.create(id=newest, text=body.get("text", ""), **values)
            except IntegrityError:
                review = Review.objects.create(text=body.get("text", ""), **values)
""",
        ),
    ),
)
