"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Sort search results by how close the titles are",
    edits=(
        Edit(
            path="views.py",
            old="""\
    return _many([_book(book) for book in found.select_related("author", "stock").order_by("title")[: _limit(request)]])
""",
            new="""\
    books = list(found.select_related("author", "stock").order_by("title")[:400])
    books.sort(key=lambda book: min(_distance(book.title, other.title) for other in books[:60]))
    return _many([_book(book) for book in books[: _limit(request)]])
""",
        ),
        Edit(
            path="views.py",
            old="# Bodies\n",
            new='''\
def _distance(one: str, other: str) -> int:
    """Return Levenshtein's distance."""
    before = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right)))
        before = row
    return before[-1]


# Bodies
''',
        ),
    ),
)
