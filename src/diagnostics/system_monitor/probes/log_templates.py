"""Messages -> templates of one log (pure): by what is said, how seriously, and the exception that came with it."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from diagnostics.log_templates import OTHER, OTHER_TEXT, Miner, render, shape
from diagnostics.system_monitor.probes.log_lines import Level

MOST_TEMPLATES = 2_000
_MESSAGE_CHARACTERS = 300
_PATH_ID = re.compile(
    r"(?<=/)(?:\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{12,}|[^/]*\d[^/]{9,}|[^/]*@[^/]*|[^/]{40,})(?=/|$)"
)


def path_template(path: str) -> str:
    """Return the path of a request without query and with identifiers replaced.

    Example:
        >>> path_template("/users/17/meetings?day=2")
        '/users/{id}/meetings'
    """
    return _PATH_ID.sub("{id}", path.partition("?")[0])[:120]


@dataclass(slots=True)
class Template:
    """Messages that differ only in values by their form: numbers, identifiers, addresses.

    Attributes:
        number: The shape of its messages in the collector's miner.
        message: The first message.
        example: The first full text, traceback included, not yet redacted.
        moments: Unix seconds of each occurrence.
    """

    number: int
    message: str
    level: Level
    exception: str
    sqlstate: str
    frame: str
    example: str
    moments: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Family:
    """Templates that differ only in words that vary like values, with the text that stands for all of them."""

    text: str
    members: Sequence[Template]


class Collector:
    """Collects templates in bounded memory; what does not fit is counted under ``OTHER_TEXT``."""

    def __init__(self) -> None:
        self.templates: dict[tuple[int, Level, str, str, str], Template] = {}
        self._miner = Miner()
        self._plain: dict[tuple[int, Level], Template] = {}

    def known(self, level: Level, message: str) -> Template | None:
        """Return the template of a message that was learnt before with nothing but a level."""
        return self._plain.get((self._miner.add(message[:_MESSAGE_CHARACTERS]), level))

    def learn(
        self, level: Level, message: str, *, exception: str = "", sqlstate: str = "", frame: str = "",
        example: str = "",
        remember: bool = True,
    ) -> Template:  # fmt: skip
        """Return the template of a message, made if need be; ``remember`` it for `known`."""
        message = message[:_MESSAGE_CHARACTERS]
        number = self._miner.add(message)
        identity = (number, level, exception, sqlstate, frame)
        template = self.templates.get(identity)
        if template is None:
            if len(self.templates) >= MOST_TEMPLATES:
                number, message, exception, sqlstate, frame = OTHER, OTHER_TEXT, "", "", ""
                identity, remember = (number, level, "", "", ""), False
            template = self.templates.setdefault(
                identity, Template(number, message, level, exception, sqlstate, frame, example or message)
            )
        if remember:
            self._plain[number, level] = template
        return template

    def families(self) -> list[Family]:
        """Return the templates of one kind together, in the order in which the first of each was seen."""
        owners = self._miner.owners()
        found: dict[tuple[object, ...], list[Template]] = {}
        for template in self.templates.values():
            kind = owners[self._miner.kept(template.number)]
            if not kind and template.number != OTHER:  # a rare one that the miner let go of
                kind = shape(template.message)
            key = (kind, template.level, template.exception, template.sqlstate, template.frame)
            found.setdefault(key, []).append(template)
        return [
            Family(render(key[0], members[0].message) if key[0] else OTHER_TEXT, members)  # type: ignore[arg-type]
            for key, members in found.items()
        ]
