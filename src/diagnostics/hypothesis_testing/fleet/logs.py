r"""Log lines -> names of the places in the code that wrote them.

Where the line says its place itself (``logger#31``, ``views.py:118``), that is the name: it stays the same whatever the line is
about. Otherwise the constant words with which its text begins, up to the first value: ``Received ad request (context_words=[...])``
is ``Received ad request``. JSON lines are named by their ``message``. No template is learnt, so that a name never depends on what else
was read.
"""

from __future__ import annotations

from diagnostics.hypothesis_testing.fleet.tables import pl

#: A position in the code: ``c.s.ContactsServiceImpl#31`` (logback, log4j), ``shop/views.py:118``, ``main.go:20``.
PLACE = r"([A-Za-z_][\w.$/\[\]]*(?:#|\.(?:py|java|kt|go|js|ts|rb|cs|rs):)\d+)"
#: Text of a JSON line.
MESSAGE = r'"(?:message|msg|event)"\s*:\s*"((?:[^"\\]|\\.)*)"'
#: Time, level and dashes before the text of a plain line.
HEAD = r"^[\d\s:.,TZ/+-]*(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)\]?\b)?[\s:-]*"
WORD = r"\[?[A-Za-z][A-Za-z'\]_-]*"
#: Words up to the first value or the end of the clause.
CLAUSE = rf"^((?:{WORD}(?:[ ,]+|$))*(?:{WORD}(?:[.:;!?(]|$))?)"
#: Characters kept of a text that begins with a value.
SHORT = 40


def place(message: str) -> pl.Expr:
    """Return the expression that names the place of the line in column ``message``."""
    line = pl.col(message)
    text = pl.coalesce(line.str.extract(MESSAGE), line.str.replace(HEAD, ""))
    words = text.str.extract(CLAUSE).str.strip_chars(" .,:;!?(")
    named = pl.when(words.str.len_chars() > 0).then(words)
    return pl.coalesce(line.str.extract(PLACE), named, text.str.slice(0, SHORT))


def events(logs: pl.DataFrame) -> pl.DataFrame:
    """Return ``slot, trace, span, at, event`` of tidy logs."""
    return logs.select("slot", "trace", "span", "at", event=place("message"))
