"""Causes in the layer service."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="external-api-slow",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.UNKNOWN,
        title="An external service is slow",
        title_ru="Внешний сервис медленный",
        summary="Partner answers, but slower than our timeout.",
        recognised_by="probe: DNS and TCP/TLS connect fast, TTFB high (1.5 s vs 0.0001 s connect); same from a second client outside the app; our loop/DB/CPU normal; our timeout value is sane. Packet loss: connect time also varies, retransmits rise. Client timeout too low: TTFB equals baseline.",
        confusable_with=("eventloop-blocked-sync-io",),
        causes=(
            Edge(effect="external-call-slow", probability=0.95),
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="threadpool-exhausted-by-slow-dependency", probability=0.4),
            Edge(effect="transaction-held-during-external-call", probability=0.2),
            Edge(effect="requests-fail", probability=0.4),
        ),
        detect=DETECTORS["external-api-slow"],
        prior=3.0,
        remedies=(
            Remedy(
                id="external-api-slow/1",
                title="Fallback/cache/raise budget",
                plan=(
                    "Fallback/cache/raise budget",
                    "partner",
                ),
            ),
        ),
        verification="TTFB probe back",
    ),
    Mechanism(
        id="external-api-5xx",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service fails",
        title_ru="Внешний сервис отвечает ошибками",
        summary="Partner returns 500/502/503.",
        recognised_by="probe gets the same 5xx with correct credentials; connect/TLS fine; body/Server header of partner; only calls to this host fail.",
        confusable_with=(
            "external-api-rate-limited",
            "external-endpoint-removed",
            "own-bug-bad-request-payload",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["external-api-5xx"],
        prior=3.0,
        remedies=(
            Remedy(
                id="external-api-5xx/1",
                title="Retry with backoff, failover",
                plan=(
                    "Retry with backoff, failover",
                    "wait",
                ),
            ),
        ),
        verification="probe 200",
    ),
    Mechanism(
        id="external-api-rate-limited",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service limits our rate",
        title_ru="Внешний сервис ограничивает частоту",
        summary="Provider answers 429 because we exceed its rate.",
        recognised_by="429 + Retry-After/parameters.retry_after; our call rate per minute jumped or exceeds documented limit; small rate works; other credential works. Quota exhausted: 429/403 with insufficient_quota/billing text and does NOT recover after seconds.",
        confusable_with=(
            "retry-without-backoff-amplification",
            "traffic-spike-over-capacity",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["external-api-rate-limited"],
        prior=3.0,
        remedies=(
            Remedy(
                id="external-api-rate-limited/1",
                title="Throttle / honour Retry-After",
                plan=("Throttle / honour Retry-After",),
            ),
        ),
        verification="no 429 at limited rate",
    ),
    Mechanism(
        id="external-response-schema-changed",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service changed its answers",
        title_ru="Внешний сервис изменил формат ответа",
        summary="Provider renamed/removed a field or changed a type.",
        recognised_by="HTTP 200, valid JSON, but field missing/renamed in a captured sample vs stored contract; deploy history empty on our side; error class ValidationError/KeyError in the parsing module for ALL items.",
        confusable_with=("none-attribute-error",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="external-response-schema-changed/1",
                title="Adapt parser/alias",
                plan=("Adapt parser/alias",),
            ),
        ),
        verification="sample parses",
    ),
    Mechanism(
        id="external-connection-reset",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service resets connections",
        title_ru="Внешний сервис сбрасывает соединения",
        summary="Partner (or LB) resets/closes connections before answering, also on fresh connections.",
        recognised_by="probe with a NEW connection also gets FIN/RST after request; connect ok; percentage constant irrespective of idle time. Stale keep-alive: fresh probe is 100 % ok.",
        confusable_with=("tls-plain-http-mismatch",),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["external-connection-reset"],
        prior=2.0,
        remedies=(
            Remedy(
                id="external-connection-reset/1",
                title="Partner fix",
                plan=(
                    "Partner fix",
                    "retry idempotent",
                ),
            ),
        ),
        verification="probe ok 50/50",
    ),
    Mechanism(
        id="external-response-truncated",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="Answers of an external service are cut",
        title_ru="Ответы внешнего сервиса обрываются",
        summary="Body ends early (proxy limit, crash mid-stream).",
        recognised_by="received bytes < Content-Length; only large responses; connection closed mid body; JSON error at end of data when length is not declared.",
        confusable_with=("mtu-blackhole",),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=1.0,
        remedies=(
            Remedy(
                id="external-response-truncated/1",
                title="Page/compress",
                plan=(
                    "Page/compress",
                    "partner proxy",
                ),
            ),
        ),
        verification="full length received",
    ),
    Mechanism(
        id="external-endpoint-removed",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An endpoint of the provider is gone",
        title_ru="Эндпоинт поставщика удалён",
        summary="Provider retired/moved the endpoint or API version.",
        recognised_by="404/410 with provider body (deprecated/gone) on the same path that worked; other endpoints of the provider 200; no deploy of ours.",
        confusable_with=(
            "wrong-base-url-or-path",
            "external-api-5xx",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["external-endpoint-removed"],
        prior=2.0,
        remedies=(
            Remedy(
                id="external-endpoint-removed/1",
                title="Move to new version",
                plan=("Move to new version",),
            ),
        ),
        verification="new path 200",
    ),
)
