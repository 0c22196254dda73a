"""Numbers, durations and moments as people read them (pure)."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

#: Between groups of digits: a thin space that does not break.
GROUP = "\u202f"
#: Between a number and its unit.
NBSP = "\u00a0"
MINUS = "\u2212"

_SECOND_STEPS = ((1e-6, "ns", 1e9), (1e-3, "µs", 1e6), (1.0, "ms", 1e3))
_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def number(value: float, digits: int = 3) -> str:
    """Return a number with about ``digits`` significant ones and grouped thousands."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= 15 or magnitude < -6:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    places = max(0, digits - 1 - magnitude)
    text = f"{value:,.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", GROUP).replace("-", MINUS)


def percent(value: float) -> str:
    """Return a ratio in percent; never 100 % or 0 % for what is not."""
    if not math.isfinite(value):
        return "–"
    shown = value * 100
    if 0 < shown < 0.1:
        return f"<{NBSP}0.1{NBSP}%"
    if 99.9 < shown < 100:
        return f">{NBSP}99.9{NBSP}%"
    return f"{number(shown)}{NBSP}%"


def seconds(value: float) -> str:
    """Return a duration in the unit that fits."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0:
        return f"0{NBSP}s"
    for below, unit, factor in _SECOND_STEPS:
        if size < below:
            return f"{number(value * factor)}{NBSP}{unit}"
    if size < 100:
        return f"{number(value)}{NBSP}s"
    sign, whole = (MINUS if value < 0 else ""), round(size)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{sign}{minutes}{NBSP}min" + (f"{NBSP}{rest}{NBSP}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{sign}{hours}{NBSP}h" + (f"{NBSP}{minutes}{NBSP}min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{sign}{days}{NBSP}d" + (f"{NBSP}{hours}{NBSP}h" if hours else "")


def size(value: float) -> str:
    """Return bytes in binary units."""
    amount, unit = abs(value), 0
    while amount >= 1024 and unit < len(_BYTE_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{MINUS if value < 0 else ''}{number(amount)}{NBSP}{_BYTE_UNITS[unit]}"


def measured(value: Any, unit: str = "", *, yes: str = "yes", no: str = "no") -> str:
    """Return a value with its unit (UCUM codes as in ``Unit``, or a free word)."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return yes if value else no
    if not isinstance(value, int | float):
        return str(value)
    amount = amount_of(value)
    if amount is None:
        return "–"
    if unit == "{bool}":
        return yes if amount else no
    if unit == "{unix_s}":
        return moment(amount)
    if unit == "1":
        # A ratio of more than a few is a multiple, such as a load of 5 per CPU.
        return percent(amount) if abs(amount) <= 1 else number(amount)
    if unit == "s":
        return seconds(amount)
    if unit == "ms":
        return seconds(amount / 1000.0)
    if unit == "%":
        return percent(amount / 100.0)
    if unit == "By":
        return size(amount)
    if unit == "By/s":
        return f"{size(amount)}/s"
    if unit == "1/s":
        return f"{number(amount)}/s"
    if unit in ("", "{count}"):
        return number(amount, 6) if amount == int(amount) and abs(amount) < 1e15 else number(amount)
    return f"{number(amount)}{NBSP}{unit}"


def amount_of(value: Any) -> float | None:
    """Return a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:
        return None
    return amount if math.isfinite(amount) else None


def moment(value: Any, *, day: bool = True) -> str:
    """Return a moment in UTC to the second; a text that is none stays as it is."""
    parsed = parsed_moment(value)
    if parsed is None:
        return "" if value is None else str(value)
    return parsed.strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")


def parsed_moment(value: Any) -> datetime | None:
    """Return an aware moment from ISO text, unix seconds or a datetime; None when it is none."""
    try:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
