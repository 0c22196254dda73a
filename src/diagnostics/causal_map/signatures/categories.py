"""Category and usual severity of every mechanism that texts can speak for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnostics.model.problem import Category, Severity

_BY_CATEGORY: dict[Category, str] = {
    Category.HOST_ENVIRONMENT: """
        host-cpu-saturated-by-neighbour cgroup-cpu-throttled disk-full-app-volume inodes-exhausted
        disk-quota-exceeded disk-io-saturated disk-failing cgroup-memory-oom-kill host-memory-exhausted
        shared-memory-too-small pids-limit-reached filesystem-remounted-read-only swap-thrash
        inotify-watches-exhausted ephemeral-ports-exhausted listen-backlog-overflow conntrack-table-full
        host-clock-skew file-permission-denied container-evicted
    """,
    Category.APP_RUNTIME: """
        fd-leak memory-leak-steady gunicorn-worker-timeout worker-segfault-native app-process-down
        zombie-children-not-reaped gc-or-fork-pause-huge-heap crash-loop-on-boot unbounded-thread-creation
        eventloop-blocked-sync-io threadpool-exhausted-by-slow-dependency thread-deadlock-lock-order
        sync-workers-held-by-slow-clients unbounded-asyncio-tasks http-client-pool-exhausted
        worker-count-too-low traffic-spike-over-capacity scheduled-jobs-overlap cold-start-after-deploy
        graceful-shutdown-too-short fork-shares-connections request-body-too-large-for-worker
        websocket-connections-exhausted
    """,
    Category.DB_CONNECTION: """
        sqlalchemy-pool-exhausted-by-leak pg-max-connections-by-app pg-role-connection-limit
        pgbouncer-pool-exhausted pg-server-down pg-starting-up pg-postmaster-frozen pg-restarted-stale-pool
        idle-in-transaction-timeout-kills-session idle-session-timeout-kills-pooled
        pg-backend-crash-recovery pgbouncer-transaction-prepared-statements db-writes-routed-to-standby
        replica-lag-stale-reads standby-query-cancelled
        synchronous-standby-missing pg-port-blocked-by-firewall db-tls-required-or-refused
    """,
    Category.DB_LOCKS: """
        idle-in-transaction-blocks-writers ddl-lock-queue deadlock-app-lock-order explicit-lock-table-job
        serialization-failure-no-retry skip-nowait-lock-conflict advisory-lock-held
        max-locks-per-transaction sqlite-database-locked hot-row-contention optimistic-lock-conflict
        orphaned-prepared-transaction long-transaction-blocks-writers
    """,
    Category.DB_PERFORMANCE_STORAGE: """
        missing-index-seq-scan n-plus-one-queries deep-offset-pagination work-mem-spill-to-disk
        generic-plan-regression jit-compilation-overhead working-set-exceeds-buffer-cache
        redundant-indexes-slow-writes stale-statistics-bad-plan pg-data-volume-full pg-wal-archive-failing
        table-bloat-autovacuum-off vacuum-blocked-by-old-xmin sequence-exhausted-int4
        txid-wraparound-protection data-page-corruption index-collation-changed
        checkpoint-storm-small-max-wal pg-out-of-memory track-commit-slow-fsync subtransaction-overflow
        data-growth-crossed-threshold replication-slot-retains-wal index-build-failed-invalid
    """,
    Category.SCHEMA_OR_DATA: """
        migration-not-applied-missing-column migration-missing-table db-role-missing-grant
        row-level-security-policy-blocks new-not-null-column-old-code sequence-desync-after-import
        column-type-mismatch enum-value-missing function-or-extension-missing alembic-multiple-heads
        alembic-revision-missing migration-fails-on-existing-data migration-partially-applied
        partition-missing generated-or-view-column-not-updatable on-conflict-constraint-missing
        payload-validation-mismatch string-too-long numeric-overflow-input bad-upstream-null
        text-encoding-mismatch nul-character-in-text unparsable-date-or-number duplicate-client-submission
        foreign-key-violation-deleted-parent check-constraint-violation json-malformed-input
        upload-file-invalid row-too-big-or-too-many-columns division-or-domain-error-in-sql
    """,
    Category.EXTERNAL_SERVICE: """
        external-api-slow external-api-5xx external-api-rate-limited external-quota-exhausted
        external-response-schema-changed external-response-not-json external-connection-reset
        external-response-truncated external-endpoint-removed external-connection-refused smtp-rejected
        external-partial-region-outage external-ip-blocked
    """,
    Category.AUTH_CREDENTIALS: """
        db-password-wrong db-role-expired db-role-missing pg-hba-rejects-host oauth-refresh-token-revoked
        oauth-client-secret-rotated oauth-scope-missing oauth-redirect-uri-mismatch
        service-account-key-invalid api-key-invalid-or-revoked api-permission-missing
        cloud-session-token-expired telegram-token-revoked telegram-bot-kicked-or-no-rights
        jwt-signing-key-mismatch jwt-claims-mismatch jwt-expired encryption-key-changed
        webhook-secret-mismatch ssh-or-sftp-key-rejected private-registry-auth-failed
        mutual-tls-client-certificate-rejected
    """,
    Category.NETWORK_TLS: """
        tls-cert-expires-soon dns-name-not-found dns-server-unreachable tcp-port-filtered packet-loss-on-path mtu-blackhole
        tls-cert-expired tls-unknown-ca tls-hostname-mismatch tls-plain-http-mismatch tls-protocol-too-old
        tls-handshake-interrupted proxy-misconfigured ipv6-localhost-preferred
        idle-connection-dropped-by-middlebox keep-alive-race-with-balancer http2-stream-refused
    """,
    Category.CONFIG_DEPLOY: """
        port-already-in-use pool-too-small default-transaction-read-only package-upgrade-regression
        lock-timeout-too-low statement-timeout-too-low telegram-getupdates-conflict
        telegram-webhook-misconfigured env-var-missing env-value-malformed config-file-invalid
        db-url-wrong-host-or-port allowed-hosts-or-cors-misconfigured log-level-debug-flood
        ca-bundle-path-missing wrong-async-driver-url wrong-base-url-or-path file-or-template-missing
        module-missing package-api-removed dependency-version-conflict binary-abi-mismatch circular-import
        python-version-mismatch bad-deploy-code-regression config-change-bad-value
        wrong-environment-mixed-up container-image-or-manifest-wrong health-probe-misconfigured
        reverse-proxy-limits-too-low wsgi-asgi-entrypoint-wrong ssl-redirect-or-proxy-header-loop
        timezone-setting-wrong cloud-storage-bucket-missing stale-client-bundle
    """,
    Category.CODE_DEFECT: """
        concurrent-session-use event-loop-mismatch background-task-exception-lost
        own-bug-bad-request-payload none-attribute-error attribute-or-type-bug key-error-own-data
        lazy-load-after-session-close async-lazy-load-missing-greenlet session-not-rolled-back
        commit-missing infinite-loop-request retry-without-backoff-amplification
        response-model-validation-error json-serialisation-bug recursion-error sync-orm-in-async-context
        orm-driver-misuse naive-aware-datetime-mix clock-jump-breaks-timeouts
        transaction-held-during-external-call race-condition-check-then-act
        await-missing-or-misused float-money-rounding url-route-or-reverse-bug wrong-calculation-bug
        sql-syntax-error cached-plan-result-type-changed
    """,
    Category.CACHE_QUEUE: """
        redis-down redis-loading-dataset redis-readonly-replica redis-bgsave-failing
        redis-maxmemory-noeviction redis-maxclients-reached redis-client-pool-exhausted redis-auth-wrong
        redis-slow-command-blocks redis-cluster-slot-moved redis-wrong-type-or-key-collision
        cache-deserialisation-after-deploy celery-no-worker celery-unregistered-task celery-worker-lost
        celery-time-limit-kills-task celery-worker-deaf-after-reconnect broker-disk-or-memory-alarm
        broker-message-too-large queue-declaration-conflict poison-message-requeue-loop
        task-serialisation-error scheduled-task-duplicated scheduler-missed-runs kafka-consumer-rebalancing
        cache-stampede cache-stale-after-update cache-key-collision-between-users
        queue-backlog-consumers-too-slow
    """,
}

_BY_SEVERITY: dict[Severity, str] = {
    Severity.CRITICAL: """
        filesystem-remounted-read-only app-process-down crash-loop-on-boot pg-server-down
        pg-postmaster-frozen pg-backend-crash-recovery db-writes-routed-to-standby
        pg-port-blocked-by-firewall ddl-lock-queue pg-data-volume-full sequence-exhausted-int4
        txid-wraparound-protection data-page-corruption migration-not-applied-missing-column
        new-not-null-column-old-code db-password-wrong env-var-missing db-url-wrong-host-or-port
        module-missing package-api-removed binary-abi-mismatch synchronous-standby-missing disk-failing
        replication-slot-retains-wal cache-key-collision-between-users container-image-or-manifest-wrong
        wsgi-asgi-entrypoint-wrong pg-hba-rejects-host db-role-missing dns-server-unreachable
        partition-missing wrong-environment-mixed-up
    """,
    Severity.MEDIUM: """
        zombie-children-not-reaped gc-or-fork-pause-huge-heap unbounded-asyncio-tasks scheduled-jobs-overlap
        replica-lag-stale-reads deadlock-app-lock-order lock-timeout-too-low serialization-failure-no-retry
        n-plus-one-queries work-mem-spill-to-disk generic-plan-regression jit-compilation-overhead
        working-set-exceeds-buffer-cache table-bloat-autovacuum-off migration-fails-on-existing-data
        migration-partially-applied external-api-5xx external-api-rate-limited external-connection-reset
        external-response-truncated external-endpoint-removed external-connection-refused
        own-bug-bad-request-payload tls-plain-http-mismatch proxy-misconfigured ipv6-localhost-preferred
        log-level-debug-flood wrong-base-url-or-path port-already-in-use none-attribute-error
        response-model-validation-error recursion-error sync-orm-in-async-context orm-driver-misuse
        naive-aware-datetime-mix clock-jump-breaks-timeouts payload-validation-mismatch string-too-long
        numeric-overflow-input bad-upstream-null text-encoding-mismatch unparsable-date-or-number
        foreign-key-violation-deleted-parent celery-unregistered-task celery-worker-lost
        celery-time-limit-kills-task poison-message-requeue-loop scheduled-task-duplicated
        data-growth-crossed-threshold background-task-exception-lost host-cpu-saturated-by-neighbour
        gunicorn-worker-timeout memory-leak-steady fd-leak statement-timeout-too-low
        idle-session-timeout-kills-pooled standby-query-cancelled advisory-lock-held
        optimistic-lock-conflict enum-value-missing check-constraint-violation json-malformed-input
        json-serialisation-bug key-error-own-data attribute-or-type-bug smtp-rejected
        external-quota-exhausted tls-handshake-interrupted keep-alive-race-with-balancer
        http2-stream-refused cloud-session-token-expired api-permission-missing oauth-scope-missing
        jwt-claims-mismatch telegram-bot-kicked-or-no-rights ssh-or-sftp-key-rejected
        file-or-template-missing inotify-watches-exhausted pool-too-small pg-starting-up
        vacuum-blocked-by-old-xmin stale-statistics-bad-plan pg-wal-archive-failing scheduler-missed-runs
        queue-backlog-consumers-too-slow cache-stampede cache-stale-after-update redis-loading-dataset
        await-missing-or-misused url-route-or-reverse-bug race-condition-check-then-act commit-missing
        external-response-not-json graceful-shutdown-too-short stale-client-bundle timezone-setting-wrong
        reverse-proxy-limits-too-low sql-syntax-error wrong-calculation-bug float-money-rounding
    """,
    Severity.LOW: """
        deep-offset-pagination redundant-indexes-slow-writes checkpoint-storm-small-max-wal
        skip-nowait-lock-conflict cold-start-after-deploy duplicate-client-submission jwt-expired
        upload-file-invalid nul-character-in-text
    """,
}

CATEGORY: Mapping[str, Category] = MappingProxyType(
    {mechanism: category for category, ids in _BY_CATEGORY.items() for mechanism in ids.split()}
)

#: What is usual when the report does not say whom it hits; high where the tables above say nothing.
SEVERITY: Mapping[str, Severity] = MappingProxyType(
    dict.fromkeys(CATEGORY, Severity.HIGH)
    | {mechanism: severity for severity, ids in _BY_SEVERITY.items() for mechanism in ids.split()}
)
