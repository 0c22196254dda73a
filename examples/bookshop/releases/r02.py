"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Say in the price how many copies there are",
    edits=(
        Edit(
            path="views.py",
            old="""\
    return JsonResponse({"book_id": book.id, "currency": currency, "price": round(book.price * rate)})
""",
            new="""\
    price = {"book_id": book.id, "currency": currency, "price": round(book.price * rate)}
    return JsonResponse({**price, "copies": book.stock.copies})
""",
        ),
    ),
)
