"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Suggest guests while their names are typed",
    edits=(
        Edit(
            path="services/suggestions.py",
            old="",
            new='''\
"""Suggestions: every beginning of every guest's name, in memory."""

from __future__ import annotations

_GUESTS = 110_000
_BEGINNINGS = 24


def build_index() -> dict[int, list[list[int]]]:
    """Return for each guest the beginnings of the name, with how often each was chosen."""
    return {guest: [[guest, length] for length in range(_BEGINNINGS)] for guest in range(_GUESTS)}
''',
        ),
        Edit(
            path="app.py",
            old="""\
from .services.telegram import Telegram
""",
            new="""\
from .services.suggestions import build_index
from .services.telegram import Telegram
""",
        ),
        Edit(
            path="app.py",
            old="""\
    calendar, telegram = GoogleCalendar(settings), Telegram(settings)
""",
            new="""\
    app.state.suggestions = build_index()
    calendar, telegram = GoogleCalendar(settings), Telegram(settings)
""",
        ),
        Edit(
            path="worker.py",
            old="""\
import logging
import threading
""",
            new="""\
import gc
import logging
import threading
""",
        ),
        Edit(
            path="worker.py",
            old="""\
                if sent:
                    logger.info("%d reminders sent", sent)
""",
            new="""\
                if sent:
                    logger.info("%d reminders sent", sent)
                gc.collect()  # a round should leave nothing behind
""",
        ),
    ),
)
