"""Causes in the layer code."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="event-loop-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="An object of one event loop is used in another",
        title_ru="Объект одного цикла событий используется в другом",
        summary=(
            "A connection/future created in one event loop is used in another (asyncio.run per Celery task, "
            "module-level engine)."
        ),
        recognised_by=(
            'RuntimeError "attached to a different loop" / "Event loop is closed"; stack shows '
            "asyncio.run inside a task; DB healthy; fails on the 2nd use of the pool in a process."
        ),
        confusable_with=(
            "concurrent-session-use",
            "async-lazy-load-missing-greenlet",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="event-loop-mismatch/1",
                title="One loop per process or NullPool",
                plan=("One loop per process or NullPool",),
            ),
        ),
        verification="second run succeeds",
        prevention="One event loop for each process, and clients created inside it, never at import.",
    ),
    Mechanism(
        id="background-task-exception-lost",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="An exception of a background task is lost",
        title_ru="Исключение фоновой задачи теряется",
        summary="create_task result is never awaited; the exception only appears at GC as a log line.",
        recognised_by=(
            'log has "Task exception was never retrieved" or RuntimeWarning "coroutine ... was never '
            'awaited"; HTTP 2xx; side effect missing; queue/SMTP healthy.'
        ),
        confusable_with=("celery-no-worker",),
        causes=(Edge(effect="jobs-stall", probability=0.7),),
        prior=2.0,
        remedies=(
            Remedy(
                id="background-task-exception-lost/1",
                title="Keep reference, add done callback",
                plan=("Keep reference, add done callback",),
            ),
        ),
        verification="side effect visible; no such log",
        prevention="Task groups, or a done callback that logs, and ruff RUF006 in CI.",
    ),
    Mechanism(
        id="transaction-held-during-external-call",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A transaction stays open during an external call",
        title_ru="Транзакция открыта во время внешнего вызова",
        summary=(
            "Code opens a transaction, calls another service inside it, and keeps connection and locks for "
            "as long as that call takes."
        ),
        recognised_by=(
            "Several sessions are idle in transaction for about the duration of the external call and then "
            "go on; their threads stand in the HTTP client."
        ),
        causes=(
            Edge(effect="idle-in-transaction-blocks-writers", probability=0.35),
            Edge(effect="db-pool-exhausted", probability=0.5),
            Edge(effect="db-lock-wait", probability=0.3),
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="hot-row-contention", probability=0.1),
        ),
        detect=DETECTORS["transaction-held-during-external-call"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="transaction-held-during-external-call/1",
                title="Commit before the call, or make the call first",
                plan=(
                    "Commit before the call, or make the call first",
                    "keep transactions short.",
                ),
            ),
        ),
        prevention=(
            "A rule that no external call happens inside a transaction, and an alert on transactions idle "
            "for over a second."
        ),
    ),
    Mechanism(
        id="concurrent-session-use",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="One session is used by several tasks at once",
        title_ru="Одна сессия используется несколькими задачами",
        summary=(
            "One Session/connection is used by several tasks/threads at once (global session, gather on one session)."
        ),
        recognised_by=(
            'InterfaceError / IllegalStateChange / "This session is provisioning a new connection; '
            'concurrent operations are not permitted" (isce); traceback has asyncio.gather or shared '
            "session object; DB healthy; same pid and loop (unlike fork or loop mismatch)."
        ),
        confusable_with=(
            "event-loop-mismatch",
            "session-not-rolled-back",
        ),
        causes=(
            Edge(effect="idle-in-transaction-blocks-writers", probability=0.15),
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="concurrent-session-use/1",
                title="Session per task",
                plan=("Session per task",),
            ),
        ),
        verification="1000 parallel calls pass",
        prevention="One session per task or request by a factory, never a global one, and a test with gather.",
    ),
    Mechanism(
        id="deadlock-app-lock-order",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.DB_LOCKS,
        title="Transactions deadlock",
        title_ru="Взаимные блокировки транзакций",
        summary="Two transactions lock the same rows in opposite order.",
        recognised_by=(
            "SQLSTATE 40P01; pg_stat_database.deadlocks increases; server log shows both statements; no long "
            "waits (killed after deadlock_timeout 1 s). Python-lock deadlock: no DB waits at all."
        ),
        confusable_with=(
            "serialization-failure-no-retry",
            "thread-deadlock-lock-order",
        ),
        causes=(
            Edge(effect="db-lock-wait", probability=0.4),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["deadlock-app-lock-order"],
        prior=3.0,
        remedies=(
            Remedy(
                id="deadlock-app-lock-order/1",
                title="Consistent ordering / SELECT ... FOR UPDATE ORDER BY",
                plan=("Consistent ordering / SELECT ... FOR UPDATE ORDER BY",),
            ),
        ),
        verification="deadlocks counter flat in a stress run",
        prevention="Rows always locked in the order of their keys, a retry on 40P01, and log_lock_waits on.",
    ),
    Mechanism(
        id="serialization-failure-no-retry",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.DB_LOCKS,
        title="Serialization failures are not retried",
        title_ru="Ошибки сериализации не повторяются",
        summary="REPEATABLE READ/SERIALIZABLE conflicts are not retried.",
        recognised_by=(
            "SQLSTATE 40001, isolation level setting is not read committed; instant error (no wait); rate "
            "grows with concurrency; server healthy."
        ),
        confusable_with=("deadlock-app-lock-order",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="serialization-failure-no-retry/1",
                title="Retry loop",
                plan=("Retry loop",),
            ),
        ),
        verification="stress run without user-visible 40001",
        prevention=(
            "One helper that runs a transaction and retries 40001 and 40P01, used everywhere at this isolation level."
        ),
    ),
    Mechanism(
        id="skip-nowait-lock-conflict",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.DB_LOCKS,
        title="A NOWAIT conflict is not handled",
        title_ru="Конфликт NOWAIT не обработан",
        summary="Code uses FOR UPDATE NOWAIT and does not handle the conflict.",
        recognised_by=(
            'message says "could not obtain lock on row" (not "lock timeout"), immediate; query has '
            "NOWAIT; lock_timeout 0."
        ),
        confusable_with=(
            "lock-timeout-too-low",
            "idle-in-transaction-blocks-writers",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="skip-nowait-lock-conflict/1",
                title="Handle and answer 409 / SKIP LOCKED",
                plan=("Handle and answer 409 / SKIP LOCKED",),
            ),
        ),
        verification="double submit gives 409 not 500",
        prevention="LockNotAvailable answered as 409 or retried from the first day, with a test of two sessions.",
    ),
    Mechanism(
        id="n-plus-one-queries",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="One query is run for each row (N+1)",
        title_ru="Запрос на каждую строку (N+1)",
        summary="ORM lazy-loads one query per row.",
        recognised_by=(
            "queries per request > 50 with the same normalised statement; pg_stat_statements: huge calls, "
            "tiny mean (0.02 ms); time spent in Python/roundtrips, DB CPU low; selectinload reduces queries "
            "to 2."
        ),
        confusable_with=(
            "missing-index-seq-scan",
            "external-api-slow",
            "eventloop-blocked-sync-io",
        ),
        causes=(Edge(effect="requests-slow", probability=0.8),),
        detect=DETECTORS["n-plus-one-queries"],
        prior=3.0,
        remedies=(
            Remedy(
                id="n-plus-one-queries/1",
                title="selectinload/joinedload",
                plan=("selectinload/joinedload",),
            ),
        ),
        verification="queries per request constant",
        prevention="A bound on the number of statements per request in tests, and raiseload on relations in lists.",
    ),
    Mechanism(
        id="deep-offset-pagination",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Pages are skipped by a deep OFFSET",
        title_ru="Глубокая пагинация через OFFSET",
        summary="OFFSET grows; server reads and discards all earlier rows.",
        recognised_by=(
            "same statement, latency proportional to offset parameter; EXPLAIN Limit over scan with actual "
            "rows = offset+limit; only crawlers/exports affected."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.8),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["deep-offset-pagination"],
        prior=2.0,
        remedies=(
            Remedy(
                id="deep-offset-pagination/1",
                title="Keyset pagination",
                plan=("Keyset pagination",),
            ),
        ),
        verification="latency flat for deep pages",
        prevention="Keyset pagination for every list without a small bound, and a limit on page numbers.",
    ),
    Mechanism(
        id="own-bug-bad-request-payload",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Our request to the service is invalid",
        title_ru="Наш запрос к сервису неверен",
        summary="Our request is invalid (400/422 from partner) after a code change.",
        recognised_by=(
            "4xx with validation body naming our field; replay of an OLD payload succeeds; starts at deploy; "
            "provider healthy."
        ),
        confusable_with=(
            "external-response-schema-changed",
            "external-endpoint-removed",
            "bad-deploy-code-regression",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.7),
            Edge(effect="requests-fail", probability=0.6),
        ),
        detect=DETECTORS["own-bug-bad-request-payload"],
        prior=2.0,
        remedies=(
            Remedy(
                id="own-bug-bad-request-payload/1",
                title="Fix payload",
                plan=("Fix payload",),
            ),
        ),
        verification="replay 200",
        prevention="A contract test against the provider's schema or sandbox for each call.",
    ),
    Mechanism(
        id="none-attribute-error",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Code meets None where it expects an object",
        title_ru="Код встречает None вместо объекта",
        summary="Code assumes an object/field that can be None.",
        recognised_by=(
            "traceback in our code; input has the null; deterministic per entity; dependencies healthy; "
            "began with deploy or with that data."
        ),
        confusable_with=(
            "external-response-schema-changed",
            "bad-upstream-null",
            "bad-deploy-code-regression",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="none-attribute-error/1",
                title="Handle None",
                plan=("Handle None",),
            ),
        ),
        verification="entity ok",
        prevention="mypy --strict with Optional in the models, and tests for the case that nothing is found.",
    ),
    Mechanism(
        id="lazy-load-after-session-close",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="An ORM attribute is loaded after its session was closed",
        title_ru="ORM-атрибут читается после закрытия сессии",
        summary="ORM attribute accessed after the session was closed.",
        recognised_by="traceback in ORM loading outside session scope; DB healthy; always same attribute.",
        confusable_with=(
            "async-lazy-load-missing-greenlet",
            "session-not-rolled-back",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="lazy-load-after-session-close/1",
                title="eager load / expire_on_commit=False",
                plan=("eager load / expire_on_commit=False",),
            ),
        ),
        verification="ok",
        prevention='Relations loaded explicitly (selectinload), lazy="raise", and responses built inside the session.',
    ),
    Mechanism(
        id="async-lazy-load-missing-greenlet",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A lazy load happens in async code",
        title_ru="Ленивая загрузка в асинхронном коде",
        summary="Lazy load / expired attribute in AsyncSession.",
        recognised_by="MissingGreenlet xd2s at attribute access; loop ok; after commit with expire_on_commit.",
        confusable_with=(
            "lazy-load-after-session-close",
            "event-loop-mismatch",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="async-lazy-load-missing-greenlet/1",
                title="selectinload / expire_on_commit=False",
                plan=("selectinload / expire_on_commit=False",),
            ),
        ),
        verification="ok",
        prevention='Relations with lazy="raise" and expire_on_commit=False in async code.',
    ),
    Mechanism(
        id="session-not-rolled-back",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A session is used after an error without rollback",
        title_ru="Сессия используется после ошибки без отката",
        summary="After an error the same session/connection is reused without rollback.",
        recognised_by=(
            "25P02 or PendingRollbackError on innocent SQL; the FIRST error in the same session (original "
            "exception text) is the trigger; shared/global session."
        ),
        confusable_with=(
            "concurrent-session-use",
            "duplicate-client-submission",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="session-not-rolled-back/1",
                title="rollback in except",
                plan=("rollback in except",),
            ),
        ),
        verification="next request ok",
        prevention="Sessions only by a context manager that rolls back on any exception.",
    ),
    Mechanism(
        id="infinite-loop-request",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A request burns the CPU without end",
        title_ru="Запрос бесконечно занимает процессор",
        summary="A request enters an endless loop.",
        recognised_by=(
            "one thread of our pid active+gil in the same app lines in dumps 10 s apart; CPU 1 core; starts "
            "with one request; no DB/external wait."
        ),
        confusable_with=("host-cpu-saturated-by-neighbour",),
        causes=(
            Edge(effect="requests-slow", probability=0.85),
            Edge(effect="cpu-starved", probability=0.2),
            Edge(effect="event-loop-blocked", probability=0.4),
        ),
        detect=DETECTORS["infinite-loop-request"],
        prior=2.0,
        remedies=(
            Remedy(
                id="infinite-loop-request/1",
                title="Fix loop",
                plan=("Fix loop",),
            ),
        ),
        verification="returns",
        prevention=(
            "A deadline for each request, bounds on input sizes, and no regular expressions with nested repetition."
        ),
    ),
    Mechanism(
        id="retry-without-backoff-amplification",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Retries without backoff multiply the load",
        title_ru="Повторы без задержки умножают нагрузку",
        summary="Tight retry loop multiplies traffic to a failing dependency.",
        recognised_by=(
            "outbound calls per user request > 3 and rising only while dependency fails; no sleep between "
            "(timestamps ms apart); inbound traffic flat."
        ),
        confusable_with=(
            "traffic-spike-over-capacity",
            "external-api-rate-limited",
            "external-api-5xx",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="external-call-fails", probability=0.6),
            # A service that stumbles is kept down by those who ask again at once.
            Edge(effect="external-api-5xx", probability=0.4),
            Edge(effect="external-api-rate-limited", probability=0.3),
        ),
        detect=DETECTORS["retry-without-backoff-amplification"],
        prior=2.0,
        remedies=(
            Remedy(
                id="retry-without-backoff-amplification/1",
                title="Backoff+jitter+budget",
                plan=("Backoff+jitter+budget",),
            ),
        ),
        verification="ratio < 1.2 during failure",
        prevention="One retry helper with exponential backoff, jitter and a retry budget, at one layer only.",
    ),
    Mechanism(
        id="response-model-validation-error",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A handler breaks its own response model",
        title_ru="Обработчик нарушает модель ответа",
        summary="Handler returns data violating its response model.",
        recognised_by="FastAPI ResponseValidationError with loc response.*; DB row has null/other type; request valid.",
        confusable_with=(
            "payload-validation-mismatch",
            "bad-upstream-null",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="response-model-validation-error/1",
                title="Optional / fix data",
                plan=("Optional / fix data",),
            ),
        ),
        verification="200",
        prevention="A test for each endpoint with rows as old and as empty as production's.",
    ),
    Mechanism(
        id="recursion-error",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Recursion has no end",
        title_ru="Бесконечная рекурсия",
        summary="Unbounded recursion on cyclic data.",
        recognised_by="RecursionError with repeating frames; data has a cycle.",
        confusable_with=("infinite-loop-request",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="recursion-error/1",
                title="Guard / fix data",
                plan=("Guard / fix data",),
            ),
        ),
        verification="ok",
        prevention="A bound on depth, and tests with cyclic data.",
    ),
    Mechanism(
        id="sync-orm-in-async-context",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="The synchronous ORM is called in async code",
        title_ru="Синхронный ORM вызван в асинхронном коде",
        summary="Django ORM called in async view.",
        recognised_by="SynchronousOnlyOperation traceback; DB fine.",
        confusable_with=(
            "async-lazy-load-missing-greenlet",
            "eventloop-blocked-sync-io",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="sync-orm-in-async-context/1",
                title="Use the async API of the ORM, or a thread",
                plan=(
                    "select_related what the view reads: a lazy relation is a query",
                    "aget, acount, async for; sync_to_async for the rest",
                    "or make the view synchronous",
                ),
            ),
        ),
        verification="ok",
        prevention="One style of ORM access per code base, and a test that runs each handler in its real loop.",
    ),
    Mechanism(
        id="orm-driver-misuse",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="An unsupported object is passed to the database",
        title_ru="В запрос передан неподдерживаемый объект",
        summary="Unsupported Python object passed as SQL parameter (dict, numpy, datetime with tz).",
        recognised_by="ProgrammingError can't adapt / asyncpg DataError naive-aware; traceback at execute; DB healthy.",
        confusable_with=(
            "column-type-mismatch",
            "naive-aware-datetime-mix",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="orm-driver-misuse/1",
                title="Json()/convert",
                plan=("Json()/convert",),
            ),
        ),
        verification="ok",
        prevention="Models and parameters with types that mypy checks, and integration tests on the real driver.",
    ),
    Mechanism(
        id="circular-import",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CONFIG_DEPLOY,
        title="Modules import each other",
        title_ru="Модули импортируют друг друга",
        summary="Two of our modules import each other.",
        recognised_by='ImportError "partially initialized module"; both paths ours; deploy diff touches imports.',
        confusable_with=("package-api-removed",),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.7),
            Edge(effect="service-down", probability=0.8),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="circular-import/1",
                title="Break cycle",
                plan=("Break cycle",),
            ),
        ),
        verification="ok",
        prevention="import-linter contracts in CI, and a test that imports every module alone.",
    ),
    Mechanism(
        id="naive-aware-datetime-mix",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Naive and aware datetimes are mixed",
        title_ru="Смешаны наивные и зонированные даты",
        summary="Naive and aware datetimes compared/stored.",
        recognised_by="TypeError in our code; DB timestamptz vs naive now().",
        confusable_with=("orm-driver-misuse",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="naive-aware-datetime-mix/1",
                title="Use aware",
                plan=("Use aware",),
            ),
        ),
        verification="ok",
        prevention="Aware UTC datetimes everywhere, held by ruff's DTZ rules and timestamptz columns.",
    ),
    Mechanism(
        id="attribute-or-type-bug",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Code uses a value of the wrong type",
        title_ru="Код использует значение не того типа",
        summary="A bug: an attribute, argument or operation does not exist for the object at hand.",
        recognised_by=(
            "AttributeError or TypeError in our own frame (not 'NoneType'), NameError, UnboundLocalError; "
            "deterministic for an input; new with a release; dependencies and data unchanged."
        ),
        confusable_with=(
            "none-attribute-error",
            "package-api-removed",
            "bad-deploy-code-regression",
            "key-error-own-data",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="attribute-or-type-bug/1",
                title="Correct the named line",
                plan=(
                    "Go to the innermost frame of our own",
                    "reproduce with that input in a test",
                    "correct",
                    "roll back first when it came with a deploy",
                ),
            ),
        ),
        verification="the test passes and the traceback stays away",
        prevention="mypy --strict in CI, and a test for the branch.",
    ),
    Mechanism(
        id="key-error-own-data",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Code expects a key or item that is not there",
        title_ru="Код ожидает отсутствующий ключ или элемент",
        summary="A dictionary, list or configuration in our own code lacks the key or index that is used.",
        recognised_by=(
            "KeyError or IndexError in our own frame on our own data (session, cache, mapping, empty list), "
            "not in the parser of a partner's answer and not os.environ; certain inputs or states only."
        ),
        confusable_with=(
            "external-response-schema-changed",
            "env-var-missing",
            "none-attribute-error",
            "payload-validation-mismatch",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=3.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="key-error-own-data/1",
                title="Handle the missing case on purpose",
                plan=(
                    "Find which state lacks the key",
                    "decide: default, 404 or repair of the data",
                    "typed models instead of dictionaries",
                    "a test for the empty case",
                ),
            ),
        ),
        verification="the input that failed is answered",
        prevention="Typed models at the edges instead of dictionaries, and tests with empty collections.",
    ),
    Mechanism(
        id="commit-missing",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Changes are never committed",
        title_ru="Изменения не фиксируются",
        summary=(
            "Code writes and returns success without commit (or the commit is in a branch not taken), so the "
            "change is rolled back."
        ),
        recognised_by=(
            "2xx answers and no row; no error anywhere; rollback rate or sequence gaps rise while inserts "
            "are logged (sequence ahead of max id); visible inside the same session only."
        ),
        confusable_with=(
            "background-task-exception-lost",
            "replica-lag-stale-reads",
            "cache-stale-after-update",
        ),
        causes=(Edge(effect="wrong-data", probability=0.85),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="commit-missing/1",
                title="Commit in one place",
                plan=(
                    "engine.begin() or session.begin() as the unit of work",
                    "look for early returns and swallowed exceptions before commit",
                    "autocommit off in raw drivers: connection.commit()",
                    "test by reading in another session",
                ),
            ),
        ),
        verification="a row written by the request is visible in another session",
        prevention="One unit-of-work helper, and tests that read back in a new session.",
    ),
    Mechanism(
        id="json-serialisation-bug",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="An answer cannot be written as JSON",
        title_ru="Ответ не сериализуется в JSON",
        summary=(
            "The handler returns a type that the JSON encoder does not know (datetime, Decimal, ORM object, "
            "set) or NaN."
        ),
        recognised_by=(
            "TypeError Object of type … is not JSON serializable, ValueError Out of range float values are "
            "not JSON compliant, circular reference; raised after the handler's work is done; one endpoint "
            "or certain values."
        ),
        confusable_with=(
            "response-model-validation-error",
            "recursion-error",
            "task-serialisation-error",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="json-serialisation-bug/1",
                title="Return a model that can be written",
                plan=(
                    "Declare a response model, or jsonable_encoder / model_dump(mode='json')",
                    "decide how Decimal and datetime are written",
                    "NaN to null before it leaves",
                ),
            ),
        ),
        verification="the endpoint answers 200 with valid JSON",
        prevention="Response models on all endpoints, and tests that read the real bytes.",
    ),
    Mechanism(
        id="race-condition-check-then-act",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Two requests pass the same check at once",
        title_ru="Два запроса одновременно проходят одну проверку",
        summary=(
            "Code checks and then acts without a lock or constraint (double booking, get-or-create, "
            "balance), so concurrent requests both succeed or collide."
        ),
        recognised_by=(
            "Doubled rows or negative balances with timestamps milliseconds apart, or 23505 now and then "
            "only under concurrency; SELECT then INSERT/UPDATE in separate steps; retry succeeds; not "
            "reproducible alone."
        ),
        confusable_with=(
            "duplicate-client-submission",
            "optimistic-lock-conflict",
            "scheduled-task-duplicated",
        ),
        causes=(
            Edge(effect="wrong-data", probability=0.7),
            Edge(effect="requests-fail", probability=0.3),
            Edge(effect="db-statement-rejected", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="race-condition-check-then-act/1",
                title="Let the database decide",
                plan=(
                    "A unique or exclusion constraint",
                    "INSERT … ON CONFLICT, UPDATE … WHERE balance >= x, SELECT … FOR UPDATE",
                    "idempotency key for requests",
                    "repair the doubled data",
                ),
            ),
        ),
        verification="a parallel test of 100 requests leaves one row",
        prevention="Invariants as constraints in the database, with a concurrency test for each.",
    ),
    Mechanism(
        id="await-missing-or-misused",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A coroutine is not awaited, or something else is",
        title_ru="Корутина не ожидается (await)",
        summary=(
            "await is missing (a coroutine object is used as the value) or is applied to something that is "
            "not awaitable."
        ),
        recognised_by=(
            "RuntimeWarning coroutine '…' was never awaited, 'coroutine' object has no attribute / is not "
            "iterable / is not subscriptable, object … can't be used in 'await' expression; every call of "
            "the path; code just changed between sync and async."
        ),
        confusable_with=(
            "background-task-exception-lost",
            "event-loop-mismatch",
            "sync-orm-in-async-context",
            "attribute-or-type-bug",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.85),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="wrong-data", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="await-missing-or-misused/1",
                title="Await where the call is made",
                plan=(
                    "Add or remove await at the named line",
                    "look at decorators and mocks that hide async",
                    "mypy (unused-coroutine) and ruff ASYNC/RUF006",
                ),
            ),
        ),
        verification="no RuntimeWarning and the path answers",
        prevention="Type checking with unused-coroutine on, and RuntimeWarnings as errors in tests.",
    ),
    Mechanism(
        id="float-money-rounding",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="Money is calculated with floats",
        title_ru="Деньги считаются во float",
        summary="Amounts are floats, so sums differ by cents and comparisons fail.",
        recognised_by=(
            "Differences of 0.01 or values like 19.989999999999998; columns double precision or Python "
            "floats in the path; grows with the number of items; no error, or a checksum mismatch with a "
            "payment provider."
        ),
        confusable_with=(
            "wrong-calculation-bug",
            "numeric-overflow-input",
        ),
        causes=(Edge(effect="wrong-data", probability=0.8),),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="float-money-rounding/1",
                title="Decimal or integer cents",
                plan=(
                    "numeric(12,2) and Decimal(str) end to end",
                    "one rounding rule, at one place (ROUND_HALF_EVEN or as the law says)",
                    "correct stored totals by a script under review",
                ),
            ),
        ),
        verification="sums agree to the cent on last month's data",
        prevention="A Money type and a property test that sums of parts equal the total.",
    ),
    Mechanism(
        id="url-route-or-reverse-bug",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A route or link is wrong",
        title_ru="Неверный маршрут или ссылка",
        summary="A path is not registered, shadowed by another one, or a link is built from a wrong name.",
        recognised_by=(
            "404 or 405 from our own framework for a path that clients use, NoReverseMatch, werkzeug "
            "BuildError, NoMatchFound; since a deploy that renamed or reordered routes; other routes work; "
            "partner's paths are not concerned."
        ),
        confusable_with=(
            "wrong-base-url-or-path",
            "stale-client-bundle",
            "reverse-proxy-limits-too-low",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="url-route-or-reverse-bug/1",
                title="Register the path that is used",
                plan=(
                    "List the routes of the running version",
                    "look for prefix, trailing slash, order (/{id} before /me) and method",
                    "keep an alias for renamed paths",
                ),
            ),
        ),
        verification="the path answers as the contract says",
        prevention="A contract test of all public paths, and renamed paths kept as redirects.",
    ),
    Mechanism(
        id="wrong-calculation-bug",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="The code calculates a wrong result",
        title_ru="Код вычисляет неверный результат",
        summary="A rule is implemented wrong (off by one, wrong join, wrong condition), without any error.",
        recognised_by=(
            "Users report wrong numbers; logs, latency and status are normal; reproducible for the input; "
            "the raw rows are right and the result is not; since a release or always."
        ),
        confusable_with=(
            "float-money-rounding",
            "timezone-setting-wrong",
            "cache-stale-after-update",
            "replica-lag-stale-reads",
        ),
        causes=(Edge(effect="wrong-data", probability=0.9),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="wrong-calculation-bug/1",
                title="Reproduce it as a test, then correct",
                plan=(
                    "Take one wrong case and compute it by hand",
                    "write it as a test",
                    "correct, and recompute stored results",
                    "tell users who were concerned",
                ),
            ),
        ),
        verification="the case and its neighbours give the expected result",
        prevention="Examples from the business as tests, and reconciliation queries that run daily.",
    ),
    Mechanism(
        id="sql-syntax-error",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A statement is no valid SQL",
        title_ru="Синтаксическая ошибка в SQL",
        summary=(
            "SQL that the code builds is wrong: a missing comma, a reserved word, an empty IN (), a wrong placeholder."
        ),
        recognised_by=(
            "SQLSTATE 42601 syntax error at or near, 42P18, 42702 ambiguous column, 42803; the same "
            "statement always fails; with f-strings only for certain inputs (a quote: then it is an "
            "injection hole); the schema is complete."
        ),
        confusable_with=(
            "orm-driver-misuse",
            "function-or-extension-missing",
            "migration-not-applied-missing-column",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="sql-syntax-error/1",
                title="Correct the statement, with bound parameters",
                plan=(
                    "Take the statement from the log and run EXPLAIN on it",
                    "bind parameters, never f-strings",
                    "= ANY(:ids) instead of an IN list that may be empty",
                ),
            ),
        ),
        verification="EXPLAIN accepts the statement",
        prevention="Every statement executed once by an integration test, and ruff S608.",
    ),
    Mechanism(
        id="cached-plan-result-type-changed",
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="A prepared statement outlived a schema change",
        title_ru="Подготовленный запрос пережил изменение схемы",
        summary=(
            "A column was added or changed while connections hold prepared statements, so their result type "
            "no longer fits."
        ),
        recognised_by=(
            "SQLSTATE 0A000 cached plan must not change result type, asyncpg InvalidCachedStatementError; "
            "right after a migration, on old connections, once for each connection; gone after a restart; "
            "SELECT *."
        ),
        confusable_with=(
            "pgbouncer-transaction-prepared-statements",
            "migration-not-applied-missing-column",
            "pg-restarted-stale-pool",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.7),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cached-plan-result-type-changed/1",
                title="Renew the connections after the migration",
                plan=(
                    "Restart or recycle the pool (engine.dispose())",
                    "name columns instead of SELECT *",
                    "statement_cache_size=0 or plan_cache_mode where migrations are frequent",
                ),
            ),
        ),
        verification="no 0A000 after the next migration",
        prevention="The pool recycled as the last step of each migration, and no SELECT *.",
    ),
)
