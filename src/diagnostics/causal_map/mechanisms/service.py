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
        recognised_by=(
            "probe: DNS and TCP/TLS connect fast, TTFB high (1.5 s vs 0.0001 s connect); same from a second "
            "client outside the app; our loop/DB/CPU normal; our timeout value is sane. Packet loss: connect "
            "time also varies, retransmits rise. Client timeout too low: TTFB equals baseline."
        ),
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
        prevention=(
            "A short timeout, a circuit breaker with a fallback, and the partner's latency on our own dashboard."
        ),
    ),
    Mechanism(
        id="external-api-5xx",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service fails",
        title_ru="Внешний сервис отвечает ошибками",
        summary="Partner returns 500/502/503.",
        recognised_by=(
            "probe gets the same 5xx with correct credentials; connect/TLS fine; body/Server header of "
            "partner; only calls to this host fail."
        ),
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
                action="switch-endpoint",
            ),
        ),
        verification="probe 200",
        prevention="A circuit breaker with a fallback or a queue, and a synthetic call to the partner every minute.",
    ),
    Mechanism(
        id="external-api-rate-limited",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service limits our rate",
        title_ru="Внешний сервис ограничивает частоту",
        summary="Provider answers 429 because we exceed its rate.",
        recognised_by=(
            "429 + Retry-After/parameters.retry_after; our call rate per minute jumped or exceeds documented "
            "limit; small rate works; other credential works. Quota exhausted: 429/403 with "
            "insufficient_quota/billing text and does NOT recover after seconds."
        ),
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
        prevention="A client-side limiter below the provider's limit, backoff by Retry-After, and caching.",
    ),
    Mechanism(
        id="external-response-schema-changed",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service changed its answers",
        title_ru="Внешний сервис изменил формат ответа",
        summary="Provider renamed/removed a field or changed a type.",
        recognised_by=(
            "HTTP 200, valid JSON, but field missing/renamed in a captured sample vs stored contract; deploy "
            "history empty on our side; error class ValidationError/KeyError in the parsing module for ALL "
            "items."
        ),
        confusable_with=("none-attribute-error",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["external-response-schema-changed"],
        prior=3.0,
        remedies=(
            Remedy(
                id="external-response-schema-changed/1",
                title="Adapt parser/alias",
                plan=("Adapt parser/alias",),
            ),
        ),
        verification="sample parses",
        prevention=(
            "A tolerant reader, a daily contract test against the live API, and the provider's change log followed."
        ),
    ),
    Mechanism(
        id="external-connection-reset",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An external service resets connections",
        title_ru="Внешний сервис сбрасывает соединения",
        summary="Partner (or LB) resets/closes connections before answering, also on fresh connections.",
        recognised_by=(
            "probe with a NEW connection also gets FIN/RST after request; connect ok; percentage constant "
            "irrespective of idle time. Stale keep-alive: fresh probe is 100 % ok."
        ),
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
        prevention="Retries of idempotent calls with backoff, and error rates by partner on the dashboard.",
    ),
    Mechanism(
        id="external-response-truncated",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="Answers of an external service are cut",
        title_ru="Ответы внешнего сервиса обрываются",
        summary="Body ends early (proxy limit, crash mid-stream).",
        recognised_by=(
            "received bytes < Content-Length; only large responses; connection closed mid body; JSON error "
            "at end of data when length is not declared."
        ),
        confusable_with=("mtu-blackhole",),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["external-response-truncated"],
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
        prevention="Lengths checked on receipt, pages instead of one huge answer, and a retry.",
    ),
    Mechanism(
        id="external-endpoint-removed",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="An endpoint of the provider is gone",
        title_ru="Эндпоинт поставщика удалён",
        summary="Provider retired/moved the endpoint or API version.",
        recognised_by=(
            "404/410 with provider body (deprecated/gone) on the same path that worked; other endpoints of "
            "the provider 200; no deploy of ours."
        ),
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
        prevention="Deprecation and Sunset headers logged and alerted on, and the provider's notices read by an owner.",
    ),
    Mechanism(
        id="external-quota-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="The provider's quota or balance is used up",
        title_ru="Исчерпана квота или баланс у поставщика",
        summary=(
            "The account's daily or monthly quota, credit or plan is exhausted; calls fail until renewal or payment."
        ),
        recognised_by=(
            "402, 403 or 429 with quotaExceeded, insufficient_quota, billing or dailyLimitExceeded; does not "
            "recover within seconds and has no short Retry-After; every call with this account fails, "
            "another account works."
        ),
        confusable_with=(
            "external-api-rate-limited",
            "api-key-invalid-or-revoked",
            "api-permission-missing",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["external-quota-exhausted"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="external-quota-exhausted/1",
                title="Raise or renew the quota, then use less",
                plan=(
                    "Look at the provider's console: quota, usage, billing",
                    "raise or pay",
                    "cache and batch calls, and switch off what is not needed",
                    "a fallback for users meanwhile",
                ),
            ),
        ),
        verification="a call succeeds and the usage is below the quota",
        prevention="An alert at 80 % of quota and balance, from the provider's own usage data.",
    ),
    Mechanism(
        id="external-response-not-json",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="A service answers with something that is not JSON",
        title_ru="Сервис отвечает не JSON",
        summary="The partner, its proxy or a captive page answers HTML or an empty body where JSON is expected.",
        recognised_by=(
            "JSONDecodeError Expecting value: line 1 column 1 (char 0) in the client of an external service; "
            "the answer's Content-Type is text/html or the body is empty; status is 200, 30x or 5xx of a "
            "proxy; our own input is fine."
        ),
        confusable_with=(
            "external-response-schema-changed",
            "external-response-truncated",
            "external-api-5xx",
            "json-malformed-input",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.7),
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="external-response-not-json/1",
                title="Check status and type before parsing",
                plan=(
                    "raise_for_status(), then Content-Type, then json()",
                    "log status, type and the first 200 characters, redacted",
                    "find who answers (partner, WAF, maintenance page) and tell them",
                    "treat it as a failed call: retry or fallback",
                ),
            ),
        ),
        verification="the answer is JSON or a clean error",
        prevention="One client wrapper that checks status and content type, with a test that feeds it HTML.",
    ),
    Mechanism(
        id="smtp-rejected",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="The mail server refuses our messages",
        title_ru="Почтовый сервер отвергает письма",
        summary="SMTP answers with an error: authentication, sender not allowed, blocked IP, relay denied, or limits.",
        recognised_by=(
            "SMTPAuthenticationError 535, SMTPSenderRefused, SMTPRecipientsRefused 550/553/554, 421/450/451 "
            "(greylisting, rate); the connection itself works; the text names policy, SPF/DKIM/DMARC or a "
            "blocklist."
        ),
        confusable_with=(
            "external-api-rate-limited",
            "external-ip-blocked",
            "tcp-port-filtered",
            "api-key-invalid-or-revoked",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="jobs-stall", probability=0.6),
            Edge(effect="requests-fail", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="smtp-rejected/1",
                title="Do what the answer's text asks for",
                plan=(
                    "4xx: queue and retry later; 5xx: do not",
                    "535: renew the (app) password",
                    "550/554: verify sender domain, SPF, DKIM, DMARC; look at blocklists",
                    "keep mail out of the request",
                ),
            ),
        ),
        verification="a test message is accepted with 250 and arrives",
        prevention="Mail sent from a queue, SPF, DKIM and DMARC in place, and an alert on the share of refused mail.",
    ),
    Mechanism(
        id="external-partial-region-outage",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="Part of a provider is down",
        title_ru="Часть инфраструктуры поставщика недоступна",
        summary="One region, zone or address of the provider fails while the others work, so a share of calls fails.",
        recognised_by=(
            "A stable fraction of calls fails; failures belong to certain addresses, a region or a product; "
            "other regions answer; the provider's status page says so, often later."
        ),
        confusable_with=(
            "external-api-5xx",
            "packet-loss-on-path",
            "external-connection-refused",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.7),
            Edge(effect="external-call-slow", probability=0.4),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="external-partial-region-outage/1",
                title="Lead traffic around the sick part",
                plan=(
                    "Split failures by address and region",
                    "switch region or endpoint, or exclude the address",
                    "circuit breaker with fallback",
                    "follow the status page and go back by hand",
                ),
                action="switch-endpoint",
            ),
        ),
        verification="error ratio normal by every address in use",
        prevention="A second region that is used all the time, and error rates by region on the dashboard.",
    ),
    Mechanism(
        id="external-ip-blocked",
        kind=Kind.CAUSE,
        layer=Layer.SERVICE,
        category=Category.EXTERNAL_SERVICE,
        title="The partner blocks our address",
        title_ru="Партнёр блокирует наш IP-адрес",
        summary="A WAF, allow-list or abuse filter of the partner refuses calls from our (new) outgoing address.",
        recognised_by=(
            "403/1020/406 of a WAF (Cloudflare, Akamai) or silent drops from this host, while the same call "
            "with the same key works from another address; began when our egress IP changed or after a "
            "burst; the body is an HTML challenge, not the API's error."
        ),
        confusable_with=(
            "api-key-invalid-or-revoked",
            "api-permission-missing",
            "tcp-port-filtered",
            "external-api-rate-limited",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="external-ip-blocked/1",
                title="Get the address allowed, and keep it",
                plan=(
                    "Find our egress address (curl to an echo service) and compare with what the partner allows",
                    "ask for it to be allowed, slow down",
                    "fixed egress (NAT gateway with reserved address)",
                ),
            ),
        ),
        verification="the call succeeds from the production address",
        prevention="A fixed, documented egress address, and an allow-list change before every move.",
    ),
)
