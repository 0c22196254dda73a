"""Texts that fit many causes alike: a little weight for each, so that they never decide."""

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

#: Pattern to the mechanisms that it fits, more likely ones first.
_SHARED: dict[str, tuple[str, ...]] = {
    r"(?:TimeoutError|timed out\b|time ?\bout\b|timeout|time-out)\b": (
        "external-api-slow",
        "missing-index-seq-scan",
        "eventloop-blocked-sync-io",
        "tcp-port-filtered",
        "http-client-pool-exhausted",
        "sqlalchemy-pool-exhausted-by-leak",
    ),
    r"server closed the connection unexpectedly": (
        "pg-restarted-stale-pool",
        "idle-in-transaction-timeout-kills-session",
        "pg-backend-crash-recovery",
        "idle-connection-dropped-by-middlebox",
        "idle-session-timeout-kills-pooled",
    ),
    r"Connection reset by peer|ECONNRESET|\[Errno 104\]": (
        "external-connection-reset",
        "app-process-down",
        "worker-segfault-native",
        "cgroup-memory-oom-kill",
        "keep-alive-race-with-balancer",
    ),
    r"Broken pipe|\[Errno 32\]|EPIPE": (
        "sync-workers-held-by-slow-clients",
        "external-connection-reset",
        "gunicorn-worker-timeout",
    ),
    r"502 Bad Gateway|Bad Gateway": (
        "app-process-down",
        "crash-loop-on-boot",
        "gunicorn-worker-timeout",
        "cgroup-memory-oom-kill",
    ),
    r"503 Service (?:Temporarily )?Unavailable": (
        "traffic-spike-over-capacity",
        "external-api-5xx",
        "app-process-down",
    ),
    r"504 Gateway Time-?out|upstream timed out": (
        "gunicorn-worker-timeout",
        "missing-index-seq-scan",
        "external-api-slow",
        "eventloop-blocked-sync-io",
    ),
    r"Internal Server Error": (
        "bad-deploy-code-regression",
        "none-attribute-error",
        "migration-not-applied-missing-column",
    ),
    r"Connection refused|ECONNREFUSED|\[Errno 111\]": (
        "external-connection-refused",
        "app-process-down",
        "pg-server-down",
        "redis-down",
        "db-url-wrong-host-or-port",
    ),
    r"SIGKILL|exit(?:ed)?(?: with)?(?: code| status)?:? ?\b137\b": (
        "cgroup-memory-oom-kill",
        "memory-leak-steady",
        "graceful-shutdown-too-short",
    ),
    r"SSL SYSCALL error: EOF detected": (
        "pg-restarted-stale-pool",
        "idle-connection-dropped-by-middlebox",
        "pg-backend-crash-recovery",
        "fork-shares-connections",
    ),
    r"WORKER TIMEOUT": (
        "gunicorn-worker-timeout",
        "missing-index-seq-scan",
        "external-api-slow",
        "swap-thrash",
        "sync-workers-held-by-slow-clients",
        "infinite-loop-request",
    ),
    r"CancelledError|ClientDisconnect": ("graceful-shutdown-too-short", "external-api-slow"),
    r"Max retries exceeded": ("external-connection-refused", "tcp-port-filtered", "dns-name-not-found"),
}

UNDECIDED = table(
    {
        mechanism: [
            (pattern, 0.6 if place else 0.8)
            for pattern, fits in _SHARED.items()
            for place, name in enumerate(fits)
            if name == mechanism
        ]
        for mechanism in dict.fromkeys(name for fits in _SHARED.values() for name in fits)
    }
)
