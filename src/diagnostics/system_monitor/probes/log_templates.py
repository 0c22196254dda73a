"""Messages -> templates (pure): one setting for every system, bounded, a dictionary lookup for most lines."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field

from diagnostics.system_monitor.probes.log_lines import Level

MOST_TEMPLATES = 2_000
MOST_KEYS = 20_000
OTHER = "(other messages)"
_KEY_CHARACTERS = 300
_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_MASK = re.compile(
    r"(?P<uuid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)"
    r"|(?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b)"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b)"
    r"|(?P<hex>\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b)"
    r"|(?P<text>'(?:[^'\\\n]|\\.){1,200}'|\"(?:[^\"\\\n]|\\.){1,200}\")"
    r"|(?P<number>(?<![A-Za-z_])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?)"
)
_PATH_ID = re.compile(
    r"(?<=/)(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{12,}|[^/]*\d[^/]{9,}|[^/]*@[^/]*|[^/]{40,})(?=/|$)"
)


def mask(message: str) -> str:
    """Return the message with what varies replaced by ``<kind>``.

    Example:
        >>> mask("user 17 not found at 10.0.0.3:5432")
        'user <number> not found at <ip>'
    """
    return _MASK.sub(lambda found: f"<{found.lastgroup}>", message)


def path_template(path: str) -> str:
    """Return the path of a request without query and with identifiers replaced.

    Example:
        >>> path_template("/users/17/meetings?day=2")
        '/users/{id}/meetings'
    """
    return _PATH_ID.sub("{id}", path.partition("?")[0])[:120]


@dataclass(slots=True)
class Template:
    """Messages that differ only in what varies.

    Attributes:
        example: The first full text, traceback included, not yet redacted.
        moments: Unix seconds of each occurrence.
    """

    text: str
    level: Level
    exception: str
    sqlstate: str
    frame: str
    example: str
    moments: array[float] = field(default_factory=lambda: array("d"))


class Miner:
    """Collects templates in bounded memory; what does not fit is counted under ``OTHER``."""

    def __init__(self) -> None:
        self.templates: dict[tuple[str, Level, str, str], Template] = {}
        self._by_key: dict[tuple[Level, str], Template] = {}

    def known(self, level: Level, message: str) -> Template | None:
        """Return the template of a message that was seen before, but for its digits."""
        return self._by_key.get((level, message[:_KEY_CHARACTERS].translate(_DIGITS)))

    def learn(
        self, level: Level, message: str, *, exception: str = "", sqlstate: str = "", frame: str = "",
        example: str = "",
        remember: bool = True,
    ) -> Template:  # fmt: skip
        """Return the template of a message, made if need be."""
        text = mask(message[:_KEY_CHARACTERS])
        identity = (text, level, exception, frame)
        template = self.templates.get(identity)
        if template is None:
            if len(self.templates) >= MOST_TEMPLATES:
                identity, text = (OTHER, level, "", ""), OTHER
                exception = sqlstate = frame = ""
            template = self.templates.setdefault(
                identity, Template(text, level, exception, sqlstate, frame, example or message)
            )
        if remember and len(self._by_key) < MOST_KEYS:
            self._by_key[level, message[:_KEY_CHARACTERS].translate(_DIGITS)] = template
        return template
