"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Shorten long subtitles by words",
    edits=(
        Edit(
            path="views.py",
            old="from celery.result import AsyncResult\n",
            new="""\
import nltk
from celery.result import AsyncResult
""",
        ),
        Edit(
            path="views.py",
            old='        "subtitle": book.subtitle,\n',
            new='        "subtitle": " ".join(nltk.word_tokenize(book.subtitle or "")[:20]),\n',
        ),
    ),
)
