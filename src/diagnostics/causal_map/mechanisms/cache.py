"""Causes in the layer cache."""

from __future__ import annotations

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
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="redis-down/1",
                title="Start",
                plan=("Start",),
            ),
        ),
        verification="PING ok",
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
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="redis-maxmemory-noeviction/1",
                title="TTL/eviction/size",
                plan=("TTL/eviction/size",),
            ),
        ),
        verification="SET ok",
    ),
    Mechanism(
        id="redis-maxclients-reached",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="Redis accepts no more clients",
        title_ru="Redis не принимает клиентов",
        summary="Connection count at maxclients (leak or many workers).",
        recognised_by="INFO clients connected_clients = maxclients; refused after accept with text; our processes hold many idle ones.",
        confusable_with=(
            "redis-down",
            "fd-leak",
        ),
        causes=(Edge(effect="requests-fail", probability=0.6),),
        prior=2.0,
        remedies=(
            Remedy(
                id="redis-maxclients-reached/1",
                title="Pool / raise",
                plan=("Pool / raise",),
            ),
        ),
        verification="connect ok",
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
        prior=3.0,
        remedies=(
            Remedy(
                id="celery-no-worker/1",
                title="Start worker",
                plan=("Start worker",),
            ),
        ),
        verification="llen -> 0",
    ),
    Mechanism(
        id="celery-worker-lost",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A task's worker was killed",
        title_ru="Воркер задачи убит",
        summary="Pool child killed (OOM/SIGKILL/segfault) during task.",
        recognised_by="WorkerLostError signal 9 (kernel OOM or operator) / 11 (segfault); oom_kill counter decides; same task name.",
        confusable_with=(
            "cgroup-memory-oom-kill",
            "worker-segfault-native",
            "celery-time-limit-kills-task",
        ),
        causes=(Edge(effect="jobs-stall", probability=0.8),),
        prior=3.0,
        remedies=(
            Remedy(
                id="celery-worker-lost/1",
                title="Reduce memory",
                plan=("Reduce memory",),
            ),
        ),
        verification="task ok",
    ),
    Mechanism(
        id="celery-worker-deaf-after-reconnect",
        kind=Kind.CAUSE,
        layer=Layer.CACHE,
        category=Category.CACHE_QUEUE,
        title="A worker consumes nothing after a reconnect",
        title_ru="Воркер не потребляет после переподключения",
        summary="After broker reconnect the worker stays connected but does not consume.",
        recognised_by="llen grows, worker pid alive, last log = reconnect, no BRPOP from the worker in CLIENT LIST; inspect ping may answer; active empty.",
        confusable_with=(
            "celery-no-worker",
            "redis-down",
        ),
        causes=(Edge(effect="jobs-stall", probability=0.95),),
        prior=2.0,
        remedies=(
            Remedy(
                id="celery-worker-deaf-after-reconnect/1",
                title="Restart/upgrade worker",
                plan=("Restart/upgrade worker",),
            ),
        ),
        verification="llen 0",
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
        causes=(Edge(effect="jobs-stall", probability=0.9),),
        prior=2.0,
        remedies=(
            Remedy(
                id="poison-message-requeue-loop/1",
                title="Dead-letter/limit",
                plan=("Dead-letter/limit",),
            ),
        ),
        verification="queue drains",
    ),
)
