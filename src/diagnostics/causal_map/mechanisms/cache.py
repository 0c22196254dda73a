"""Causes in the layer cache."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="redis-down",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis is not reachable",
        title_ru="Redis недоступен",
        summary="Redis not running/reachable.",
        recognised_by="refused/timeout on redis port; DB fine; both cache and broker users fail.",
        confusable_with=(
            "redis-maxclients-reached",
            "redis-auth-wrong",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-slow", probability=0.3),
        ),
        detect=DETECTORS["redis-down"],
        prior=3.0,
        remedies=(
            Remedy(
                id="redis-down/1",
                title="Start Redis, and let the application survive without its cache",
                plan=(
                    "Look why it ended: its log, dmesg (OOM), disk",
                    "systemctl start redis-server",
                    "redis-cli -u URL ping",
                    "catch cache errors: a cache that is missing costs time, not answers",
                    "a supervisor that starts it again",
                ),
            ),
        ),
        verification="PING ok",
        prevention="A supervisor and a replica with failover, a cache that may be missing, and a PING probe.",
    ),
    Mechanism(
        id="redis-maxmemory-noeviction",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis has no memory left",
        title_ru="В Redis закончилась память",
        summary="maxmemory reached with noeviction: writes refused.",
        recognised_by="INFO memory used ~ maxmemory, policy noeviction; GET ok, SET error; keys without TTL.",
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="jobs-stall", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["redis-maxmemory-noeviction"],
        prior=3.0,
        remedies=(
            Remedy(
                id="redis-maxmemory-noeviction/1",
                title="Make room, then choose what may be thrown away",
                plan=(
                    "redis-cli --bigkeys and MEMORY USAGE: who fills it",
                    "give cache keys a TTL",
                    "CONFIG SET maxmemory larger if the host has it",
                    "allkeys-lru for a cache; a broker stays noeviction in an instance of its own",
                    "delete what nobody needs with UNLINK",
                ),
            ),
        ),
        verification="SET ok",
        prevention="A TTL on every cache key, allkeys-lru for caches, and an alert at 80 % of maxmemory.",
    ),
    Mechanism(
        id="redis-maxclients-reached",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis accepts no more clients",
        title_ru="Redis не принимает клиентов",
        summary="Connection count at maxclients (leak or many workers).",
        recognised_by=(
            "INFO clients connected_clients = maxclients; refused after accept with text; our processes hold "
            "many idle ones."
        ),
        confusable_with=(
            "redis-down",
            "fd-leak",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="jobs-stall", probability=0.4),
        ),
        detect=DETECTORS["redis-maxclients-reached"],
        prior=2.0,
        remedies=(
            Remedy(
                id="redis-maxclients-reached/1",
                title="Close what is idle, then bound the pools",
                plan=(
                    "CLIENT LIST sorted by idle: which program holds them",
                    "CLIENT KILL or restart the one that leaks",
                    "CONFIG SET timeout 300 for idle clients",
                    "max_connections in each pool, processes x pool below maxclients",
                    "CONFIG SET maxclients higher if descriptors allow",
                ),
            ),
        ),
        verification="connect ok",
        prevention=(
            "A bounded pool per process, the timeout setting for idle clients, and connected_clients on the dashboard."
        ),
    ),
    Mechanism(
        id="celery-no-worker",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="No worker consumes the queue",
        title_ru="Очередь никто не обрабатывает",
        summary="No worker process consumes.",
        recognised_by="queue length grows, control.ping empty, no worker pid; broker up.",
        confusable_with=("background-task-exception-lost",),
        causes=(Edge(effect="jobs-stall", probability=0.95),),
        detect=DETECTORS["celery-no-worker"],
        prior=3.0,
        remedies=(
            Remedy(
                id="celery-no-worker/1",
                title="Start the worker",
                plan=(
                    "Look why it ended: its log, its supervisor, dmesg",
                    "start it with the right -A and -Q (queues)",
                    "celery inspect ping answers",
                    "watch the queue shrink; merge or drop tasks that are out of date",
                ),
            ),
        ),
        verification="llen -> 0",
        prevention="An alert on the age of the oldest message and on the number of workers that answer ping.",
    ),
    Mechanism(
        id="celery-worker-lost",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A task's worker was killed",
        title_ru="Воркер задачи убит",
        summary="Pool child killed (OOM/SIGKILL/segfault) during task.",
        recognised_by=(
            "WorkerLostError signal 9 (kernel OOM or operator) / 11 (segfault); oom_kill counter decides; "
            "same task name."
        ),
        confusable_with=(
            "cgroup-memory-oom-kill",
            "worker-segfault-native",
            "celery-time-limit-kills-task",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="celery-worker-lost/1",
                title="Find what killed the child, and give the task less to carry",
                plan=(
                    "dmesg and the cgroup's oom_kill: memory, or somebody's kill",
                    "split the task; stream instead of loading everything",
                    "worker_max_memory_per_child, and a memory limit that fits",
                    "acks_late with task_reject_on_worker_lost for tasks that may run twice",
                ),
            ),
        ),
        verification="task ok",
        prevention=(
            "Memory bounds per child (worker_max_memory_per_child), acks_late for idempotent tasks, and "
            "tasks in small pieces."
        ),
    ),
    Mechanism(
        id="celery-worker-deaf-after-reconnect",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A worker consumes nothing after a reconnect",
        title_ru="Воркер не потребляет после переподключения",
        summary="After broker reconnect the worker stays connected but does not consume.",
        recognised_by=(
            "llen grows, worker pid alive, last log = reconnect, no BRPOP from the worker in CLIENT LIST; "
            "inspect ping may answer; active empty."
        ),
        confusable_with=(
            "celery-no-worker",
            "redis-down",
        ),
        causes=(Edge(effect="jobs-stall", probability=0.95),),
        detect=DETECTORS["celery-worker-deaf-after-reconnect"],
        prior=2.0,
        remedies=(
            Remedy(
                id="celery-worker-deaf-after-reconnect/1",
                title="Restart the worker, then upgrade it",
                plan=(
                    "celery inspect active_queues: is its queue there",
                    "restart the worker; or celery control add_consumer QUEUE",
                    "upgrade celery, kombu and redis-py together",
                    "broker_connection_retry, health_check_interval, socket_keepalive",
                    "a heartbeat task that restarts the worker when it stays away",
                ),
                action="restart-process",
                irreversible=True,
            ),
        ),
        verification="llen 0",
        prevention="A heartbeat task through each queue whose absence restarts the worker.",
    ),
    Mechanism(
        id="poison-message-requeue-loop",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="One message fails and is requeued for ever",
        title_ru="Сообщение бесконечно возвращается в очередь",
        summary="One message always fails and is requeued at once.",
        recognised_by="same task id/payload hash in failures; throughput of others low; rate constant without traffic.",
        confusable_with=(
            "bad-upstream-null",
            "retry-without-backoff-amplification",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.9),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        detect=DETECTORS["poison-message-requeue-loop"],
        prior=2.0,
        remedies=(
            Remedy(
                id="poison-message-requeue-loop/1",
                title="Take the message out, then bound its retries",
                plan=(
                    "Note id and payload for later",
                    "celery control revoke ID terminate=True, or remove it from the queue",
                    "max_retries and retry_backoff in the task",
                    "a dead-letter queue for what fails for good",
                    "validate the payload before it is queued",
                ),
            ),
        ),
        verification="queue drains",
        prevention="A limit on deliveries with a dead-letter queue, and an alert on its length.",
    ),
    Mechanism(
        id="redis-loading-dataset",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis is loading its data",
        title_ru="Redis загружает данные",
        summary="Redis restarted and loads its RDB or AOF; until then it answers LOADING.",
        recognised_by=(
            "LOADING Redis is loading the dataset in memory; TCP connects; INFO persistence loading:1 with "
            "loading_eta_seconds; ends by itself; uptime_in_seconds is small."
        ),
        confusable_with=(
            "redis-down",
            "redis-readonly-replica",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="jobs-stall", probability=0.3),
        ),
        detect=DETECTORS["redis-loading-dataset"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-loading-dataset/1",
                title="Wait, and find why it restarted",
                plan=(
                    "Watch loading_eta_seconds",
                    "clients retry with backoff",
                    "look for an OOM kill or crash before it",
                    "smaller dataset, replica for failover",
                ),
            ),
        ),
        verification="PING answers PONG and loading is 0",
        prevention="A replica that takes over, and clients that treat LOADING as retryable.",
    ),
    Mechanism(
        id="redis-readonly-replica",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Writes go to a Redis replica",
        title_ru="Запись идёт на реплику Redis",
        summary="After a failover or by a wrong address the client writes to a replica.",
        recognised_by=(
            "READONLY You can't write against a read only replica; GET works and SET fails; INFO replication "
            "role:slave; the client keeps the old address or does not ask Sentinel."
        ),
        confusable_with=(
            "redis-maxmemory-noeviction",
            "redis-bgsave-failing",
            "redis-cluster-slot-moved",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.6),
        ),
        detect=DETECTORS["redis-readonly-replica"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-readonly-replica/1",
                title="Connect to the master, by way of discovery",
                plan=(
                    "INFO replication on the address in use",
                    "correct it, or use Sentinel / the primary endpoint",
                    "close pooled connections on READONLY so that they resolve again",
                ),
            ),
        ),
        verification="SET answers OK on the address in use",
        prevention="Clients that find the master by Sentinel or a primary endpoint, tested by a failover.",
    ),
    Mechanism(
        id="redis-bgsave-failing",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis cannot save and refuses writes",
        title_ru="Redis не может сохранить данные и отвергает запись",
        summary=(
            "The background save failed (full disk, no memory to fork, rights), and "
            "stop-writes-on-bgsave-error refuses writes."
        ),
        recognised_by=(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
            "disk; INFO rdb_last_bgsave_status:err; its log says Can't save in background: fork: Cannot "
            "allocate memory, or No space left."
        ),
        confusable_with=(
            "redis-maxmemory-noeviction",
            "redis-readonly-replica",
            "disk-full-app-volume",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.6),
        ),
        detect=DETECTORS["redis-bgsave-failing"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-bgsave-failing/1",
                title="Make the save work again",
                plan=(
                    "Read Redis' log",
                    "free disk or fix the rights of dir",
                    "vm.overcommit_memory=1 and memory for the fork",
                    "BGSAVE",
                    'for a pure cache: save ""',
                ),
            ),
        ),
        verification="rdb_last_bgsave_status:ok and SET answers OK",
        prevention="Alerts on rdb_last_bgsave_status and on the disk of Redis, and no snapshots for a pure cache.",
    ),
    Mechanism(
        id="redis-client-pool-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="The Redis client's pool is exhausted",
        title_ru="Пул клиента Redis исчерпан",
        summary=(
            "All connections of the client's pool are in use (blocking commands, pub/sub, not returned), so "
            "commands fail at once."
        ),
        recognised_by=(
            "redis.exceptions.ConnectionError Too many connections / MaxConnectionsError, No connection "
            "available within the process; INFO connected_clients is far below maxclients; connections equal "
            "our max_connections."
        ),
        confusable_with=(
            "redis-maxclients-reached",
            "http-client-pool-exhausted",
            "redis-slow-command-blocks",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="requests-slow", probability=0.3),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-client-pool-exhausted/1",
                title="Return connections, then size the pool",
                plan=(
                    "Look for pub/sub, BLPOP and pipelines that are not closed",
                    "BlockingConnectionPool with a timeout",
                    "max_connections at least the concurrency of a worker",
                    "one client for each process",
                ),
            ),
        ),
        verification="no pool error under load; connected_clients stays flat",
        prevention="One client per process with a blocking pool, and a gauge of connections in use.",
    ),
    Mechanism(
        id="redis-slow-command-blocks",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A slow command blocks Redis",
        title_ru="Медленная команда блокирует Redis",
        summary=(
            "Redis serves one command at a time, and KEYS, a big DEL, SORT, LRANGE or a Lua script takes "
            "hundreds of milliseconds."
        ),
        recognised_by=(
            "SLOWLOG names the command; latency of ALL Redis calls rises at the same moments; redis-cli "
            "--latency; used_cpu near one core; TimeoutError reading from socket in clients, while network "
            "and memory are fine."
        ),
        confusable_with=(
            "redis-down",
            "redis-client-pool-exhausted",
            "packet-loss-on-path",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="requests-fail", probability=0.4),
            Edge(effect="jobs-stall", probability=0.3),
        ),
        detect=DETECTORS["redis-slow-command-blocks"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-slow-command-blocks/1",
                title="Replace the slow command",
                plan=(
                    "SLOWLOG GET 20 and INFO commandstats",
                    "SCAN for KEYS, UNLINK for DEL, ranges with a limit, smaller keys (--bigkeys)",
                    "move reports to a replica",
                    "rename KEYS away",
                ),
            ),
        ),
        verification="SLOWLOG stays empty; --latency below 1 ms",
        prevention="KEYS renamed away by ACL, and an alert on SLOWLOG growth.",
    ),
    Mechanism(
        id="redis-cluster-slot-moved",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="The client does not follow the Redis cluster",
        title_ru="Клиент не следует за слотами кластера Redis",
        summary=(
            "A client without cluster support, or with an old map, gets redirections; or multi-key commands "
            "cross slots."
        ),
        recognised_by=(
            "MOVED or ASK errors in the application, CROSSSLOT Keys in request don't hash to the same slot, "
            "CLUSTERDOWN; after resharding or failover; single-node client class used."
        ),
        confusable_with=(
            "redis-readonly-replica",
            "redis-down",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="jobs-stall", probability=0.4),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-cluster-slot-moved/1",
                title="Use a cluster client and hash tags",
                plan=(
                    "RedisCluster instead of Redis",
                    "{tag} in keys that are used together",
                    "CLUSTER INFO: all slots covered, state ok",
                    "refresh of topology on error",
                ),
            ),
        ),
        verification="no MOVED error; CLUSTER INFO state ok",
        prevention="Tests against a real cluster of three nodes, with a failover.",
    ),
    Mechanism(
        id="redis-wrong-type-or-key-collision",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Two uses of Redis share a key",
        title_ru="Два применения Redis делят один ключ",
        summary="Two pieces of code (or two services on one database) use one key for different types or contents.",
        recognised_by=(
            "WRONGTYPE Operation against a key holding the wrong kind of value, or decoding errors for keys "
            "of another owner; TYPE key differs from what the code expects; after a release or when services "
            "were put on one Redis."
        ),
        confusable_with=(
            "cache-deserialisation-after-deploy",
            "cache-key-collision-between-users",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="redis-wrong-type-or-key-collision/1",
                title="Give every use its own prefix",
                plan=(
                    "TYPE and OBJECT on the key, find both writers",
                    "new prefix with the service's name and version",
                    "delete the wrong key",
                    "separate databases or instances",
                ),
            ),
        ),
        verification="TYPE is what the code expects, no WRONGTYPE",
        prevention="A key prefix of service, purpose and version that one module builds.",
    ),
    Mechanism(
        id="cache-deserialisation-after-deploy",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Cached objects do not fit the new code",
        title_ru="Объекты в кэше не подходят новому коду",
        summary=(
            "Entries that the old release pickled or serialised cannot be read by the new one (or by the old "
            "during a rollout)."
        ),
        recognised_by=(
            "UnpicklingError, AttributeError Can't get attribute … on <module>, ModuleNotFoundError inside "
            "pickle.loads, ValidationError while reading the cache; right after a deploy; goes away as "
            "entries expire; fresh keys work."
        ),
        confusable_with=(
            "redis-wrong-type-or-key-collision",
            "package-upgrade-regression",
            "bad-deploy-code-regression",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cache-deserialisation-after-deploy/1",
                title="Treat unreadable entries as a miss",
                plan=(
                    "Bump the version in the key prefix (or delete the prefix, step by step)",
                    "catch errors of decoding and recompute",
                    "JSON with a schema version, not pickle",
                ),
            ),
        ),
        verification="no decoding error; hit ratio recovers",
        prevention="A version in every cache key, and decoding errors counted as misses.",
    ),
    Mechanism(
        id="broker-disk-or-memory-alarm",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="The broker blocks publishers by an alarm",
        title_ru="Брокер блокирует отправителей из-за тревоги",
        summary="RabbitMQ (or Kafka) is short of memory or disk and stops taking messages.",
        recognised_by=(
            "connection.blocked: low on memory / low on disk, publishers hang while consumers go on; "
            "rabbitmq-diagnostics alarms; disk_free below its limit; queues are long."
        ),
        confusable_with=(
            "queue-backlog-consumers-too-slow",
            "celery-no-worker",
            "disk-full-app-volume",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.8),
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="requests-fail", probability=0.4),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="broker-disk-or-memory-alarm/1",
                title="Drain queues or give the broker room",
                plan=(
                    "rabbitmq-diagnostics alarms",
                    "free disk or memory; more consumers",
                    "limit queues (max-length, TTL), lazy or quorum queues",
                    "publish with a timeout so that requests do not hang",
                ),
            ),
        ),
        verification="no alarm and publishing takes milliseconds",
        prevention="Limits on queue length, and alerts well before the broker's watermark.",
    ),
    Mechanism(
        id="broker-message-too-large",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A message is bigger than the broker permits",
        title_ru="Сообщение больше допустимого для брокера",
        summary="A task or event carries a payload above the broker's limit.",
        recognised_by=(
            "kafka MessageSizeTooLargeError / RecordTooLargeException, RabbitMQ PRECONDITION_FAILED message "
            "size … is larger than configured max size, SQS InvalidParameterValue 262144 bytes; only big "
            "payloads; others flow."
        ),
        confusable_with=(
            "task-serialisation-error",
            "request-body-too-large-for-worker",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.4),
            Edge(effect="unhandled-exception", probability=0.6),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="broker-message-too-large/1",
                title="Send a reference, not the data",
                plan=(
                    "Put the payload into object storage or a table and send its id",
                    "compress",
                    "raise message.max.bytes, fetch and replica limits together only when needed",
                ),
            ),
        ),
        verification="the largest job is queued and done",
        prevention="Messages that carry ids, and a size check with a clear error in the producer.",
    ),
    Mechanism(
        id="queue-declaration-conflict",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A queue exists with other properties",
        title_ru="Очередь уже объявлена с другими свойствами",
        summary="Code declares a queue or exchange with arguments that differ from the existing one.",
        recognised_by=(
            "PRECONDITION_FAILED - inequivalent arg 'durable' (or x-message-ttl, x-queue-type) for queue … "
            "(406), channel closed; at start of a new release; old producers still work."
        ),
        confusable_with=(
            "task-serialisation-error",
            "celery-unregistered-task",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.7),
            Edge(effect="service-down", probability=0.2),
            Edge(effect="unhandled-exception", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="queue-declaration-conflict/1",
                title="Make declarations agree",
                plan=(
                    "Compare rabbitmqctl list_queues name durable arguments with the code",
                    "a new queue name, move messages with shovel, then delete the old one",
                    "use policies for TTL and limits: they can change",
                ),
            ),
        ),
        verification="declaration passes and messages flow",
        prevention="Topology declared in one place, and mutable properties by policy.",
    ),
    Mechanism(
        id="task-serialisation-error",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A task's arguments cannot be serialised",
        title_ru="Аргументы задачи не сериализуются",
        summary=(
            "Arguments or results of a task (ORM objects, datetimes, bytes) are not serialisable, or the "
            "content type is refused."
        ),
        recognised_by=(
            "kombu EncodeError Object of type … is not JSON serializable, ContentDisallowed: Refusing to "
            "deserialize untrusted content of type pickle; raised in .delay() or by the worker on receipt; "
            "broker and workers are fine."
        ),
        confusable_with=(
            "json-serialisation-bug",
            "celery-unregistered-task",
            "broker-message-too-large",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.5),
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="task-serialisation-error/1",
                title="Pass ids and plain values",
                plan=(
                    "Pass primary keys and load in the task",
                    "ISO texts for moments",
                    "same task_serializer and accept_content on both sides",
                ),
            ),
        ),
        verification="the task is queued and done",
        prevention="Task signatures of plain types, tested with the real serialiser instead of eager mode.",
    ),
    Mechanism(
        id="scheduler-missed-runs",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Scheduled jobs do not run",
        title_ru="Плановые задачи не запускаются",
        summary=(
            "The scheduler (beat, cron, APScheduler, CronJob) is not running, was paused, or skipped the run "
            "(misfire, concurrencyPolicy)."
        ),
        recognised_by=(
            "Run time of job … was missed by, last run long ago, no beat process or no lease; workers idle, "
            "queue empty; CronJob: too many missed start times; the jobs' code works by hand."
        ),
        confusable_with=(
            "celery-no-worker",
            "scheduled-jobs-overlap",
            "advisory-lock-held",
            "timezone-setting-wrong",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.9),
            Edge(effect="wrong-data", probability=0.2),
            Edge(effect="partition-missing", probability=0.1),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="scheduler-missed-runs/1",
                title="Start the scheduler and catch up",
                plan=(
                    "Is exactly one scheduler alive? start it",
                    "misfire_grace_time, coalesce, startingDeadlineSeconds",
                    "run what was missed by hand, idempotently",
                    "check time zone and the schedule's store",
                ),
            ),
        ),
        verification="the next run takes place on time",
        prevention="A dead man's switch: each job reports its success, and silence alarms.",
    ),
    Mechanism(
        id="kafka-consumer-rebalancing",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A Kafka consumer group rebalances again and again",
        title_ru="Группа потребителей Kafka постоянно перебалансируется",
        summary="Consumers exceed max.poll.interval.ms or lose heartbeats, leave the group, and the work begins anew.",
        recognised_by=(
            "CommitFailedError, Heartbeat failed … rebalancing, max.poll.interval.ms exceeded; lag grows "
            "while consumers live; the same messages are processed again; state PreparingRebalance."
        ),
        confusable_with=(
            "queue-backlog-consumers-too-slow",
            "poison-message-requeue-loop",
        ),
        causes=(
            Edge(effect="jobs-stall", probability=0.8),
            Edge(effect="wrong-data", probability=0.2),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="kafka-consumer-rebalancing/1",
                title="Poll in time",
                plan=(
                    "Smaller max_poll_records or a longer max_poll_interval_ms",
                    "work outside the poll loop, pause the partition",
                    "static membership (group.instance.id) and cooperative assignment",
                    "idempotent handlers",
                ),
            ),
        ),
        verification="no rebalance in an hour and the lag falls",
        prevention="A bound on the time of a batch, and alerts on rebalances and lag.",
    ),
    Mechanism(
        id="cache-stampede",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Many requests recompute the same expired entry",
        title_ru="Множество запросов пересчитывают одну запись кэша",
        summary="A hot key expires (or the cache was flushed), and all requests run the expensive query at once.",
        recognised_by=(
            "Spikes at the period of the TTL or right after a flush; misses of one key jump; the same "
            "statement runs many times at once; between spikes all is well; traffic is normal."
        ),
        confusable_with=(
            "traffic-spike-over-capacity",
            "missing-index-seq-scan",
            "cold-start-after-deploy",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="db-queries-slow", probability=0.5),
            Edge(effect="db-pool-exhausted", probability=0.4),
            Edge(effect="workers-busy", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cache-stampede/1",
                title="One recomputes, the others wait or take the old value",
                plan=(
                    "A lock per key (SET NX PX) around recomputation",
                    "serve stale while one refreshes, jitter on TTLs",
                    "refresh hot keys early in the background",
                    "warm the cache after a flush",
                ),
            ),
        ),
        verification="no spike at the next expiry",
        prevention="TTLs with jitter, and single flight for each expensive key.",
    ),
    Mechanism(
        id="cache-stale-after-update",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="The cache serves old data",
        title_ru="Кэш отдаёт устаревшие данные",
        summary=(
            "An entry is not invalidated when its source changes (a missed path, a race, a CDN), so users "
            "see old data until it expires."
        ),
        recognised_by=(
            "The database has the new value and the answer the old one; the age of the answer is at most the "
            "TTL; reading past the cache is right; replicas do not lag; only paths that write elsewhere."
        ),
        confusable_with=(
            "replica-lag-stale-reads",
            "stale-client-bundle",
            "commit-missing",
        ),
        causes=(Edge(effect="wrong-data", probability=0.9),),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cache-stale-after-update/1",
                title="Invalidate where the data are written",
                plan=(
                    "Delete the concerned keys (by prefix, not FLUSHALL)",
                    "invalidate after commit in the one place that writes",
                    "shorter TTL",
                    "versioned keys; Cache-Control for CDN and browsers",
                ),
            ),
        ),
        verification="update and read show the new value",
        prevention="Invalidation next to the write, in one repository class, with a test that updates and reads.",
    ),
    Mechanism(
        id="cache-key-collision-between-users",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Users see each other's cached data",
        title_ru="Пользователи видят чужие данные из кэша",
        summary=(
            "The cache key lacks the user, tenant, language or authorisation, so one user's answer is served "
            "to another."
        ),
        recognised_by=(
            "Users see foreign data, at random and shortly after the other's request; the same URL and "
            "different users; the database and the queries are right; a CDN or cache decorator without Vary "
            "or user in the key."
        ),
        confusable_with=(
            "cache-stale-after-update",
            "wrong-environment-mixed-up",
            "fork-shares-connections",
        ),
        causes=(Edge(effect="wrong-data", probability=0.95),),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="cache-key-collision-between-users/1",
                title="Switch this cache off at once, then correct the key",
                plan=(
                    "Disable the cache and purge it: it is a data leak",
                    "put user, tenant and permissions into the key",
                    "Cache-Control: private, Vary",
                    "find from the logs who saw what, tell the data protection officer",
                ),
            ),
        ),
        verification="two users get their own answers for the same address",
        prevention="Keys built by one helper that demands the tenant and user, with a test of two users.",
    ),
    Mechanism(
        id="queue-backlog-consumers-too-slow",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Consumers are slower than producers",
        title_ru="Потребители медленнее производителей",
        summary="Workers are alive and busy, but tasks arrive faster than they finish, so the delay grows.",
        recognised_by=(
            "Queue length and age of the oldest message grow steadily; all workers are busy and succeed; "
            "task time or arrival rate rose; no failures, no redelivery; broker is fine."
        ),
        confusable_with=(
            "celery-no-worker",
            "celery-worker-deaf-after-reconnect",
            "poison-message-requeue-loop",
            "kafka-consumer-rebalancing",
        ),
        causes=(Edge(effect="jobs-stall", probability=0.85),),
        detect=DETECTORS["queue-backlog-consumers-too-slow"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="queue-backlog-consumers-too-slow/1",
                title="More consumers, or less work",
                plan=(
                    "Measure arrival rate and time per task",
                    "add workers or concurrency (watch the database)",
                    "urgent work on its own queue",
                    "drop or merge tasks that are out of date",
                    "find why tasks became slower",
                ),
            ),
        ),
        verification="the age of the oldest message falls to seconds",
        prevention="An alert on the age of the oldest message, and consumers that scale with it.",
    ),
)
