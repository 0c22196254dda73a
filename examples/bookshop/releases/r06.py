"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Show reviews and authors in lists of books",
    edits=(
        Edit(
            path="views.py",
            old="""\
    books = Book.objects.filter(id__gt=after).select_related("author", "stock").order_by("id")[:limit]
    return _many([_book(book) for book in books])
""",
            new="""\
    books = Book.objects.filter(id__gt=after).order_by("id")[:limit]
    return _many([{**_book(book), "stars": [review.stars for review in book.reviews.all()]} for book in books])
""",
        ),
    ),
)
