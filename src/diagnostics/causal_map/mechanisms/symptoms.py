"""What users see: the sinks of the map."""

from __future__ import annotations

from diagnostics.causal_map.detectors import cache, symptoms
from diagnostics.model.mechanism import Kind, Layer, Mechanism
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="requests-fail",
        kind=Kind.SYMPTOM,
        layer=Layer.USER,
        category=Category.UNKNOWN,
        title="Requests fail",
        title_ru="Запросы завершаются ошибкой",
        summary="Requests end with an error (5xx), or without an answer.",
        detect=symptoms.requests_fail,
    ),
    Mechanism(
        id="requests-slow",
        kind=Kind.SYMPTOM,
        layer=Layer.USER,
        category=Category.UNKNOWN,
        title="Requests are slow",
        title_ru="Запросы выполняются медленно",
        summary="Requests take longer than before, or than people wait.",
        detect=symptoms.requests_slow,
    ),
    Mechanism(
        id="service-down",
        kind=Kind.SYMPTOM,
        layer=Layer.USER,
        category=Category.UNKNOWN,
        title="The service does not answer",
        title_ru="Сервис не отвечает",
        summary="Nobody listens at the address, or the process is gone.",
        detect=symptoms.service_down,
    ),
    Mechanism(
        id="jobs-stall",
        kind=Kind.SYMPTOM,
        layer=Layer.USER,
        category=Category.UNKNOWN,
        title="Background work stalls",
        title_ru="Фоновые задачи не выполняются",
        summary="Tasks, reminders or messages are not worked off.",
        detect=cache.jobs_stall,
    ),
    Mechanism(
        id="wrong-data",
        kind=Kind.SYMPTOM,
        layer=Layer.USER,
        category=Category.UNKNOWN,
        title="Users see wrong or old data",
        title_ru="Пользователи видят неверные или устаревшие данные",
        summary="What is shown is old or wrong; nothing fails.",
    ),
)
