"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Remember what customers looked for",
    edits=(
        Edit(
            path="views.py",
            old="MOST = 100\n",
            new="""\
MOST = 100

_pages: dict[tuple[Any, ...], list[Book]] = {}
""",
        ),
        Edit(
            path="views.py",
            old="""\
    books = Book.objects.filter(id__gt=after).select_related("author", "stock").order_by("id")[:limit]
    return _many([_book(book) for book in books])
""",
            new="""\
    key = (after, limit, timezone.now())
    if key not in _pages:
        _pages[key] = list(Book.objects.filter(id__gt=after).select_related("author", "stock").order_by("id")[:400])
    return _many([_book(book) for book in _pages[key][:limit]])
""",
        ),
    ),
)
