"""Causes in the layer configuration."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="pool-too-small",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The connection pool is too small",
        title_ru="Пул соединений слишком мал",
        summary=(
            "The application has fewer pooled connections than requests that need one at the same time, "
            "although each returns its connection quickly."
        ),
        recognised_by=(
            "Threads wait in the pool while all pooled sessions do ordinary short work; the server has free "
            "slots; no session is left idle in a transaction."
        ),
        causes=(
            Edge(effect="db-pool-exhausted", probability=0.95),
            Edge(effect="requests-slow", probability=0.7),
            Edge(effect="requests-fail", probability=0.5),
        ),
        detect=DETECTORS["pool-too-small"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pool-too-small/1",
                title="Raise pool_size and max_overflow within the slots of the server",
                plan=(
                    "Raise pool_size and max_overflow within the slots of the server",
                    "shorten what is done with a connection.",
                ),
                action="set-config-value",
            ),
        ),
        prevention="Pool size derived from measured concurrency, and time waited for a connection as a metric.",
    ),
    Mechanism(
        id="pgbouncer-transaction-prepared-statements",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.DB_CONNECTION,
        title="Prepared statements do not work behind the pooler",
        title_ru="Подготовленные запросы не работают за пулером",
        summary=(
            "Transaction pooling hands each transaction another backend where the named prepared statement "
            "does not exist."
        ),
        recognised_by=(
            "SQLSTATE 26000 (does not exist) or 42P05 (already exists) with names __asyncpg_stmt_/_pg3_; "
            "connection target is pgbouncer (port, SHOW POOLS pool_mode=transaction); direct connection "
            "works."
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="pgbouncer-transaction-prepared-statements/1",
                title="statement_cache_size=0 / prepare_threshold=None / pgbouncer >= 1.21",
                plan=("statement_cache_size=0 / prepare_threshold=None / pgbouncer >= 1.21",),
            ),
        ),
        verification="10k queries without 26000",
        prevention="Staging behind the same pooler in the same mode, and PgBouncer 1.21+ with max_prepared_statements.",
    ),
    Mechanism(
        id="db-writes-routed-to-standby",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.DB_CONNECTION,
        title="Writes go to a standby",
        title_ru="Записи уходят на реплику",
        summary="App writes go to a hot standby (failover, wrong DNS/read endpoint).",
        recognised_by=(
            "SQLSTATE 25006 AND pg_is_in_recovery() = true on the connected server; server address differs "
            "from before; primary elsewhere accepts writes. default_transaction_read_only: recovery false."
        ),
        confusable_with=("pg-data-volume-full",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["db-writes-routed-to-standby"],
        prior=2.0,
        remedies=(
            Remedy(
                id="db-writes-routed-to-standby/1",
                title="Point to the primary (target_session_attrs=read-write)",
                plan=("Point to the primary (target_session_attrs=read-write)",),
            ),
        ),
        verification="insert ok; in_recovery false",
        prevention="target_session_attrs=read-write in the URL with all hosts, and a failover exercise.",
    ),
    Mechanism(
        id="default-transaction-read-only",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="Transactions are read-only by default",
        title_ru="Транзакции по умолчанию только для чтения",
        summary="default_transaction_read_only is on for the server, the role or the database.",
        recognised_by="SQLSTATE 25006 while pg_is_in_recovery() is false; the setting shows where it comes from.",
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["default-transaction-read-only"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="default-transaction-read-only/1",
                title="Reset default_transaction_read_only",
                plan=("Reset the setting where it comes from and reload.",),
                action="set-postgres-setting",
            ),
        ),
        prevention="Settings of roles and databases kept as code, and compared after maintenance.",
    ),
    Mechanism(
        id="lock-timeout-too-low",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="lock_timeout is too low",
        title_ru="lock_timeout слишком мал",
        summary="lock_timeout set to a few ms by config; normal short waits become errors.",
        recognised_by=(
            "current_setting(lock_timeout) tiny (e.g. 10 ms); log_lock_waits shows nothing (> "
            "deadlock_timeout never reached); blockers short-lived; no idle-in-tx."
        ),
        confusable_with=(
            "idle-in-transaction-blocks-writers",
            "statement-timeout-too-low",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["lock-timeout-too-low"],
        prior=1.0,
        remedies=(
            Remedy(
                id="lock-timeout-too-low/1",
                title="Reset lock_timeout",
                plan=("Reset to seconds",),
                action="set-postgres-setting",
            ),
        ),
        verification="no 55P03 in replay",
        prevention=(
            "lock_timeout set for migrations only, or as a multiple of measured waits, with changes of "
            "settings reviewed."
        ),
    ),
    Mechanism(
        id="statement-timeout-too-low",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="statement_timeout is too low",
        title_ru="statement_timeout слишком мал",
        summary="statement_timeout set below the normal duration of legitimate queries.",
        recognised_by=(
            "current_setting(statement_timeout) (role/db/URL option) < usual mean_exec_time; the backend was "
            "NOT waiting on locks (wait_event null/IO) when cancelled; durations at cancel = exactly the "
            'setting. Lock case: CONTEXT "while updating tuple" and wait Lock.'
        ),
        confusable_with=(
            "missing-index-seq-scan",
            "idle-in-transaction-blocks-writers",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["statement-timeout-too-low"],
        prior=2.0,
        remedies=(
            Remedy(
                id="statement-timeout-too-low/1",
                title="Reset statement_timeout",
                plan=("Set per role/query",),
                action="set-postgres-setting",
            ),
        ),
        verification="query completes",
        prevention="statement_timeout for each role from the measured p99, with changes of settings reviewed.",
    ),
    Mechanism(
        id="jit-compilation-overhead",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="JIT compiles short queries",
        title_ru="JIT компилирует короткие запросы",
        summary="JIT compiles expensive-looking plans for short OLTP queries.",
        recognised_by=(
            "EXPLAIN ANALYZE has JIT block whose Timing Total is most of Execution Time; set jit=off -> ms; "
            "rows small; buffers tiny."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["jit-compilation-overhead"],
        prior=1.0,
        remedies=(
            Remedy(
                id="jit-compilation-overhead/1",
                title="jit=off or raise jit_above_cost",
                plan=("jit=off or raise jit_above_cost",),
                action="set-postgres-setting",
            ),
        ),
        verification="no JIT block",
        prevention="jit_above_cost left at its default or higher for OLTP, and EXPLAIN ANALYZE read for its JIT part.",
    ),
    Mechanism(
        id="checkpoint-storm-small-max-wal",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Checkpoints are forced again and again",
        title_ru="Частые принудительные контрольные точки",
        summary="max_wal_size far too small: checkpoints every second, write stalls.",
        recognised_by=(
            "pg_stat_bgwriter checkpoints_req/min >> checkpoints_timed; log line; IO bursts from "
            "checkpointer pid (not an outside process); max_wal_size small."
        ),
        confusable_with=("work-mem-spill-to-disk",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.5),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["checkpoint-storm-small-max-wal"],
        prior=1.0,
        remedies=(
            Remedy(
                id="checkpoint-storm-small-max-wal/1",
                title="Raise max_wal_size",
                plan=("Raise max_wal_size",),
                action="set-postgres-setting",
            ),
        ),
        verification="checkpoints_req flat",
        prevention="max_wal_size sized so that timed checkpoints prevail, and log_checkpoints watched.",
    ),
    Mechanism(
        id="tls-plain-http-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.NETWORK_TLS,
        title="HTTPS is spoken to a plain HTTP port",
        title_ru="HTTPS на порт обычного HTTP",
        summary="https:// to a plain-HTTP port (or the reverse).",
        recognised_by=(
            "SSL WRONG_VERSION_NUMBER; plain HTTP GET on the same port answers; URL scheme/port in config. "
            "Reverse: RemoteDisconnected/garbage."
        ),
        confusable_with=(
            "external-connection-reset",
            "tls-protocol-too-old",
            "proxy-misconfigured",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["tls-plain-http-mismatch"],
        prior=2.0,
        remedies=(
            Remedy(
                id="tls-plain-http-mismatch/1",
                title="Fix scheme",
                plan=("Fix scheme",),
            ),
        ),
        verification="200",
        prevention="URLs of each environment checked by a connection test at deploy.",
    ),
    Mechanism(
        id="proxy-misconfigured",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.NETWORK_TLS,
        title="The HTTP proxy is wrong",
        title_ru="HTTP-прокси настроен неверно",
        summary="HTTP(S)_PROXY points to a dead/forbidden proxy or NO_PROXY misses internal hosts.",
        recognised_by=(
            "ProxyError names the proxy host; env has *_PROXY; direct connect (trust_env=False) works. httpx "
            "reports plain ConnectError errno 111, so compare the socket destination with the URL host."
        ),
        confusable_with=(
            "external-connection-refused",
            "tls-unknown-ca",
            "tcp-port-filtered",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["proxy-misconfigured"],
        prior=2.0,
        remedies=(
            Remedy(
                id="proxy-misconfigured/1",
                title="Fix proxy/NO_PROXY",
                plan=("Fix proxy/NO_PROXY",),
            ),
        ),
        verification="200 through policy",
        prevention="Proxy variables kept in one place with NO_PROXY, and a test call through it at deploy.",
    ),
    Mechanism(
        id="ipv6-localhost-preferred",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.NETWORK_TLS,
        title="A name resolves to IPv6 first and nobody listens there",
        title_ru="Имя разрешается в IPv6, где никто не слушает",
        summary=(
            '"localhost"/name resolves to ::1 first while the service listens on IPv4 only (or v6 route is broken).'
        ),
        recognised_by=(
            "first address family tried is AF_INET6 and refused/slow; ss shows LISTEN only on 127.0.0.1; "
            "forcing v4 works."
        ),
        confusable_with=(
            "pg-server-down",
            "external-connection-refused",
            "db-url-wrong-host-or-port",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.5),
            Edge(effect="external-call-fails", probability=0.4),
            Edge(effect="requests-slow", probability=0.3),
        ),
        detect=DETECTORS["ipv6-localhost-preferred"],
        prior=2.0,
        remedies=(
            Remedy(
                id="ipv6-localhost-preferred/1",
                title="Use IP / listen on both",
                plan=("Use IP / listen on both",),
            ),
        ),
        verification="ok",
        prevention="127.0.0.1 or a socket instead of localhost, or servers that listen on both families.",
    ),
    Mechanism(
        id="env-var-missing",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="An environment variable is missing",
        title_ru="Не задана переменная окружения",
        summary="Required environment variable is not set.",
        recognised_by=(
            "boot traceback names the variable; absent in /proc/<pid>/environ; present on old instances; no "
            "network attempt made."
        ),
        confusable_with=(
            "crash-loop-on-boot",
            "module-missing",
            "env-value-malformed",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.6),
            Edge(effect="service-down", probability=0.6),
            Edge(effect="requests-fail", probability=0.4),
        ),
        detect=DETECTORS["env-var-missing"],
        prior=3.0,
        remedies=(
            Remedy(
                id="env-var-missing/1",
                title="Set it",
                plan=("Set it",),
            ),
        ),
        verification="boot ok",
        prevention=(
            "Settings validated at start by one model (pydantic-settings), and the same model checked in the "
            "deploy pipeline."
        ),
    ),
    Mechanism(
        id="env-value-malformed",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="An environment variable is malformed",
        title_ru="Переменная окружения искажена",
        summary="Variable set but unparsable (inline comment, text in int, postgres:// scheme).",
        recognised_by=(
            "ValueError/ValidationError with the literal value; variable present; changed recently. "
            '"postgres://" -> NoSuchModuleError; password with / -> host "ss" unresolved.'
        ),
        confusable_with=(
            "env-var-missing",
            "db-url-wrong-host-or-port",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.6),
            Edge(effect="service-down", probability=0.6),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="env-value-malformed/1",
                title="Fix value",
                plan=("Fix value",),
                action="set-config-value",
            ),
        ),
        verification="boot ok",
        prevention="Typed settings validated before the old version is stopped.",
    ),
    Mechanism(
        id="db-url-wrong-host-or-port",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The database URL points elsewhere",
        title_ru="URL базы указывает не туда",
        summary="Host/port/db name in DATABASE_URL is wrong.",
        recognised_by=(
            "configured target != known server address; local probe of the real server ok; 3D000 (db "
            "missing), gaierror (name) or refused (port); config diff at start time."
        ),
        confusable_with=(
            "pg-server-down",
            "dns-name-not-found",
            "db-password-wrong",
        ),
        causes=(
            # The URL that we were given may be another one, and right.
            Edge(effect="db-unreachable", probability=0.5),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["db-url-wrong-host-or-port"],
        prior=3.0,
        remedies=(
            Remedy(
                id="db-url-wrong-host-or-port/1",
                title="Fix URL",
                plan=("Fix URL",),
                action="set-config-value",
            ),
        ),
        verification="select 1 ok",
        prevention="A connection test with the new URL as a step of the deploy before traffic is switched.",
    ),
    Mechanism(
        id="allowed-hosts-or-cors-misconfigured",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="Allowed hosts or CORS are wrong",
        title_ru="Неверные ALLOWED_HOSTS или CORS",
        summary="ALLOWED_HOSTS/CORS/CSRF trusted origins lack the new domain.",
        recognised_by=(
            "400 DisallowedHost / missing Access-Control-Allow-Origin only for one Host/Origin; curl with "
            "old Host ok; no app exception otherwise."
        ),
        confusable_with=(
            "payload-validation-mismatch",
            "bad-deploy-code-regression",
        ),
        causes=(Edge(effect="requests-fail", probability=0.5),),
        detect=DETECTORS["allowed-hosts-or-cors-misconfigured"],
        prior=3.0,
        remedies=(
            Remedy(
                id="allowed-hosts-or-cors-misconfigured/1",
                title="Add host/origin",
                plan=("Add host/origin",),
            ),
        ),
        verification="200",
        prevention="An end-to-end test with the real host name and origin in each environment.",
    ),
    Mechanism(
        id="log-level-debug-flood",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="Debug logging floods the system",
        title_ru="Отладочное логирование перегружает систему",
        summary="DEBUG/echo=True in production: massive log IO and CPU.",
        recognised_by=(
            "log bytes/s > 10x baseline, lines are SQL echo/DEBUG; CPU in logging frames (py-spy); config "
            "diff; disk write by our pid."
        ),
        confusable_with=("disk-full-app-volume",),
        causes=(Edge(effect="requests-slow", probability=0.4),),
        prior=2.0,
        remedies=(
            Remedy(
                id="log-level-debug-flood/1",
                title="Restore level",
                plan=("Restore level",),
                action="set-config-value",
            ),
        ),
        verification="bytes/s back",
        prevention="The level set by environment with INFO as the production default, and an alert on log volume.",
    ),
    Mechanism(
        id="ca-bundle-path-missing",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The CA bundle does not exist",
        title_ru="Файл доверенных сертификатов отсутствует",
        summary="REQUESTS_CA_BUNDLE/verify path does not exist.",
        recognised_by="OSError before any network; path in env missing; unset works.",
        confusable_with=(
            "tls-unknown-ca",
            "env-value-malformed",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="crash-loop-on-boot", probability=0.3),
            Edge(effect="app-process-down", probability=0.3),
            Edge(effect="service-down", probability=0.3),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="ca-bundle-path-missing/1",
                title="Fix path",
                plan=("Fix path",),
            ),
        ),
        verification="200",
        prevention="ca-certificates installed in the image and one test call over TLS in its build.",
    ),
    Mechanism(
        id="wrong-async-driver-url",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The URL names the wrong driver",
        title_ru="URL указывает неверный драйвер",
        summary="Sync driver in async engine or wrong dialect name.",
        recognised_by="InvalidRequestError at create_async_engine; URL scheme; no network.",
        confusable_with=(
            "env-value-malformed",
            "module-missing",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.5),
            Edge(effect="service-down", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="wrong-async-driver-url/1",
                title="postgresql+asyncpg",
                plan=("postgresql+asyncpg",),
            ),
        ),
        verification="boot ok",
        prevention="The URL validated at start: its driver must be the one that the engine needs.",
    ),
    Mechanism(
        id="wrong-base-url-or-path",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The partner's base URL is wrong",
        title_ru="Неверный базовый URL партнёра",
        summary="Base URL/path of partner wrong (missing scheme, /v1 twice, sandbox host).",
        recognised_by=(
            "configured URL differs from last good; 404 from the right host or "
            "MissingSchema/UnsupportedProtocol locally; provider docs path 200."
        ),
        confusable_with=(
            "external-endpoint-removed",
            "dns-name-not-found",
            "tls-plain-http-mismatch",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["wrong-base-url-or-path"],
        prior=3.0,
        remedies=(
            Remedy(
                id="wrong-base-url-or-path/1",
                title="Fix URL",
                plan=("Fix URL",),
                action="set-config-value",
            ),
        ),
        verification="200",
        prevention="A smoke test against each partner's health or version endpoint at deploy.",
    ),
    Mechanism(
        id="worker-count-too-low",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.APP_RUNTIME,
        title="There are too few workers",
        title_ru="Слишком мало воркеров",
        summary="WEB_CONCURRENCY/threads reduced (1 worker).",
        recognised_by=(
            "workers fewer than before/cores; each busy 100 % of time with normal request duration; backlog; "
            "CPU of host < 60 %."
        ),
        confusable_with=(
            "traffic-spike-over-capacity",
            "sync-workers-held-by-slow-clients",
        ),
        causes=(
            Edge(effect="workers-busy", probability=0.8),
            Edge(effect="requests-slow", probability=0.8),
        ),
        detect=DETECTORS["worker-count-too-low"],
        prior=2.0,
        remedies=(
            Remedy(
                id="worker-count-too-low/1",
                title="Restore",
                plan=("Restore",),
                action="set-config-value",
            ),
        ),
        verification="queue time ~0",
        prevention="Workers sized by a load test at twice the usual peak, and queueing time as a metric.",
    ),
    Mechanism(
        id="celery-time-limit-kills-task",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CACHE_QUEUE,
        title="A task exceeds its time limit",
        title_ru="Задача превышает лимит времени",
        summary="Task exceeds hard/soft time limit.",
        recognised_by="TimeLimitExceeded(N)/SoftTimeLimitExceeded with N = configured; duration = limit.",
        confusable_with=("celery-worker-lost",),
        causes=(
            Edge(effect="jobs-stall", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="celery-time-limit-kills-task/1",
                title="Let the task be shorter, or its limit longer",
                plan=(
                    "Find what made it longer: data, a slow query, a slow service",
                    "split it into pieces that each end in seconds",
                    "raise time_limit for this task only, soft_time_limit a little below",
                    "clean up on SoftTimeLimitExceeded",
                ),
            ),
        ),
        verification="ok",
        prevention="Task time on the dashboard against its limit, and long tasks split into resumable parts.",
    ),
    Mechanism(
        id="wrong-environment-mixed-up",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The service uses another environment's database or keys",
        title_ru="Сервис использует базу или ключи другого окружения",
        summary=(
            "Production runs with staging's URL, keys or bucket (or the reverse): everything answers, with "
            "the wrong data."
        ),
        recognised_by=(
            "Data or users are missing although the database is healthy; current_database(), host or key "
            "prefix (test keys in production) differ from what the environment should have; began with a "
            "change of variables; the other environment shows our writes."
        ),
        confusable_with=(
            "db-url-wrong-host-or-port",
            "env-value-malformed",
            "migration-missing-table",
            "config-change-bad-value",
        ),
        causes=(
            Edge(effect="wrong-data", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="wrong-environment-mixed-up/1",
                title="Correct the values, then repair what was written",
                plan=(
                    "Stop writers first",
                    "compare names and digests of variables with the environment's source",
                    "correct and restart",
                    "list what was written to the wrong place since the change and move it",
                ),
            ),
        ),
        verification="the service prints the environment's name and reads a marker row of it",
        prevention=(
            "Distinct credentials for each environment that the others' databases refuse, and a check of the "
            "environment's name at start."
        ),
    ),
    Mechanism(
        id="config-file-invalid",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="A configuration file cannot be read",
        title_ru="Файл конфигурации не читается",
        summary=(
            "YAML, TOML, INI or JSON of the configuration has a syntax error or a wrong type, so the service "
            "does not start or falls back to defaults."
        ),
        recognised_by=(
            "yaml.scanner.ScannerError, TOMLDecodeError, configparser.ParsingError, nginx: [emerg], with "
            "file and line; at start or reload; the file changed just before."
        ),
        confusable_with=(
            "env-value-malformed",
            "config-change-bad-value",
            "file-or-template-missing",
            "crash-loop-on-boot",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.6),
            Edge(effect="crash-loop-on-boot", probability=0.5),
            Edge(effect="service-down", probability=0.7),
            Edge(effect="requests-fail", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="config-file-invalid/1",
                title="Correct the named line",
                plan=(
                    "Go to file and line of the message (tabs, quotes, colons)",
                    "validate (nginx -t, python -m tomllib, yamllint)",
                    "take the last good version when unsure",
                    "restart",
                ),
            ),
        ),
        verification="the service starts and logs the values it read",
        prevention="A syntax check and a dry start with each changed configuration before it is shipped.",
    ),
    Mechanism(
        id="reverse-proxy-limits-too-low",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="A limit of the reverse proxy is too low",
        title_ru="Лимит обратного прокси слишком мал",
        summary=(
            "nginx, ingress or the balancer refuses what the application would serve: body size, header "
            "size, read timeout, connections."
        ),
        recognised_by=(
            "413 Request Entity Too Large, 414, 431, 400 Request Header Or Cookie Too Large, upstream sent "
            "too big header, 504 at exactly 60 s written by the proxy (its page, its log); the application "
            "never saw or would still answer the request."
        ),
        confusable_with=(
            "request-body-too-large-for-worker",
            "gunicorn-worker-timeout",
            "external-api-slow",
        ),
        causes=(Edge(effect="requests-fail", probability=0.7),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="reverse-proxy-limits-too-low/1",
                title="Raise the one limit that is named",
                plan=(
                    "Read the proxy's error log",
                    (
                        "client_max_body_size, large_client_header_buffers, proxy_buffer_size, "
                        "proxy_read_timeout, worker_connections"
                    ),
                    "keep it above the application's own limit",
                    "find why cookies or answers grew",
                ),
            ),
        ),
        verification="the largest permitted request passes the proxy",
        prevention="Limits of proxy and application kept together and tested with the largest permitted request.",
    ),
    Mechanism(
        id="ssl-redirect-or-proxy-header-loop",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="Redirects go round in a circle",
        title_ru="Бесконечные перенаправления",
        summary=(
            "The application behind a TLS proxy does not know that the request was https, and redirects or "
            "builds http addresses."
        ),
        recognised_by=(
            "ERR_TOO_MANY_REDIRECTS, 301 to the same https address, mixed content, CSRF Origin checking "
            "failed; a direct request with X-Forwarded-Proto: https is fine; began with a new proxy or "
            "SECURE_SSL_REDIRECT."
        ),
        confusable_with=(
            "allowed-hosts-or-cors-misconfigured",
            "oauth-redirect-uri-mismatch",
        ),
        causes=(Edge(effect="requests-fail", probability=0.8),),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="ssl-redirect-or-proxy-header-loop/1",
                title="Pass the scheme, and trust the proxy",
                plan=(
                    "proxy_set_header X-Forwarded-Proto $scheme",
                    "SECURE_PROXY_SSL_HEADER, ProxyFix, uvicorn --proxy-headers --forwarded-allow-ips=<proxy>",
                    "redirect in one place only",
                    "CDN in full (strict) TLS mode",
                ),
            ),
        ),
        verification="curl -IL ends in 200 after one redirect at most",
        prevention="An end-to-end test through the real proxy that follows at most one redirect.",
    ),
    Mechanism(
        id="timezone-setting-wrong",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The time zone is set wrong",
        title_ru="Неверно задан часовой пояс",
        summary=(
            "Server, session, container or code use different time zones, so times are shifted by whole "
            "hours, or jobs run at the wrong hour."
        ),
        recognised_by=(
            "Differences of exactly whole (or half) hours; the clock itself is right in UTC; TZ, timezone of "
            "PostgreSQL or tzdata differ between environments; since a change of image or of daylight saving "
            "time; ZoneInfoNotFoundError without tzdata."
        ),
        confusable_with=(
            "host-clock-skew",
            "naive-aware-datetime-mix",
            "wrong-calculation-bug",
        ),
        causes=(
            Edge(effect="wrong-data", probability=0.8),
            Edge(effect="jobs-stall", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="timezone-setting-wrong/1",
                title="UTC inside, local time only for people",
                plan=(
                    "timestamptz and datetime.now(UTC) everywhere",
                    "SET TIME ZONE and TZ to UTC in every image",
                    "convert with the user's ZoneInfo at the edge; install tzdata",
                    "correct stored values after the rule is clear",
                ),
            ),
        ),
        verification="a known moment is shown alike by database, code and page",
        prevention="UTC in all images and a linter rule against naive datetimes, with tests on days of clock change.",
    ),
    Mechanism(
        id="cloud-storage-bucket-missing",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The bucket or container does not exist",
        title_ru="Бакет или контейнер не существует",
        summary=(
            "The object storage bucket named by the settings does not exist, is in another region or "
            "account, or was deleted."
        ),
        recognised_by=(
            "NoSuchBucket, 404 The specified bucket does not exist, PermanentRedirect / "
            "AuthorizationHeaderMalformed with another region, ContainerNotFound; credentials are valid "
            "(ListBuckets or STS works); all keys fail, not one (NoSuchKey)."
        ),
        confusable_with=(
            "api-permission-missing",
            "wrong-environment-mixed-up",
            "wrong-base-url-or-path",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cloud-storage-bucket-missing/1",
                title="Point to the bucket, or create it",
                plan=(
                    "Compare name, region and endpoint with the provider's console",
                    "correct the variable",
                    "create it from code with the same policy and lifecycle",
                    "restore from versioning or backup when it was deleted",
                ),
            ),
        ),
        verification="an object can be written and read",
        prevention="Buckets made by code with deletion protection, and a check of each at start.",
    ),
    Mechanism(
        id="telegram-webhook-misconfigured",
        kind=Kind.CAUSE,
        layer=Layer.CONFIGURATION,
        category=Category.CONFIG_DEPLOY,
        title="The Telegram webhook is set wrong",
        title_ru="Вебхук Telegram настроен неверно",
        summary="The webhook's address, certificate, port or secret is wrong, so Telegram cannot deliver updates.",
        recognised_by=(
            "getWebhookInfo shows last_error_message and a growing pending_update_count, or another url; "
            "getMe is 200; no updates arrive; bad webhook: HTTPS url must be provided / IP address is "
            "reserved; ports other than 443, 80, 88, 8443."
        ),
        confusable_with=(
            "telegram-getupdates-conflict",
            "telegram-token-revoked",
            "webhook-secret-mismatch",
            "tls-cert-expired",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.8),
            Edge(effect="requests-fail", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="telegram-webhook-misconfigured/1",
                title="Set the webhook again and look at its state",
                plan=(
                    "getWebhookInfo",
                    "setWebhook with the right url and secret_token",
                    "full certificate chain, port 443",
                    "answer 200 fast and work in the background",
                    "deleteWebhook where polling is wanted",
                ),
            ),
        ),
        verification="last_error_date is old and pending_update_count near 0",
        prevention="setWebhook as a step of the deploy, and pending_update_count in monitoring.",
    ),
)
