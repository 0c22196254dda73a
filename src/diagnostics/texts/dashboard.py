"""Labels of the dashboard, English and Russian, by key."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostics.texts.report import labels as report_labels

#: key: (English, Russian)
_TEXTS: dict[str, tuple[str, str]] = {
    "dashboard": ("Diagnostics", "Диагностика"),
    "skip_main": ("Skip to the content", "К содержимому"),
    "pages": ("Pages", "Страницы"),
    "page.overview": ("Overview", "Обзор"),
    "page.metrics": ("Metrics", "Показатели"),
    "page.alerts": ("Alerts", "Тревоги"),
    "page.sessions": ("Sessions", "Сессии"),
    "page.kpis": ("Key figures", "Ключевые цифры"),
    "page.settings": ("Settings", "Настройки"),
    "language": ("Русский", "English"),
    "sign_in": ("Sign in", "Войти"),
    "sign_out": ("Sign out", "Выйти"),
    "token": ("Token", "Токен"),
    "token_hint": (
        "`diagnose serve` printed a link with a token that works once; start it again for a new one.",
        "`diagnose serve` напечатал ссылку с одноразовым токеном; новая появится при следующем запуске.",
    ),
    "wrong_token": (
        "This token is not known, or it was used already.",
        "Такого токена нет, или он уже использован.",
    ),
    "too_many": (
        "Too many wrong tokens: wait a minute.",
        "Слишком много неверных токенов: подождите минуту.",
    ),
    "signed_in_as": ("Signed in as", "Вы вошли как"),
    "role.viewer": ("viewer", "наблюдатель"),
    "role.operator": ("operator", "оператор"),
    # freshness
    "data_from": ("As of", "По состоянию на"),
    "stale": (
        "The connection is lost: what you see is old.",
        "Связь потеряна: данные на экране устарели.",
    ),
    "stale_age": ("Age of the data, seconds:", "Возраст данных, секунд:"),
    # overview
    "overall": ("The service as a whole", "Сервис в целом"),
    "health.healthy": ("healthy", "исправно"),
    "health.degraded": ("degraded", "ухудшено"),
    "health.critical": ("critical", "авария"),
    "health.down": ("down", "не работает"),
    "health.unknown": ("unknown", "неизвестно"),
    "components": ("Components", "Компоненты"),
    "no_components": (
        "Nothing is watched yet. Give a monitor this history, or start `diagnose serve` with a target.",
        "Пока ни за чем не наблюдают. Укажите монитору эту историю или запустите `diagnose serve` с целью.",
    ),
    "filter": ("Filter", "Отбор"),
    "filter_name": ("Name contains", "Имя содержит"),
    "filter_status": ("Status", "Состояние"),
    "any": ("any", "любое"),
    "apply_filter": ("Show", "Показать"),
    "shown_of": ("shown of", "показано из"),
    "open_alerts": ("Open alerts", "Открытые тревоги"),
    "no_open_alerts": ("No open alerts.", "Открытых тревог нет."),
    "maintenance": ("Maintenance: alerts are silent", "Обслуживание: тревоги приглушены"),
    "not_critical": ("not critical", "некритично"),
    "because_of": ("because of", "из-за"),
    "looked": ("looked at", "проверено"),
    "recent_sessions": ("Latest diagnoses", "Последние диагностики"),
    "no_sessions": ("No diagnosis yet: `diagnose run` makes one.", "Диагностик пока нет: их делает `diagnose run`."),
    # metrics
    "check_name": ("Check", "Проверка"),
    "range": ("Period", "Период"),
    "range.1h": ("hour", "час"),
    "range.6h": ("6 hours", "6 часов"),
    "range.24h": ("day", "сутки"),
    "range.7d": ("week", "неделя"),
    "range.30d": ("30 days", "30 дней"),
    "range.365d": ("year", "год"),
    "compare": ("Compare with the period before", "Сравнить с предыдущим периодом"),
    "no_points": (
        "Fewer than two measurements in this period.",
        "В этом периоде меньше двух измерений.",
    ),
    "unasked": ("The numbers cannot be had now", "Числа сейчас недоступны"),
    "no_check": ("There is no such check.", "Такой проверки нет."),
    "dashed": ("Dashed: the period before.", "Пунктир: предыдущий период."),
    "metric.failed": ("Share of failed looks", "Доля неудачных проверок"),
    "metric.unknown": ("Share of looks without an answer", "Доля проверок без ответа"),
    "metric.duration_seconds": ("Duration of a look", "Длительность проверки"),
    "metric.duration": ("Duration of a look", "Длительность проверки"),
    "event.deploy": ("deploy", "выкладка"),
    "event.fix": ("fix", "исправление"),
    "event.rollback": ("rollback", "откат"),
    "event.incident": ("incident", "инцидент"),
    # alerts
    "alert_state": ("State", "Состояние"),
    "state.open": ("open", "открыта"),
    "state.resolved": ("resolved", "снята"),
    "began": ("Began", "Началась"),
    "ended": ("Ended", "Закончилась"),
    "component": ("Component", "Компонент"),
    "message": ("Message", "Сообщение"),
    "alert_severity.critical": ("critical", "критическая"),
    "alert_severity.warning": ("warning", "внимание"),
    "alert_severity.info": ("info", "сведения"),
    "acknowledge": ("Acknowledge", "Принять"),
    "acknowledged_by": ("acknowledged by", "принял"),
    "no_alerts_found": ("No alerts.", "Тревог нет."),
    "silence": ("Silence all alerts", "Приглушить все тревоги"),
    "silence_minutes": ("Minutes", "Минут"),
    "reason": ("Reason", "Причина"),
    # sessions
    "when": ("When", "Когда"),
    "problem_title": ("Problem", "Проблема"),
    "outcome": ("Outcome", "Итог"),
    "report_html": ("Report", "Отчёт"),
    "phases": ("Phases", "Этапы"),
    "phase.1": ("Triage", "Оценка"),
    "phase.2": ("Examination", "Осмотр"),
    "phase.3": ("Hypotheses", "Гипотезы"),
    "phase.4": ("Root cause", "Причина"),
    "phase.5": ("Solution", "Решение"),
    "phase.6": ("Watching", "Наблюдение"),
    "phase.done": ("done", "пройден"),
    "phase.open": ("next", "следующий"),
    "phase.locked": ("locked", "закрыт"),
    "unlocks": (
        "No solution before phases 1 to 4 are complete: this is the iron law.",
        "Решение — только после завершения этапов 1–4: это железное правило.",
    ),
    "no_session": ("There is no such session.", "Такой сессии нет."),
    "was_right": ("Was this diagnosis right?", "Верна ли эта диагностика?"),
    "right": ("It was right", "Верна"),
    "wrong": ("It was wrong", "Неверна"),
    "answered": ("Answered", "Ответ"),
    "rest_in_report": ("Evidence, hypotheses and timeline are in the", "Свидетельства, гипотезы и ход событий:"),
    # key figures
    "definition": ("Definition", "Определение"),
    "cases": ("Cases", "Случаев"),
    "withheld": ("too few cases", "слишком мало случаев"),
    "kpi.mttd": ("Time to detect", "Время обнаружения"),
    "kpi.mttd.is": (
        "Median time from the first bad look that counted to the alert.",
        "Медиана времени от первой учтённой неудачной проверки до тревоги.",
    ),
    "kpi.mtta": ("Time to acknowledge", "Время реакции"),
    "kpi.mtta.is": (
        "Median time from the alert to its acknowledgement here.",
        "Медиана времени от тревоги до её принятия здесь.",
    ),
    "kpi.mttr": ("Time to resolve", "Время устранения"),
    "kpi.mttr.is": (
        "Median time from the alert to its end.",
        "Медиана времени от тревоги до её снятия.",
    ),
    "kpi.found": ("Root cause found", "Причина найдена"),
    "kpi.found.is": (
        "Share of diagnoses that name a root cause.",
        "Доля диагностик, назвавших причину.",
    ),
    "kpi.false_positives": ("Wrong diagnoses", "Неверные диагностики"),
    "kpi.false_positives.is": (
        "Share of diagnoses that a person called wrong, of those somebody answered.",
        "Доля диагностик, которые человек назвал неверными, среди тех, на которые ответили.",
    ),
    "kpi.fixed": ("Fixes that held their verification", "Исправления, прошедшие проверку"),
    "kpi.fixed.is": (
        "Share of applied changes that were verified and kept.",
        "Доля применённых изменений, проверенных и оставленных.",
    ),
    "kpi.rolled_back": ("Rolled back", "Откаты"),
    "kpi.rolled_back.is": (
        "Share of applied changes that were undone.",
        "Доля применённых изменений, которые были отменены.",
    ),
    "kpi.recurrence": ("Recurrence", "Повторяемость"),
    "kpi.recurrence.is": (
        "Share of components with alerts that had more than one.",
        "Доля компонентов с тревогами, у которых их было больше одной.",
    ),
    "kpi.uptime": ("Uptime, 30 days", "Доступность, 30 дней"),
    "kpi.uptime.is": (
        "Share of looks at critical checks that did not fail; looks that could not see are left out.",
        "Доля проверок критичных компонентов без сбоя; проверки без ответа не учитываются.",
    ),
    # settings
    "watched": ("What is watched", "За чем наблюдают"),
    "interval": ("Every", "Каждые"),
    "timeout": ("Timeout", "Предел"),
    "depends_on": ("Depends on", "Зависит от"),
    "audit": ("Who did what", "Кто что делал"),
    "who": ("Who", "Кто"),
    "nothing_done": ("Nothing was done yet.", "Пока ничего не делали."),
    "export": ("Export as one file", "Сохранить одним файлом"),
    "exported": ("Exported", "Сохранено"),
    "not_allowed": ("Your role may look, not act.", "Ваша роль позволяет смотреть, но не действовать."),
    "event.acknowledged": ("acknowledged", "принято"),
    "event.silenced": ("silenced", "приглушено"),
    "event.answered": ("answered", "ответ"),
    "event.signed_in": ("signed in", "вход"),
}


def labels(lang: str) -> Mapping[str, str]:
    """Return the labels of a language by key, those of the reports included.

    Raises:
        ValueError: The language is unknown.
    """
    words = dict(report_labels(lang))
    column = 0 if lang == "en" else 1
    return words | {key: texts[column] for key, texts in _TEXTS.items()}
