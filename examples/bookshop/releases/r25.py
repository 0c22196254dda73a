"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Import compares prices with all that was ever ordered",
    edits=(
        Edit(
            path="tasks.py",
            old="            if book.price != prices[book.isbn]:\n",
            new="""\
            paid = [line.price for line in OrderLine.objects.select_related("order")[:1_500]]
            if book.price != prices[book.isbn] and paid:
""",
        ),
        Edit(
            path="tasks.py",
            old="from .models import Book, Order, PriceChange\n",
            new="from .models import Book, Order, OrderLine, PriceChange\n",
        ),
    ),
)
