"""Causes in the layer process."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="fd-leak",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="File descriptors leak",
        title_ru="Утечка файловых дескрипторов",
        summary="Each request leaves a socket/file open (client never closed, response not read) until EMFILE.",
        recognised_by=(
            "num_fds rises linearly with request count and never falls; /proc/<pid>/fd dominated by one kind "
            "(ESTABLISHED/CLOSE_WAIT to one host); limit itself is normal (>= 1024). A too-low limit shows a "
            "flat fd count that hits a small ceiling at concurrency peaks."
        ),
        confusable_with=(
            "http-client-pool-exhausted",
            "pids-limit-reached",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="event-loop-blocked", probability=0.3),
            Edge(effect="external-call-fails", probability=0.4),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        detect=DETECTORS["fd-leak"],
        prior=3.0,
        remedies=(
            Remedy(
                id="fd-leak/1",
                title="Close responses / share one client",
                plan=("Close responses / share one client",),
            ),
        ),
        verification="num_fds flat over 1000 requests",
        prevention="Clients and files only in with blocks, and an alert at 70 % of the descriptor limit.",
    ),
    Mechanism(
        id="memory-leak-steady",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Memory leaks",
        title_ru="Утечка памяти",
        summary="Objects accumulate per request (global list, cache without bound, closures) so RSS only grows.",
        recognised_by=(
            "RSS slope > 0 proportional to request count, survives gc.collect() and idle periods; per-worker "
            "age correlates with RSS; no single request causes a jump. Spike: RSS jumps during one request "
            "and partly falls."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "unbounded-asyncio-tasks",
        ),
        causes=(
            Edge(effect="memory-short", probability=0.15),
            Edge(effect="cgroup-memory-oom-kill", probability=0.1),
            Edge(effect="requests-slow", probability=0.1),
            Edge(effect="host-memory-exhausted", probability=0.12),
        ),
        detect=DETECTORS["memory-leak-steady"],
        prior=3.0,
        remedies=(
            Remedy(
                id="memory-leak-steady/1",
                title="Bound the structure / fix reference",
                plan=("Bound the structure / fix reference",),
            ),
        ),
        verification="RSS slope ~0 over 10k requests (memray/tracemalloc diff empty)",
        prevention=(
            "A soak test of an hour in the pipeline with a bound on memory, bounded caches, and max_requests "
            "with jitter."
        ),
    ),
    Mechanism(
        id="gunicorn-worker-timeout",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.UNKNOWN,
        title="Workers exceed their time limit and are killed",
        title_ru="Воркеры превышают лимит времени и убиваются",
        summary="A sync worker spends longer than --timeout in one request (or boot) and the arbiter aborts it.",
        recognised_by=(
            "CRITICAL WORKER TIMEOUT line before the exit; traceback of the abort shows the line the worker "
            "was in (that line decides the deeper cause: sleep/requests/SQL/regex); oom_kill counter flat. "
            "If the aborted frame is in psycopg -> look at DB; in ssl/socket -> external; pure Python -> CPU."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "missing-index-seq-scan",
            "sync-workers-held-by-slow-clients",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="requests-slow", probability=0.7),
            Edge(effect="workers-busy", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.6),  # the abort raises SystemExit where the worker stood
        ),
        detect=DETECTORS["gunicorn-worker-timeout"],
        prior=3.0,
        remedies=(
            Remedy(
                id="gunicorn-worker-timeout/1",
                title="Move the long job to a queue or raise the timeout knowingly",
                plan=("Move the long job to a queue or raise the timeout knowingly",),
            ),
        ),
        verification="No TIMEOUT line in replay",
        prevention="A timeout on every outgoing call and statement that is shorter than the worker's timeout.",
    ),
    Mechanism(
        id="worker-segfault-native",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="A native extension crashes",
        title_ru="Нативное расширение падает",
        summary="Native extension crashes the interpreter (SIGSEGV).",
        recognised_by=(
            'exit signal 11 in arbiter log or uvicorn "Child process [pid] died"; no MemoryError, oom_kill '
            "flat; always the same endpoint; faulthandler/core shows a .so frame."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "gunicorn-worker-timeout",
            "binary-abi-mismatch",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.3),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=1.0,
        remedies=(
            Remedy(
                id="worker-segfault-native/1",
                title="Upgrade/pin the extension",
                plan=("Upgrade/pin the extension",),
            ),
        ),
        verification="replay of the input returns 200; no signal 11 for the run",
        prevention="faulthandler on in production, and native packages upgraded one at a time with their own tests.",
    ),
    Mechanism(
        id="app-process-down",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.UNKNOWN,
        title="The application does not run",
        title_ru="Приложение не запущено",
        summary="The application process is not running / not listening.",
        recognised_by=(
            "no LISTEN socket on the app port, no process with that cmdline; last exit code/log tells why "
            "(if it keeps exiting see crash loop). TCP probe RST immediately, unlike filtered port (timeout)."
        ),
        confusable_with=(
            "crash-loop-on-boot",
            "port-already-in-use",
            "tcp-port-filtered",
        ),
        causes=(
            Edge(effect="service-down", probability=0.98),
            Edge(effect="requests-fail", probability=0.95),
        ),
        detect=DETECTORS["app-process-down"],
        prior=3.0,
        remedies=(
            Remedy(
                id="app-process-down/1",
                title="Start it",
                plan=(
                    "Start it",
                    "fix supervisor",
                ),
            ),
        ),
        verification="LISTEN present, /health 200",
        prevention="A supervisor that restarts it, and a probe from outside every few seconds.",
    ),
    Mechanism(
        id="port-already-in-use",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.CONFIG_DEPLOY,
        title="The port is taken by another process",
        title_ru="Порт занят другим процессом",
        summary="Second instance cannot bind its port (old process still alive or other service).",
        recognised_by=(
            "process exits within seconds with errno 98; the port IS listening, owned by another pid whose "
            "create_time is older; that pid may serve OLD code."
        ),
        confusable_with=(
            "app-process-down",
            "crash-loop-on-boot",
        ),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.8),
            Edge(effect="service-down", probability=0.5),
        ),
        detect=DETECTORS["port-already-in-use"],
        prior=2.0,
        remedies=(
            Remedy(
                id="port-already-in-use/1",
                title="Stop the owner / change port",
                plan=("Stop the owner / change port",),
            ),
        ),
        verification="one owner, new pid serves the new version",
        prevention="One supervisor that owns the service, and a stop that waits until the port is free.",
    ),
    Mechanism(
        id="zombie-children-not-reaped",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Ended children are not reaped",
        title_ru="Завершённые дочерние процессы не собираются",
        summary="Subprocesses are started and never waited for; zombies pile up to the pid limit.",
        recognised_by="children with status zombie under our pid grow per request; CPU/RSS normal.",
        confusable_with=("pids-limit-reached",),
        causes=(
            Edge(effect="requests-fail", probability=0.2),
            Edge(effect="pids-limit-reached", probability=0.5),
        ),
        detect=DETECTORS["zombie-children-not-reaped"],
        prior=1.0,
        remedies=(
            Remedy(
                id="zombie-children-not-reaped/1",
                title="wait()/use run()",
                plan=("wait()/use run()",),
            ),
        ),
        verification="zombie count 0 after 100 requests",
        prevention="subprocess.run or a waited Popen, and an init (tini) as pid 1 of the container.",
    ),
    Mechanism(
        id="gc-or-fork-pause-huge-heap",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Garbage collection of a huge heap pauses the process",
        title_ru="Паузы сборки мусора на огромной куче",
        summary="Full garbage collections over a huge heap pause the process for seconds.",
        recognised_by=(
            "gc.callbacks durations > 500 ms coincide with loop-lag spikes; RSS large but flat; py-spy shows "
            "GC (active+gil) in arbitrary lines; no blocking call in the stack."
        ),
        causes=(Edge(effect="requests-slow", probability=0.6),),
        prior=1.0,
        remedies=(
            Remedy(
                id="gc-or-fork-pause-huge-heap/1",
                title="gc.freeze()/reduce objects",
                plan=("gc.freeze()/reduce objects",),
            ),
        ),
        verification="gc pause < 50 ms",
        prevention="gc.freeze after loading, big data outside of Python objects, and gc pauses as a metric.",
    ),
    Mechanism(
        id="crash-loop-on-boot",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="The process crashes at every start",
        title_ru="Процесс падает при каждом запуске",
        summary="The process raises during import/startup, supervisor restarts it every few seconds.",
        recognised_by=(
            "process create_time always < 30 s old; restart counter rises; log repeats one traceback ending "
            "in the boot error (KeyError/ImportError/ValidationError = deeper cause); port listens only "
            "briefly or never."
        ),
        confusable_with=(
            "app-process-down",
            "cgroup-memory-oom-kill",
            "port-already-in-use",
        ),
        causes=(
            Edge(effect="app-process-down", probability=0.9),
            Edge(effect="service-down", probability=0.9),
        ),
        detect=DETECTORS["crash-loop-on-boot"],
        prior=3.0,
        remedies=(
            Remedy(
                id="crash-loop-on-boot/1",
                title="Fix the boot error named in the traceback",
                plan=("Fix the boot error named in the traceback",),
            ),
        ),
        verification="uptime > 10 min",
        prevention=(
            "The production image started once in CI with production's settings, and a rollout that stops at "
            "the first failed start."
        ),
    ),
    Mechanism(
        id="unbounded-thread-creation",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Threads are created without bound",
        title_ru="Потоки создаются без ограничения",
        summary="Code starts a thread (or ThreadPoolExecutor) per request and never ends it.",
        recognised_by=(
            "num_threads of our pid grows with requests; py-spy lists many identical idle stacks from one "
            "creation site; pids limit normal (> 4k)."
        ),
        confusable_with=(
            "pids-limit-reached",
            "threadpool-exhausted-by-slow-dependency",
            "memory-leak-steady",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.4),
            Edge(effect="requests-slow", probability=0.4),
        ),
        detect=DETECTORS["unbounded-thread-creation"],
        prior=2.0,
        remedies=(
            Remedy(
                id="unbounded-thread-creation/1",
                title="Use one bounded pool",
                plan=("Use one bounded pool",),
            ),
        ),
        verification="num_threads flat",
        prevention="One bounded executor for each purpose, and a gauge of threads.",
    ),
    Mechanism(
        id="eventloop-blocked-sync-io",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="A blocking call stops the event loop",
        title_ru="Блокирующий вызов останавливает цикл событий",
        summary="A blocking call (requests, time.sleep, sync DB driver) runs inside async def, freezing the loop.",
        recognised_by=(
            "loop lag ~ duration of the call; py-spy MainThread idle in socket readinto/sleep BELOW the "
            "coroutine frame; process CPU ~0 %; async /health latency = queue of blocked calls. CPU variant "
            'shows CPU 100 % and "active". Thread-pool exhaustion leaves async /health fast.'
        ),
        confusable_with=(
            "threadpool-exhausted-by-slow-dependency",
            "external-api-slow",
        ),
        causes=(
            Edge(effect="event-loop-blocked", probability=0.97),
            Edge(effect="requests-slow", probability=0.9),
        ),
        detect=DETECTORS["eventloop-blocked-sync-io"],
        prior=3.0,
        remedies=(
            Remedy(
                id="eventloop-blocked-sync-io/1",
                title="await httpx / def endpoint / to_thread",
                plan=("await httpx / def endpoint / to_thread",),
            ),
        ),
        verification="loop lag < 50 ms under same calls",
        prevention="Lag of the event loop as a metric, asyncio debug mode in tests, and ruff's ASYNC rules.",
    ),
    Mechanism(
        id="threadpool-exhausted-by-slow-dependency",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="A slow dependency holds all worker threads",
        title_ru="Медленная зависимость держит все потоки",
        summary="All 40 AnyIO (or WSGI) threads wait for a slow external call; further sync endpoints queue.",
        recognised_by=(
            "exactly 40 worker threads, all with the same blocked frame (external recv); async /health fast, "
            "sync /health slow by the wait; CPU ~0; DB idle. Slow dependency probe confirms TTFB. Pool "
            "exhaustion: threads are in pool _do_get instead."
        ),
        confusable_with=(
            "eventloop-blocked-sync-io",
            "external-api-slow",
            "sync-workers-held-by-slow-clients",
        ),
        causes=(
            Edge(effect="workers-busy", probability=0.95),
            Edge(effect="requests-slow", probability=0.9),
        ),
        detect=DETECTORS["threadpool-exhausted-by-slow-dependency"],
        prior=3.0,
        remedies=(
            Remedy(
                id="threadpool-exhausted-by-slow-dependency/1",
                title="timeouts, bulkhead, async client, bigger limiter",
                plan=("timeouts, bulkhead, async client, bigger limiter",),
            ),
        ),
        verification="sync /health < 50 ms at the same load",
        prevention="A short timeout and a bulkhead (own small pool) for each dependency, with a circuit breaker.",
    ),
    Mechanism(
        id="thread-deadlock-lock-order",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Threads wait for each other",
        title_ru="Взаимная блокировка потоков",
        summary="Two Python locks taken in opposite order by two threads.",
        recognised_by=(
            "py-spy: two threads permanently in lock acquire at the two inverse sites, same stacks in dumps "
            "10 s apart; CPU 0; no DB wait, no sockets."
        ),
        confusable_with=("sqlalchemy-pool-exhausted-by-leak",),
        causes=(
            Edge(effect="requests-slow", probability=0.7),
            Edge(effect="requests-fail", probability=0.4),
        ),
        detect=DETECTORS["thread-deadlock-lock-order"],
        prior=1.0,
        remedies=(
            Remedy(
                id="thread-deadlock-lock-order/1",
                title="Single lock order / RLock",
                plan=("Single lock order / RLock",),
            ),
        ),
        verification="both endpoints answer in parallel 1000x",
        prevention="One documented order of locks, acquire with a timeout, and queues instead of shared locks.",
    ),
    Mechanism(
        id="sync-workers-held-by-slow-clients",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Slow clients hold the workers",
        title_ru="Медленные клиенты держат воркеры",
        summary="gunicorn sync workers are all reading from slow/half-open clients (no buffering proxy).",
        recognised_by=(
            "workers idle in gunicorn unreader.read (request READ, before app code); ss: accepted "
            "connections with no full request, Recv-Q on listen socket > 0; DB and external idle."
        ),
        confusable_with=(
            "threadpool-exhausted-by-slow-dependency",
            "traffic-spike-over-capacity",
        ),
        causes=(
            Edge(effect="workers-busy", probability=0.9),
            Edge(effect="requests-slow", probability=0.9),
            Edge(effect="gunicorn-worker-timeout", probability=0.5),
        ),
        detect=DETECTORS["sync-workers-held-by-slow-clients"],
        prior=2.0,
        remedies=(
            Remedy(
                id="sync-workers-held-by-slow-clients/1",
                title="Buffering proxy / gthread / async worker",
                plan=("Buffering proxy / gthread / async worker",),
            ),
        ),
        verification="GET < 100 ms while slow sockets are open",
        prevention="A buffering proxy in front of sync workers, with header and body timeouts.",
    ),
    Mechanism(
        id="unbounded-asyncio-tasks",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="asyncio tasks are created without bound",
        title_ru="Задачи asyncio создаются без ограничения",
        summary="create_task without bound; thousands of tasks compete for the loop.",
        recognised_by=(
            "len(asyncio.all_tasks()) in thousands; loop lag high with CPU ~100 % spread over many tiny "
            "steps (py-spy shows event loop internals); memory grows with tasks."
        ),
        confusable_with=(
            "traffic-spike-over-capacity",
            "memory-leak-steady",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="event-loop-blocked", probability=0.3),
        ),
        detect=DETECTORS["unbounded-asyncio-tasks"],
        prior=2.0,
        remedies=(
            Remedy(
                id="unbounded-asyncio-tasks/1",
                title="Bounded queue/TaskGroup",
                plan=("Bounded queue/TaskGroup",),
            ),
        ),
        verification="tasks < 100; loop lag < 50 ms",
        prevention="A semaphore or bounded queue around every create_task, and the number of tasks as a metric.",
    ),
    Mechanism(
        id="http-client-pool-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Our HTTP client has no free connection",
        title_ru="Пул HTTP-клиента исчерпан",
        summary="Our HTTP client pool has no free connection (responses not closed or too many parallel calls).",
        recognised_by=(
            "PoolTimeout/EmptyPoolError text (often EMPTY message); open sockets to the host = "
            "max_connections; partner probe fast; CPU low; recovers only if responses are closed."
        ),
        confusable_with=(
            "external-api-slow",
            "fd-leak",
        ),
        causes=(
            Edge(effect="external-call-fails", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="http-client-pool-exhausted/1",
                title="Close/stream context, raise limits",
                plan=("Close/stream context, raise limits",),
            ),
        ),
        verification="1000 calls without PoolTimeout",
        prevention=(
            "One client for each process used in with blocks, pool limits from measured concurrency, and "
            "pool waits as a metric."
        ),
    ),
    Mechanism(
        id="graceful-shutdown-too-short",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Restarts cut off requests in flight",
        title_ru="Перезапуск обрывает выполняемые запросы",
        summary=(
            "At a deploy or scale-in workers are killed, or traffic still arrives, before running requests are done."
        ),
        recognised_by=(
            "502 or resets only within seconds of a rollout or restart; SIGTERM, then SIGKILL after the "
            "grace period in the log; CancelledError or unfinished tasks at shutdown; none between deploys; "
            "oom_kill is flat."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "gunicorn-worker-timeout",
            "bad-deploy-code-regression",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="graceful-shutdown-too-short/1",
                title="Stop accepting first, then wait for what runs",
                plan=(
                    "On SIGTERM fail readiness and keep serving for the balancer's interval (preStop sleep 5-15)",
                    "graceful timeout longer than the slowest request, the orchestrator's grace period longer still",
                    "hand long work to a queue with late acknowledgement",
                ),
            ),
        ),
        verification="a rollout under load shows no 5xx",
        prevention="A rollout under load in the pipeline that must finish without a failed request.",
    ),
    Mechanism(
        id="fork-shares-connections",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="Forked workers share one connection",
        title_ru="Процессы после fork делят одно соединение",
        summary=(
            "A connection was opened before fork() (preload_app, module-level engine, Celery prefork), so "
            "several processes talk over the same socket."
        ),
        recognised_by=(
            "Answers of other queries, SSL error decryption failed or bad record mac, lost synchronization "
            "with server, right after the start with preload and more with more workers; the same socket "
            "inode in several processes; a server with one worker is fine."
        ),
        confusable_with=(
            "concurrent-session-use",
            "pg-restarted-stale-pool",
            "event-loop-mismatch",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="wrong-data", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="fork-shares-connections/1",
                title="Open connections after the fork",
                plan=(
                    "Call engine.dispose(close=False) in post_fork (gunicorn) or worker_process_init (Celery)",
                    "create clients lazily, for each process",
                    "same for Redis, HTTP and gRPC clients",
                ),
            ),
        ),
        verification="no shared socket inode among workers, no protocol error under load",
        prevention=(
            "Clients created in a worker's start hook, and a test that runs the server with preload and two workers."
        ),
    ),
    Mechanism(
        id="request-body-too-large-for-worker",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="A request body is too big for the server",
        title_ru="Тело запроса слишком велико для сервера",
        summary=(
            "A large upload or JSON exceeds a limit of the framework or server (DATA_UPLOAD_MAX_MEMORY_SIZE, "
            "max body, multipart limits) or is read into memory at once."
        ),
        recognised_by=(
            "RequestDataTooBig, TooManyFieldsSent, 413 written by the application (not by nginx), or memory "
            "of one worker jumps with one request; only big bodies; size just above a setting."
        ),
        confusable_with=(
            "reverse-proxy-limits-too-low",
            "memory-leak-steady",
            "payload-validation-mismatch",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="memory-short", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="request-body-too-large-for-worker/1",
                title="Stream big bodies, and set the limit on purpose",
                plan=(
                    "Find the limit of framework, server and proxy and make the outermost the smallest",
                    "stream uploads to disk or object storage",
                    "answer 413 with the limit in words",
                ),
            ),
        ),
        verification="an upload just below the limit passes with flat memory",
        prevention="One documented limit that all layers share, tested at the limit and just above it.",
    ),
    Mechanism(
        id="websocket-connections-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.PROCESS,
        category=Category.APP_RUNTIME,
        title="WebSocket connections use up the worker's limit",
        title_ru="Соединения WebSocket исчерпали лимит",
        summary=(
            "Long-lived WebSocket or SSE connections hold all slots (worker connections, descriptors, proxy "
            "connections), so new clients are refused."
        ),
        recognised_by=(
            "Established incoming sockets of the worker at its limit (worker_connections, ulimit, "
            "limit_concurrency) while the request rate and CPU are low; 503 or failed handshakes for new "
            "clients only; the count falls when idle ones are closed."
        ),
        confusable_with=(
            "fd-leak",
            "worker-count-too-low",
            "traffic-spike-over-capacity",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="workers-busy", probability=0.3),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="websocket-connections-exhausted/1",
                title="Close what is dead, then raise the limits together",
                plan=(
                    "Ping and close silent clients (ping interval and timeout)",
                    "cap connections per user",
                    "raise nofile, worker_connections and the proxy's limit together",
                    "clients reconnect with jitter",
                ),
            ),
        ),
        verification="new clients connect and the count stays below 70 % of the limit",
        prevention="A gauge of open WebSockets against the limit, and a ping timeout from the first day.",
    ),
)
