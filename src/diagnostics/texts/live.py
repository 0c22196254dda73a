"""What the terminal's live view says, English and Russian."""

from __future__ import annotations

from collections.abc import Mapping

_TEXTS: Mapping[str, tuple[str, str]] = {
    "health.healthy": ("healthy", "исправно"),
    "health.degraded": ("degraded", "ухудшено"),
    "health.critical": ("critical", "авария"),
    "health.down": ("down", "не работает"),
    "health.unknown": ("unknown", "неизвестно"),
    "open_alerts": ("Open alerts", "Открытые тревоги"),
    "no_alerts": ("none", "нет"),
    "changes": ("Last changes", "Последние изменения"),
    "no_changes": ("none yet", "пока нет"),
    "could_not_look": ("Could not look", "Не удалось посмотреть"),
    "maintenance": ("maintenance, alerts are silent", "обслуживание, тревоги приглушены"),
    "because_of": ("because of", "из-за"),
    "more": ("more", "ещё"),
    "verdict": ("verdict", "вердикт"),
    "verdict.holds": ("holds", "держится"),
    "verdict.returned": ("returned", "вернулось"),
    "verdict.inconclusive": ("inconclusive", "неясно"),
    "left": ("{} left", "осталось {}"),
    "ago": ("{} ago", "{} назад"),
    "ends": ("Ctrl-C ends it", "Ctrl-C — закончить"),
    "seen.present": ("present", "есть"),
    "seen.absent": ("absent", "нет"),
    "seen.unknown": ("not seen", "не видно"),
    "alert.open": ("alert", "тревога"),
    "alert.resolved": ("resolved", "тревога снята"),
    "event.deploy": ("deploy", "выкладка"),
    "event.fix": ("fix", "исправление"),
    "event.rollback": ("rollback", "откат"),
    "event.incident": ("incident", "инцидент"),
    "event.acknowledged": ("acknowledged", "принято"),
    "event.silenced": ("silenced", "приглушено"),
}


def labels(lang: str) -> Mapping[str, str]:
    """Return the texts of a language by key.

    Raises:
        ValueError: The language is unknown.

    Example:
        >>> labels("ru")["verdict"]
        'вердикт'
    """
    column = ("en", "ru").index(lang)
    return {key: texts[column] for key, texts in _TEXTS.items()}
