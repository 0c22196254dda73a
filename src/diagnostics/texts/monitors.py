"""What the monitors' verdicts say in one sentence, English and Russian."""

from __future__ import annotations

#: whose side: (English, Russian)
_SIDES: dict[str, tuple[str, str]] = {
    "healthy": ("The service is well.", "Сервис в порядке."),
    "theirs": ("The fault is on their side.", "Сбой на стороне сервиса."),
    "our_network": ("The fault is in our network.", "Сбой в нашей сети."),
    "our_credential": ("Our credential is not accepted.", "Наши учётные данные не принимают."),
    "our_quota": ("Our quota is used up.", "Наша квота исчерпана."),
    "our_code": ("The fault is in our code or configuration.", "Сбой в нашем коде или настройках."),
    "unknown": ("Whose side it is cannot be told yet.", "Пока нельзя сказать, на чьей стороне сбой."),
}
#: how memory grows: (English, Russian)
_GROWTH: dict[str, tuple[str, str]] = {
    "leak": ("Memory grows and does not stop.", "Память растёт и не останавливается."),
    "settling": ("Memory grew after the start and settles.", "Память выросла после запуска и стабилизируется."),
    "stepped": ("Memory grew once and stays there.", "Память выросла один раз и держится."),
    "stable": ("Memory stays where it is.", "Память не растёт."),
    "unknown": (
        "Too little was seen to tell whether memory leaks.",
        "Данных пока мало, чтобы судить об утечке памяти.",
    ),
}


def side_text(side: str, lang: str = "en") -> str:
    """Return the sentence for whose side it is.

    Raises:
        KeyError: There is no such side.
        ValueError: There is no such language.

    Example:
        >>> side_text("our_quota", "ru")
        'Наша квота исчерпана.'
    """
    return _SIDES[side][_column(lang)]


def growth_text(growth: str, lang: str = "en") -> str:
    """Return the sentence for how memory grows.

    Raises:
        KeyError: There is no such verdict.
        ValueError: There is no such language.
    """
    return _GROWTH[growth][_column(lang)]


def _column(lang: str) -> int:
    if lang not in ("en", "ru"):
        raise ValueError(f"no language {lang!r}, there are en and ru")
    return int(lang == "ru")
