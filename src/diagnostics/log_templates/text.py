"""A template's shape and one of its messages -> a text that people can read (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diagnostics.log_templates.shapes import VARIABLE, Shape, is_value, shape, tokens

_KINDS = re.compile(
    r"(?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<ip>/?\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?)"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<number>[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?)"
    r"|(?P<hex>0x[0-9a-fA-F]+|(?=[0-9a-f]*\d)[0-9a-f]{8,})"
)


def kind_of(value: str) -> str:
    """Return what a value is by its form: ``<number>``, ``<ip>``, …; ``<*>`` where the form says nothing.

    Example:
        >>> kind_of("10.0.0.3:5432")
        '<ip>'
    """
    found = _KINDS.fullmatch(value)
    return f"<{found.lastgroup}>" if found is not None else VARIABLE


def align(template: Shape, parts: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return for each part of the template which parts of a message it stands for; None when it does not fit.

    A word stands for itself, a value for one part or more; as few as possible, from left to right. Takes time
    proportional to the product of both lengths.
    """
    width, length = len(parts), len(template)
    fits_from = [[False] * (width + 1) for _ in range(length + 1)]  # [place][at]: the rest fits from here
    fits_from[length][width] = True
    for place in range(length - 1, -1, -1):
        row, after, value = fits_from[place], fits_from[place + 1], is_value(template[place])
        for at in range(width - 1, -1, -1):
            if value:
                row[at] = after[at + 1] or row[at + 1]
            else:
                row[at] = after[at + 1] and template[place] == parts[at]
    if not fits_from[0][0]:
        return None
    spans: list[tuple[int, int]] = []
    at = 0
    for place in range(length):
        end = at + 1
        while not fits_from[place + 1][end]:
            end += 1
        spans.append((at, end))
        at = end
    return spans


def render(template: Shape, example: str) -> str:
    """Return the example with what the template calls variable replaced by its kind.

    Example:
        >>> from diagnostics.log_templates.shapes import shape
        >>> message = "job 17 took 2.5 ms (1.2 KB)"
        >>> render(shape(message), message)
        'job <number> took <*> (<*>)'
    """
    seen = tokens(example)
    counted = [token for token in seen if token.text]
    places = align(template, [token.text for token in counted])
    if places is None:  # a shape that was cut
        return " ".join(VARIABLE if is_value(part) else part for part in template)
    spans = [
        (counted[start].start, counted[end - 1].end, part)
        for part, (start, end) in zip(template, places, strict=True)
        if is_value(part)
    ]
    spans += [(token.start, token.end, "") for token in seen if not token.text]
    return _replaced(example, sorted(spans))


def _replaced(example: str, spans: list[tuple[int, int, str]]) -> str:
    out: list[str] = []
    at = 0
    for start, end, part in spans:
        if start < at:
            continue  # brackets inside a longer value
        out.append(example[at:start])
        if not part:
            inner = example[start + 1 : end - 1].strip()
            out.append(f"({kind_of(inner) if inner else ''})")
        else:
            out.append(kind_of(example[start:end]) if part == VARIABLE else VARIABLE)
        at = end
    out.append(example[at:])
    return "".join(out)


def fits(template: Shape, message: str) -> bool:
    """Return whether a message is one of the template's."""
    return align(template, shape(message)) is not None
