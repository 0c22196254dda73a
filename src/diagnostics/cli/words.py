"""What the command line itself says, in Russian; evidence and names stay as they were measured."""

from __future__ import annotations

from collections.abc import Iterable

_RUSSIAN = {
    # phases
    "Triage": "Оценка",
    "Looking": "Осмотр",
    "Testing hypotheses": "Проверка гипотез",
    "Asking why": "Поиск причины",
    "Applying": "Исправление",
    "Watching": "Наблюдение",
    "reading the report": "читаю сообщение",
    "looking": "смотрю",
    "testing hypotheses": "проверяю гипотезы",
    "asking why": "спрашиваю «почему»",
    # verdicts
    "No problem found": "Проблем не найдено",
    "No root cause could be named": "Причина не установлена",
    "nothing that was found decides": "найденного недостаточно для вывода",
    "phases 1 to 4 did not finish": "фазы 1–4 не завершены",
    # many services
    "Nothing abnormal": "Отклонений нет",
    "It began at": "Началось в",
    "none of these nodes": "ни один из этих узлов",
    # headings
    "assumed": "предположение",
    "Against:": "Против:",
    "Others: ": "Другие: ",
    "What to do: ": "Что делать: ",
    "Next: diagnose apply --plan": "Дальше: diagnose apply --plan",
    "Ruled out: ": "Исключено: ",
    "Could not look:": "Не удалось посмотреть:",
    "written to": "записано в",
    "session": "сессия",
    # what was not given
    "processes": "процессы",
    "database": "база данных",
    "the service's answers": "ответы сервиса",
    "external services": "внешние сервисы",
    "logs": "журналы",
    "recent changes of the code": "недавние изменения кода",
    "no --pid given": "не указан --pid",
    "no --db given": "не указан --db",
    "no --url given": "не указан --url",
    "no --service given": "не указан --service",
    "no --log given": "не указан --log",
    "no --repo given": "не указан --repo",
    "Add --pid PID of the service; then threads, memory and descriptors are seen.": (
        "Добавьте --pid PID сервиса: будут видны потоки, память и дескрипторы."
    ),
    "Add --db URL; then sessions, locks, statements and migrations are seen.": (
        "Добавьте --db URL: будут видны сессии, блокировки, запросы и миграции."
    ),
    "Add --url BASE_URL; then its answers and their times are seen.": (
        "Добавьте --url BASE_URL: будут видны ответы и их время."
    ),
    "Add --service URL of what it depends on.": "Добавьте --service URL того, от чего он зависит.",
    "Add --log FILE; then errors, their onset and slow requests are seen.": (
        "Добавьте --log FILE: будут видны ошибки, их начало и медленные запросы."
    ),
    "Add --repo DIR of the application.": "Добавьте --repo DIR приложения.",
    # logs
    "lines": "строк",
    "records": "записей",
    "templates": "шаблонов",
    "given": "задано",
    "step in the errors": "скачок числа ошибок",
    "Onset": "Начало",
    "The lines have no moments: one line stands for one second.": "В строках нет времени: одна строка считается за секунду.",
    "No onset was given, and errors show no step: nothing is compared.": (
        "Начало не задано, и скачка ошибок нет: сравнивать не с чем."
    ),
    "The onset lies outside of the logs: nothing is compared.": "Начало лежит вне журналов: сравнивать не с чем.",
    "{tests} templates compared; at most {share:.0%} of what is named are false alarms": (
        "сравнено шаблонов: {tests}; среди названных ложных тревог не больше {share:.0%}"
    ),
    "New since the onset": "Новое с начала",
    "More frequent": "Стало чаще",
    "Less frequent": "Стало реже",
    "Gone since the onset": "Исчезло с начала",
    "may be chance": "может быть случайностью",
    "as never before": "как никогда прежде",
    "Most frequent": "Самое частое",
}


def words(text: str, lang: str) -> str:
    """Return the text in the language; as it is where nobody has translated it."""
    return _RUSSIAN.get(text, text) if lang == "ru" else text


def untranslated(texts: Iterable[str]) -> list[str]:
    """Return the texts that have no Russian form."""
    return [text for text in texts if text not in _RUSSIAN]
