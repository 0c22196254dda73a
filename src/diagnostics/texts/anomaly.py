"""One sentence for one surprise of a metric: what was seen, and what it had been; English and Russian."""

from __future__ import annotations

import math

#: view: (English, Russian)
_VIEWS: dict[str, tuple[str, str]] = {
    "value": ("the value", "значение"),
    "level-12": ("the mean of the last 12 values", "среднее последних 12 значений"),
    "level-36": ("the mean of the last 36 values", "среднее последних 36 значений"),
    "level-108": ("the mean of the last 108 values", "среднее последних 108 значений"),
    "spread": ("the standard deviation of the last 48 values", "стандартное отклонение последних 48 значений"),
    "jump": ("the step from the last 24 values", "скачок относительно последних 24 значений"),
    "time-of-day": ("the level at this time of day", "уровень в это время суток"),
    "calm": ("the spread as a share of the usual range", "разброс в долях обычного размаха"),
    "unchanged": ("the number of equal values in a row", "число одинаковых значений подряд"),
}


def sentence(view: str, *, seen: float, low: float, high: float, lang: str = "en") -> str:
    """Return the sentence, for example *the value is 61, usually 10 to 16*.

    ``calm`` comes as a logarithm and is said as a share.

    Raises:
        KeyError: There is no such view.
        ValueError: There is no such language.
    """
    if lang not in ("en", "ru"):
        raise ValueError(f"no language {lang!r}, there are en and ru")
    name = _VIEWS[view][lang == "ru"]
    if view == "calm":
        seen, low, high = math.exp(seen), math.exp(low), math.exp(high)
    if lang == "ru":
        return f"{name}: {seen:.4g}, обычно от {low:.4g} до {high:.4g}"
    return f"{name} is {seen:.4g}, usually {low:.4g} to {high:.4g}"
