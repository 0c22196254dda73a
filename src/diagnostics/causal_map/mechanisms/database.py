"""Causes in the layer database."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="sqlalchemy-pool-exhausted-by-leak",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="Connections are never returned to the pool",
        title_ru="Соединения не возвращаются в пул",
        summary="Sessions/connections are checked out and never returned (exception path without close).",
        recognised_by=(
            "checked_out == size+overflow and does not fall when traffic stops; pg_stat_activity: all app "
            'backends "idle in transaction" (or idle) with state_age growing without bound, last query '
            "trivial; no thread is executing app code with them; loop/CPU idle."
        ),
        confusable_with=(
            "idle-in-transaction-blocks-writers",
            "pg-max-connections-by-app",
        ),
        causes=(
            Edge(effect="db-pool-exhausted", probability=0.85),
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="requests-slow", probability=0.6),
            Edge(effect="vacuum-blocked-by-old-xmin", probability=0.1),
        ),
        detect=DETECTORS["sqlalchemy-pool-exhausted-by-leak"],
        prior=3.0,
        remedies=(
            Remedy(
                id="sqlalchemy-pool-exhausted-by-leak/1",
                title="Return every connection",
                plan=("Context manager / yield dependency close",),
            ),
        ),
        verification="checked_out returns to 0 when idle",
        prevention=(
            "Sessions only from a yielding dependency or with block, and an alert on checked-out connections at rest."
        ),
    ),
    Mechanism(
        id="pg-max-connections-by-app",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="All connection slots of the server are taken",
        title_ru="Все слоты соединений сервера заняты",
        summary="workers x (pool_size+overflow) of our own app exceeds max_connections.",
        recognised_by=(
            "count(*) by application_name/usename: > 80 % are ours, mostly idle; total = max_connections - "
            "superuser_reserved; pool settings x worker count explains the number."
        ),
        confusable_with=(
            "pg-role-connection-limit",
            "sqlalchemy-pool-exhausted-by-leak",
        ),
        causes=(
            Edge(effect="db-slots-exhausted", probability=0.97),
            Edge(effect="db-unreachable", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        detect=DETECTORS["pg-max-connections-by-app"],
        prior=3.0,
        remedies=(
            Remedy(
                id="pg-max-connections-by-app/1",
                title="Smaller pools, pgbouncer",
                plan=("Smaller pools, pgbouncer",),
            ),
        ),
        verification="connections < 70 % of max under load",
        prevention=(
            "workers × (pool_size + max_overflow) kept below max_connections in one documented sum, or a pooler."
        ),
    ),
    Mechanism(
        id="pg-role-connection-limit",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="The role's connection limit is reached",
        title_ru="Достигнут лимит соединений роли",
        summary="ALTER ROLE/DATABASE ... CONNECTION LIMIT is smaller than the pool.",
        recognised_by=(
            "text names the role (or database); rolconnlimit/datconnlimit > 0 and equal to used; total "
            "backends far below max_connections."
        ),
        confusable_with=("pg-max-connections-by-app",),
        causes=(
            Edge(effect="db-slots-exhausted", probability=0.4),
            Edge(effect="db-unreachable", probability=0.7),
            Edge(effect="requests-fail", probability=0.7),
        ),
        detect=DETECTORS["pg-role-connection-limit"],
        prior=1.0,
        remedies=(
            Remedy(
                id="pg-role-connection-limit/1",
                title="Raise the limit",
                plan=("Raise the limit",),
                action="set-postgres-setting",
            ),
        ),
        verification="4th connection succeeds",
        prevention="The role's limit kept above the sum of the pools, with an alert at 80 % of it.",
    ),
    Mechanism(
        id="pg-server-down",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="PostgreSQL is not running",
        title_ru="PostgreSQL не запущен",
        summary="PostgreSQL is stopped.",
        recognised_by=(
            "TCP connect RST in < 5 ms on the right host/port; no postmaster process / postmaster.pid stale; "
            "host itself reachable; resolves to the expected address. Wrong host/port: process alive "
            "elsewhere, config differs from last good deploy."
        ),
        confusable_with=(
            "db-url-wrong-host-or-port",
            "tcp-port-filtered",
            "ipv6-localhost-preferred",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.99),
            Edge(effect="requests-fail", probability=0.95),
        ),
        detect=DETECTORS["pg-server-down"],
        prior=3.0,
        remedies=(
            Remedy(
                id="pg-server-down/1",
                title="Start it",
                plan=("Start it",),
            ),
        ),
        verification="select 1 ok",
        prevention="A supervisor and a replica with automatic failover, and a probe that opens a session.",
    ),
    Mechanism(
        id="pg-postmaster-frozen",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="PostgreSQL does not respond",
        title_ru="PostgreSQL не откликается",
        summary="Postmaster does not answer although the port accepts TCP (SIGSTOP, storage hang).",
        recognised_by=(
            'TCP connect succeeds in < 5 ms, but no authentication reply until connect_timeout ("timeout '
            'expired"); process state stopped (T) or D; existing sessions may still work. Filtered port: '
            "the TCP connect itself times out."
        ),
        confusable_with=(
            "tcp-port-filtered",
            "pg-max-connections-by-app",
        ),
        causes=(
            Edge(effect="db-pool-exhausted", probability=0.5),
            Edge(effect="db-unreachable", probability=0.97),
            Edge(effect="requests-slow", probability=0.9),
        ),
        detect=DETECTORS["pg-postmaster-frozen"],
        prior=1.0,
        remedies=(
            Remedy(
                id="pg-postmaster-frozen/1",
                title="SIGCONT / fix storage",
                plan=("SIGCONT / fix storage",),
            ),
        ),
        verification="connect < 100 ms",
        prevention=(
            "A probe with a deadline that opens a session and runs SELECT 1, and connect_timeout in every client."
        ),
    ),
    Mechanism(
        id="pg-restarted-stale-pool",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="Pooled connections did not survive a restart of PostgreSQL",
        title_ru="Соединения пула не пережили перезапуск PostgreSQL",
        summary="Server (or failover) restarted; pooled connections are dead and there is no pool_pre_ping.",
        recognised_by=(
            "pg_postmaster_start_time newer than the connections; burst of exactly <= pool size errors then "
            'recovery; server log "terminating connection due to administrator command". psycopg2 (libpq '
            "17) gives only the generic text for admin stop, idle timeout and crash alike: decide by server "
            "log / start time. psycopg3 gives AdminShutdown 57P01."
        ),
        confusable_with=(
            "pg-backend-crash-recovery",
            "idle-in-transaction-timeout-kills-session",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.7),
        ),
        detect=DETECTORS["pg-restarted-stale-pool"],
        prior=3.0,
        remedies=(
            Remedy(
                id="pg-restarted-stale-pool/1",
                title="pool_pre_ping / retry",
                plan=("pool_pre_ping / retry",),
            ),
        ),
        verification="restart again: no user-visible error",
        prevention="pool_pre_ping on, and a retry of transactions that lost their connection.",
    ),
    Mechanism(
        id="idle-in-transaction-timeout-kills-session",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="The idle-in-transaction timeout ends sessions",
        title_ru="Тайм-аут простоя в транзакции завершает сессии",
        summary="idle_in_transaction_session_timeout fires while code does slow work inside a transaction.",
        recognised_by=(
            "server log 25P03 line with the app pid; failure always Y s after the last statement; "
            "transaction open; setting value = Y (pg_settings / role setting)."
        ),
        confusable_with=("pg-restarted-stale-pool",),
        causes=(
            Edge(effect="idle-in-transaction-blocks-writers", probability=0.3),
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="idle-in-transaction-timeout-kills-session/1",
                title="Commit before slow work",
                plan=("Commit before slow work",),
            ),
        ),
        verification="import passes with timeout unchanged",
        prevention="Transactions that never wait for anything outside the database, so that the timeout never fires.",
    ),
    Mechanism(
        id="pg-backend-crash-recovery",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="A crashed backend reset all sessions",
        title_ru="Сбой процесса PostgreSQL сбросил все сессии",
        summary="One backend is SIGKILLed (OOM killer) and the postmaster resets all sessions.",
        recognised_by=(
            'server log: server process (PID n) was terminated by signal 9 + "terminating any other active '
            'server processes" + reinitializing; all backends have backend_start after that moment, '
            "postmaster start time unchanged; pg_stat counters reset to 0 afterwards (PG15)."
        ),
        confusable_with=(
            "pg-restarted-stale-pool",
            "cgroup-memory-oom-kill",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.8),
            Edge(effect="db-unreachable", probability=0.3),
            Edge(effect="pg-starting-up", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="pg-backend-crash-recovery/1",
                title="Fix memory (work_mem x connections), overcommit",
                plan=("Fix memory (work_mem x connections), overcommit",),
            ),
        ),
        verification="no signal 9 line in server log under load",
        prevention="Memory limits that spare the database (oom_score_adj), few native extensions, and core dumps kept.",
    ),
    Mechanism(
        id="replica-lag-stale-reads",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="A replica lags",
        title_ru="Реплика отстаёт",
        summary="Reads are routed to a replica that replays late.",
        recognised_by=(
            "row present on primary and absent on replica; pg_stat_replication replay_lsn behind sent_lsn "
            "(bytes > 0) or now()-pg_last_xact_replay_timestamp() large; cache disabled/consistent. Missing "
            "commit: row absent on the primary too."
        ),
        causes=(Edge(effect="wrong-data", probability=0.8),),
        detect=DETECTORS["replica-lag-stale-reads"],
        prior=2.0,
        remedies=(
            Remedy(
                id="replica-lag-stale-reads/1",
                title="Read-your-writes to primary / fix lag",
                plan=("Read-your-writes to primary / fix lag",),
            ),
        ),
        verification="read-after-write probe true",
        prevention="Reads after a write from the primary, and an alert on replay delay.",
    ),
    Mechanism(
        id="idle-in-transaction-blocks-writers",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A session idle in a transaction blocks writers",
        title_ru="Сессия, простаивающая в транзакции, блокирует запись",
        summary="A session updated rows and sits idle in transaction; writers of those rows wait.",
        recognised_by=(
            "root of pg_blocking_pids chain has state = idle in transaction, wait Client:ClientRead, "
            "xact_age large, state_age large; waiters Lock:transactionid/tuple. Long updater: root is "
            "ACTIVE. Prepared xact: blocker pid 0."
        ),
        confusable_with=("sqlalchemy-pool-exhausted-by-leak",),
        causes=(
            Edge(effect="db-lock-wait", probability=0.97),
            Edge(effect="requests-slow", probability=0.8),
        ),
        detect=DETECTORS["idle-in-transaction-blocks-writers"],
        prior=3.0,
        remedies=(
            Remedy(
                id="idle-in-transaction-blocks-writers/1",
                title="End the blocking session",
                plan=(
                    "End the transaction in code",
                    "terminate pid",
                ),
                action="terminate-session",
                irreversible=True,
            ),
        ),
        verification="update < 50 ms; no idle-in-tx > 5 s",
        prevention="idle_in_transaction_session_timeout for the application's role, and sessions in with blocks.",
    ),
    Mechanism(
        id="ddl-lock-queue",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A waiting schema change queues everybody behind it",
        title_ru="Ожидающее изменение схемы выстроило очередь",
        summary="ALTER TABLE waits behind a long reader and all later queries queue behind the ALTER.",
        recognised_by=(
            "one waiting AccessExclusiveLock (pg_locks granted=false, mode AccessExclusiveLock) whose "
            "blocker is an old SELECT/idle-in-tx; MANY selects with Lock:relation blocked by the ALTER pid; "
            "other tables fine; a deploy/migration in progress."
        ),
        confusable_with=(
            "idle-in-transaction-blocks-writers",
            "explicit-lock-table-job",
        ),
        causes=(
            Edge(effect="db-lock-wait", probability=0.97),
            Edge(effect="requests-slow", probability=0.9),
        ),
        detect=DETECTORS["ddl-lock-queue"],
        prior=3.0,
        remedies=(
            Remedy(
                id="ddl-lock-queue/1",
                title="Cancel the waiting schema change",
                plan=(
                    "Cancel ALTER",
                    "lock_timeout + retry in migrations",
                ),
                action="cancel-query",
                irreversible=True,
            ),
        ),
        verification="selects < 50 ms while migration retries",
        prevention=(
            "SET lock_timeout = '2s' with retries in every migration, and no migration while long transactions run."
        ),
    ),
    Mechanism(
        id="explicit-lock-table-job",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A maintenance job locks a table",
        title_ru="Сервисная задача блокирует таблицу",
        summary="A maintenance job runs LOCK TABLE / VACUUM FULL / CREATE INDEX (not concurrently).",
        recognised_by=(
            "blocker holds GRANTED AccessExclusive/Share lock on the relation and is active in VACUUM "
            "FULL/CREATE INDEX/LOCK TABLE (pg_stat_progress_*). In the DDL queue the strong lock is NOT "
            "granted yet."
        ),
        confusable_with=("ddl-lock-queue",),
        causes=(
            Edge(effect="db-lock-wait", probability=0.97),
            Edge(effect="requests-slow", probability=0.9),
        ),
        detect=DETECTORS["explicit-lock-table-job"],
        prior=2.0,
        remedies=(
            Remedy(
                id="explicit-lock-table-job/1",
                title="Cancel the maintenance statement",
                plan=("Use CONCURRENTLY / pg_repack",),
                action="cancel-query",
                irreversible=True,
            ),
        ),
        verification="writes < 50 ms during job",
        prevention="Maintenance in CONCURRENTLY forms with lock_timeout, outside of business hours.",
    ),
    Mechanism(
        id="long-transaction-blocks-writers",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A long transaction blocks writers",
        title_ru="Долгая транзакция блокирует запись",
        summary="A long statement or batch holds row locks that other writers want.",
        recognised_by=(
            "The root of the blocking chain is active, in an old transaction; waiters wait for transactionid or tuple."
        ),
        causes=(
            Edge(effect="db-lock-wait", probability=0.97),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["long-transaction-blocks-writers"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="long-transaction-blocks-writers/1",
                title="Cancel the long statement",
                plan=(
                    "Split the batch into small transactions",
                    "run it when nobody writes.",
                ),
                action="cancel-query",
                irreversible=True,
            ),
        ),
        prevention=(
            "Bulk changes in batches of some thousand rows with a commit after each, and statement_timeout for jobs."
        ),
    ),
    Mechanism(
        id="orphaned-prepared-transaction",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A prepared transaction was never finished",
        title_ru="Подготовленная транзакция не завершена",
        summary="A prepared transaction (two-phase commit) was never committed or rolled back and keeps its locks.",
        recognised_by="pg_blocking_pids returns 0; pg_prepared_xacts holds an old entry.",
        causes=(
            Edge(effect="db-lock-wait", probability=0.95),
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="vacuum-blocked-by-old-xmin", probability=0.3),
        ),
        detect=DETECTORS["orphaned-prepared-transaction"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="orphaned-prepared-transaction/1",
                title="COMMIT PREPARED or ROLLBACK PREPARED by the coordinator or by hand.",
                plan=("COMMIT PREPARED or ROLLBACK PREPARED by the coordinator or by hand.",),
            ),
        ),
        prevention=(
            "max_prepared_transactions = 0 unless a transaction manager is there, and an alert on "
            "pg_prepared_xacts older than a minute."
        ),
    ),
    Mechanism(
        id="missing-index-seq-scan",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="A frequent query has no index",
        title_ru="Частый запрос не имеет индекса",
        summary="A frequent selective filter has no usable index; every call scans the table.",
        recognised_by=(
            "pg_stat_user_tables.seq_scan and seq_tup_read/seq_scan ~ table size rise with calls, idx_scan 0 "
            "on that predicate; pg_stat_statements mean_exec_time high, rows/call tiny; EXPLAIN Seq Scan + "
            '"Rows Removed by Filter"; no lock waits; CPU/IO of postgres up. Stale stats: index exists and '
            "estimates are wrong by > 100x."
        ),
        confusable_with=(
            "table-bloat-autovacuum-off",
            "n-plus-one-queries",
        ),
        causes=(
            Edge(effect="db-queries-slow", probability=0.9),
            Edge(effect="requests-slow", probability=0.8),
        ),
        detect=DETECTORS["missing-index-seq-scan"],
        prior=3.0,
        remedies=(
            Remedy(
                id="missing-index-seq-scan/1",
                title="Create the missing index concurrently",
                plan=("CREATE INDEX CONCURRENTLY",),
                action="create-index",
            ),
        ),
        verification="EXPLAIN uses the index; mean_exec_time drops > 10x",
        prevention=(
            "EXPLAIN of new queries on production-size data in review, and sequential scans of big tables on "
            "the dashboard."
        ),
    ),
    Mechanism(
        id="work-mem-spill-to-disk",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Sorts spill to disk",
        title_ru="Сортировки уходят на диск",
        summary="Sort/hash does not fit in work_mem and spills to temp files.",
        recognised_by=(
            'EXPLAIN "Sort Method: external merge Disk: NkB"; pg_stat_database.temp_files/temp_bytes rise '
            "with calls; log_temp_files lines; indexes fine."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.8),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["work-mem-spill-to-disk"],
        prior=2.0,
        remedies=(
            Remedy(
                id="work-mem-spill-to-disk/1",
                title="Raise work_mem for the role/query",
                plan=("Raise work_mem for the role/query",),
                action="set-postgres-setting",
            ),
        ),
        verification="no new temp_files",
        prevention="log_temp_files on, and work_mem set for the roles that run reports.",
    ),
    Mechanism(
        id="generic-plan-regression",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="A generic plan is bad for skewed values",
        title_ru="Общий план плох для неравномерных данных",
        summary="Prepared statement switched to a generic plan that is bad for skewed values.",
        recognised_by=(
            "pg_prepared_statements.generic_plans > 0; auto_explain/EXPLAIN EXECUTE shows $1 in the "
            "condition and an averaged row estimate (150000) ; plan_cache_mode=force_custom_plan fixes; "
            "statistics fresh."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["generic-plan-regression"],
        prior=1.0,
        remedies=(
            Remedy(
                id="generic-plan-regression/1",
                title="plan_cache_mode / better stats",
                plan=("plan_cache_mode / better stats",),
            ),
        ),
        verification="custom plans used; latency equal to psql",
        prevention="auto_explain for slow statements, and plan_cache_mode chosen where values are skewed.",
    ),
    Mechanism(
        id="working-set-exceeds-buffer-cache",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="The hot data do not fit the buffer cache",
        title_ru="Горячие данные не помещаются в кэш",
        summary="shared_buffers (or RAM) is far smaller than the hot data: index lookups read blocks again and again.",
        recognised_by=(
            "blks_hit/(blks_hit+blks_read) < 90 % for an OLTP load that was > 99 %; blk_read_time high; "
            "plans unchanged and using indexes; shared_buffers/RAM changed or data grew. Missing index: "
            "seq_tup_read explodes."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["working-set-exceeds-buffer-cache"],
        prior=2.0,
        remedies=(
            Remedy(
                id="working-set-exceeds-buffer-cache/1",
                title="Bigger buffers/RAM",
                plan=("Bigger buffers/RAM",),
            ),
        ),
        verification="hit ratio > 99 %",
        prevention="Cache hit ratio and growth of hot tables on the dashboard, with old rows partitioned away.",
    ),
    Mechanism(
        id="redundant-indexes-slow-writes",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Redundant indexes slow writes",
        title_ru="Лишние индексы замедляют запись",
        summary="Many duplicate/unused indexes make every INSERT/UPDATE expensive.",
        recognised_by=(
            "idx_scan = 0 on several indexes with the same columns; WAL bytes per row high; insert time "
            "scales with the number of indexes; no lock waits, reads fast."
        ),
        confusable_with=("checkpoint-storm-small-max-wal",),
        causes=(
            Edge(effect="working-set-exceeds-buffer-cache", probability=0.3),
            Edge(effect="db-queries-slow", probability=0.4),
            Edge(effect="requests-slow", probability=0.4),
        ),
        detect=DETECTORS["redundant-indexes-slow-writes"],
        prior=1.0,
        remedies=(
            Remedy(
                id="redundant-indexes-slow-writes/1",
                title="Drop unused/duplicate indexes",
                plan=("Drop unused/duplicate indexes",),
            ),
        ),
        verification="insert time back",
        prevention="A quarterly look at unused and covered indexes, and review of each new one.",
    ),
    Mechanism(
        id="stale-statistics-bad-plan",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Planner statistics are stale",
        title_ru="Статистика планировщика устарела",
        summary="The planner works with old statistics and chooses bad plans.",
        recognised_by="The index exists, estimates are wrong by orders of magnitude, the last analyze is long ago.",
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["stale-statistics-bad-plan"],
        prior=2,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="stale-statistics-bad-plan/1",
                title="ANALYZE the table",
                plan=(
                    "ANALYZE the table",
                    "let autovacuum analyse more often.",
                ),
                action="analyze-table",
                irreversible=True,
            ),
        ),
        prevention=(
            "ANALYZE as the last step of every import and upgrade, and autovacuum thresholds scaled for big tables."
        ),
    ),
    Mechanism(
        id="index-build-failed-invalid",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="An index is invalid",
        title_ru="Индекс недействителен",
        summary="CREATE INDEX CONCURRENTLY failed half way and left an index that is maintained and not used.",
        recognised_by="pg_index.indisvalid is false.",
        causes=(
            Edge(effect="db-queries-slow", probability=0.5),
            Edge(effect="requests-slow", probability=0.4),
        ),
        detect=DETECTORS["index-build-failed-invalid"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="index-build-failed-invalid/1",
                title="DROP INDEX CONCURRENTLY and build it again.",
                plan=("DROP INDEX CONCURRENTLY and build it again.",),
            ),
        ),
        prevention="A check for invalid indexes after each migration that builds CONCURRENTLY.",
    ),
    Mechanism(
        id="pg-data-volume-full",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="The database's volume is full",
        title_ru="Том базы данных заполнен",
        summary="No space on the data/tablespace volume; INSERT/UPDATE fail.",
        recognised_by=(
            'SQLSTATE 53100 with "could not extend file"; statvfs of the data directory 0 %; reads work; '
            'app volume has space. Small /dev/shm: same SQLSTATE but text "could not resize shared memory '
            'segment" and only parallel queries fail.'
        ),
        confusable_with=("disk-full-app-volume",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["pg-data-volume-full"],
        prior=3.0,
        remedies=(
            Remedy(
                id="pg-data-volume-full/1",
                title="Free/extend, drop, vacuum",
                plan=("Free/extend, drop, vacuum",),
            ),
        ),
        verification="insert ok; free > 15 %",
        prevention=(
            "An alert on the predicted time until full, max_slot_wal_keep_size, and a ballast file to delete in need."
        ),
    ),
    Mechanism(
        id="table-bloat-autovacuum-off",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="A table is bloated",
        title_ru="Таблица раздута",
        summary="Autovacuum disabled/too slow on a heavily updated table; dead tuples dominate.",
        recognised_by=(
            "n_dead_tup >> n_live_tup, last_autovacuum null/old, reloptions autovacuum_enabled=off (or "
            "global off); relation size >> rows x width; no old xmin holder; VACUUM fixes scan cost. Old "
            "xmin: VACUUM removes nothing."
        ),
        confusable_with=("missing-index-seq-scan",),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.6),
        ),
        detect=DETECTORS["table-bloat-autovacuum-off"],
        prior=3.0,
        remedies=(
            Remedy(
                id="table-bloat-autovacuum-off/1",
                title="VACUUM (FULL/pg_repack), enable autovacuum",
                plan=("VACUUM (FULL/pg_repack), enable autovacuum",),
            ),
        ),
        verification="dead/live < 0.2, count(*) back",
        prevention=(
            "Autovacuum never switched off, per-table thresholds for busy tables, and dead rows on the dashboard."
        ),
    ),
    Mechanism(
        id="sequence-exhausted-int4",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="A key sequence is exhausted",
        title_ru="Последовательность исчерпана",
        summary="Serial/int4 key sequence reached 2147483647.",
        recognised_by=(
            "SQLSTATE 2200H (sequence) or 22003 integer out of range (bigint sequence into int4 column); "
            "pg_sequences.last_value = max_value; only INSERT of that table fails."
        ),
        confusable_with=(
            "sequence-desync-after-import",
            "numeric-overflow-input",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["sequence-exhausted-int4"],
        prior=2.0,
        remedies=(
            Remedy(
                id="sequence-exhausted-int4/1",
                title="bigint migration",
                plan=("bigint migration",),
            ),
        ),
        verification="insert ok; last_value/max < 50 %",
        prevention="bigint keys from the start, and an alert at 70 % of each sequence.",
    ),
    Mechanism(
        id="txid-wraparound-protection",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Transaction ids are used up",
        title_ru="Исчерпаны идентификаторы транзакций",
        summary="Oldest xid too old; server refuses new xids.",
        recognised_by=(
            "SQLSTATE 54000; age(datfrozenxid) > 2.1e9 (or wrapped/negative in a lab); reads work; "
            'autovacuum workers "to prevent wraparound" were running or blocked.'
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["txid-wraparound-protection"],
        prior=1.0,
        remedies=(
            Remedy(
                id="txid-wraparound-protection/1",
                title="Remove xmin holders, VACUUM FREEZE",
                plan=("Remove xmin holders, VACUUM FREEZE",),
            ),
        ),
        verification="age < 2e8; insert ok",
        prevention="An alert on age(datfrozenxid) above 500 million, and no transaction or slot that lives for days.",
    ),
    Mechanism(
        id="data-page-corruption",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Data pages are damaged",
        title_ru="Страницы данных повреждены",
        summary="A heap/index page is damaged (storage, bad copy).",
        recognised_by=(
            "SQLSTATE XX001/XX002; pg_stat_database.checksum_failures > 0; WARNING page verification failed; "
            "always the same relation/block; deterministic."
        ),
        confusable_with=(
            "missing-index-seq-scan",
            "pg-backend-crash-recovery",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.7),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        remedies=(
            Remedy(
                id="data-page-corruption/1",
                title="Restore from backup",
                plan=("Restore from backup",),
            ),
        ),
        verification="pg_amcheck / count(*) clean",
        prevention="Data checksums on, restores tried every month, and ECC memory and disks that are watched.",
    ),
    Mechanism(
        id="replication-slot-retains-wal",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="A replication slot retains WAL",
        title_ru="Слот репликации удерживает WAL",
        summary="A replication slot whose consumer is gone keeps WAL until the disk is full.",
        recognised_by="pg_replication_slots: inactive, restart_lsn far behind.",
        causes=(Edge(effect="pg-data-volume-full", probability=0.3),),
        detect=DETECTORS["replication-slot-retains-wal"],
        prior=1,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="replication-slot-retains-wal/1",
                title="Start the consumer or drop the slot",
                plan=(
                    "Start the consumer or drop the slot",
                    "set max_slot_wal_keep_size.",
                ),
            ),
        ),
        prevention="max_slot_wal_keep_size set, and an alert on inactive slots.",
    ),
    Mechanism(
        id="pgbouncer-pool-exhausted",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="The pooler has no server connection free",
        title_ru="В пулере нет свободных серверных соединений",
        summary=(
            "All server connections of a PgBouncer pool are in use, so clients wait in its queue until "
            "query_wait_timeout."
        ),
        recognised_by=(
            "SHOW POOLS: cl_waiting > 0, sv_idle 0, maxwait grows; message query_wait_timeout or no more "
            "connections allowed (max_client_conn); PostgreSQL itself has free slots, and a direct "
            "connection is fast."
        ),
        confusable_with=(
            "sqlalchemy-pool-exhausted-by-leak",
            "pg-max-connections-by-app",
            "pool-too-small",
        ),
        causes=(
            Edge(effect="db-pool-exhausted", probability=0.7),
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="db-unreachable", probability=0.3),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pgbouncer-pool-exhausted/1",
                title="End what holds the connections, then size the pool",
                plan=(
                    "SHOW POOLS and SHOW CLIENTS",
                    "end sessions idle in transaction",
                    "default_pool_size so that all pools fit max_connections",
                    "transaction pooling, short transactions",
                ),
            ),
        ),
        verification="cl_waiting 0 under load",
        prevention="An alert on cl_waiting and maxwait, and idle_in_transaction_session_timeout behind the pooler.",
    ),
    Mechanism(
        id="pg-starting-up",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="PostgreSQL is still starting or shutting down",
        title_ru="PostgreSQL ещё запускается или останавливается",
        summary="The server accepts TCP but refuses sessions while it replays WAL, starts or stops.",
        recognised_by=(
            "SQLSTATE 57P03 with the database system is starting up, is shutting down or is in recovery "
            "mode; the server's log shows redo in progress; ends by itself unless it repeats (then it is a "
            "crash)."
        ),
        confusable_with=(
            "pg-server-down",
            "pg-backend-crash-recovery",
            "pg-postmaster-frozen",
        ),
        causes=(
            Edge(effect="db-unreachable", probability=0.95),
            Edge(effect="requests-fail", probability=0.9),
        ),
        detect=DETECTORS["pg-starting-up"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pg-starting-up/1",
                title="Let it finish, and find why it started",
                plan=(
                    "Follow the server's log: redo progress and its reason",
                    "do not kill it during recovery",
                    "clients retry with backoff for a minute",
                    "when it repeats, look for an OOM kill or a full volume",
                ),
            ),
        ),
        verification="a session opens and pg_is_in_recovery() is false",
        prevention=(
            "Clients that wait for the database at their start, and checkpoints frequent enough for a short recovery."
        ),
    ),
    Mechanism(
        id="idle-session-timeout-kills-pooled",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="idle_session_timeout ends pooled connections",
        title_ru="idle_session_timeout завершает соединения пула",
        summary=(
            "idle_session_timeout (PostgreSQL 14+) on the server or role ends connections that wait in a "
            "pool, and the pool hands out dead ones."
        ),
        recognised_by=(
            "SQLSTATE 57P05 terminating connection due to idle-session timeout in the server's log; errors "
            "after quiet times only, on first use of a connection; the setting is above 0 and shorter than "
            "pool_recycle; transactions are not idle (then 25P03)."
        ),
        confusable_with=(
            "idle-in-transaction-timeout-kills-session",
            "idle-connection-dropped-by-middlebox",
            "pg-restarted-stale-pool",
        ),
        causes=(
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="unhandled-exception", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="idle-session-timeout-kills-pooled/1",
                title="Recycle connections sooner than the server ends them",
                plan=(
                    "pool_pre_ping=True",
                    "pool_recycle below idle_session_timeout",
                    "or ALTER ROLE app SET idle_session_timeout = 0 for pooled applications",
                ),
            ),
        ),
        verification="no 57P05 after an hour of silence",
        prevention="Timeouts of server and pool kept side by side in one place, and pool_pre_ping.",
    ),
    Mechanism(
        id="standby-query-cancelled",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="A standby cancels queries for recovery",
        title_ru="Реплика отменяет запросы из-за восстановления",
        summary=(
            "Replay of WAL on the standby conflicts with a running read (vacuumed rows, locks), and after "
            "max_standby_streaming_delay the read is cancelled."
        ),
        recognised_by=(
            "SQLSTATE 40001 canceling statement due to conflict with recovery, DETAIL names rows, lock or "
            "buffer pin; only long reads on a standby; pg_stat_database_conflicts rises there; the primary "
            "is fine."
        ),
        confusable_with=(
            "serialization-failure-no-retry",
            "statement-timeout-too-low",
            "replica-lag-stale-reads",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="standby-query-cancelled/1",
                title="Let replay wait, or retry the read",
                plan=(
                    "Retry the read",
                    (
                        "hot_standby_feedback = on (bloat on the primary is the price) or a longer "
                        "max_standby_streaming_delay on a replica for reports"
                    ),
                    "shorter reports",
                ),
            ),
        ),
        verification="pg_stat_database_conflicts flat while the report runs",
        prevention="Long reports on a replica of their own whose delay settings are made for them.",
    ),
    Mechanism(
        id="synchronous-standby-missing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_CONNECTION,
        title="Commits wait for a synchronous standby that is gone",
        title_ru="Фиксации ждут отсутствующую синхронную реплику",
        summary="synchronous_standby_names names a standby that is not connected, so every commit waits forever.",
        recognised_by=(
            "Sessions active with wait_event SyncRep in COMMIT; reads work and writes hang; no lock waits; "
            "pg_stat_replication has no row with sync_state sync; cancel prints canceling wait for "
            "synchronous replication."
        ),
        confusable_with=(
            "long-transaction-blocks-writers",
            "disk-io-saturated",
            "track-commit-slow-fsync",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
            Edge(effect="db-pool-exhausted", probability=0.7),
            Edge(effect="db-queries-slow", probability=0.4),
        ),
        detect=DETECTORS["synchronous-standby-missing"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="synchronous-standby-missing/1",
                title="Bring the standby back or commit without it",
                plan=(
                    "Start the standby or repair its connection",
                    (
                        "to go on without it: ALTER SYSTEM SET synchronous_standby_names = '' and "
                        "pg_reload_conf(): waiting commits go on at once"
                    ),
                    "set it again when the standby has caught up",
                ),
            ),
        ),
        verification="no session waits on SyncRep and a write commits fast",
        prevention="ANY 1 (a, b) with two standbys, and an alert when no standby is in state sync.",
    ),
    Mechanism(
        id="advisory-lock-held",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="An advisory lock is held and never released",
        title_ru="Рекомендательная блокировка не освобождается",
        summary=(
            "A session holds pg_advisory_lock (often across a pooled connection), and everybody who wants "
            "the same key waits or skips the work."
        ),
        recognised_by=(
            "pg_locks has locktype advisory granted to a session that is idle, and waiters on the same key "
            "with wait_event advisory; no table or row is blocked; the job or migration with this key never "
            "runs; survives commit, ends with the session."
        ),
        confusable_with=(
            "idle-in-transaction-blocks-writers",
            "explicit-lock-table-job",
            "orphaned-prepared-transaction",
        ),
        causes=(
            Edge(effect="db-lock-wait", probability=0.8),
            Edge(effect="jobs-stall", probability=0.6),
            Edge(effect="requests-slow", probability=0.4),
        ),
        detect=DETECTORS["advisory-lock-held"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="advisory-lock-held/1",
                title="End the holder and use transaction-level locks",
                plan=(
                    "Find the holder: SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory' AND granted",
                    "pg_terminate_backend(pid) when its owner is gone",
                    "use pg_advisory_xact_lock or pg_try_advisory_lock with finally: unlock",
                    "no session locks through a transaction pooler",
                ),
                action="terminate-session",
                irreversible=True,
            ),
        ),
        verification="no ungranted advisory lock, the job runs",
        prevention="pg_advisory_xact_lock instead of session locks, and a lock_timeout for those who wait.",
    ),
    Mechanism(
        id="max-locks-per-transaction",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="The shared lock table is full",
        title_ru="Таблица блокировок сервера переполнена",
        summary="A transaction touches so many tables or partitions that the shared lock table overflows.",
        recognised_by=(
            "SQLSTATE 53200 out of shared memory with HINT: You might need to increase "
            "max_locks_per_transaction; the statement spans thousands of partitions, or is a dump or a DROP "
            "SCHEMA; memory of the host is free."
        ),
        confusable_with=(
            "pg-out-of-memory",
            "shared-memory-too-small",
            "pg-max-connections-by-app",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="max-locks-per-transaction/1",
                title="Touch fewer relations or raise the limit",
                plan=(
                    "Prune partitions: filter by the partition key, fewer and bigger partitions",
                    "split the job into several transactions",
                    "raise max_locks_per_transaction (needs a restart; same or higher on standbys)",
                ),
            ),
        ),
        verification="the statement passes, count(*) of pg_locks well below the limit",
        prevention="A bound on the number of partitions, and a look at count(*) of pg_locks during the biggest job.",
    ),
    Mechanism(
        id="sqlite-database-locked",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="SQLite is locked by another writer",
        title_ru="SQLite заблокирован другим писателем",
        summary=(
            "Several processes or threads write to one SQLite file, and the second writer gives up after its timeout."
        ),
        recognised_by=(
            "sqlite3.OperationalError: database is locked (SQLITE_BUSY) or database table is locked; the URL "
            "is sqlite; journal_mode is delete, or a long write transaction or a network filesystem is "
            "there; no PostgreSQL is concerned."
        ),
        confusable_with=(
            "lock-timeout-too-low",
            "idle-in-transaction-blocks-writers",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="requests-slow", probability=0.4),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="sqlite-database-locked/1",
                title="One short writer at a time, in WAL mode",
                plan=(
                    "PRAGMA journal_mode=WAL and busy_timeout=5000",
                    "BEGIN IMMEDIATE for writes, commit soon",
                    "one writer process; no network filesystem",
                    "PostgreSQL when writers are many",
                ),
            ),
        ),
        verification="parallel writes pass without a locked error",
        prevention="WAL mode and a busy timeout from the start, and PostgreSQL before a second worker process writes.",
    ),
    Mechanism(
        id="hot-row-contention",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="Many transactions update the same row",
        title_ru="Много транзакций обновляют одну строку",
        summary=(
            "A counter, balance or slot row is updated by everybody, so transactions queue for its row lock "
            "one after another."
        ),
        recognised_by=(
            "Many waiters on tuple or transactionid with the same statement and short waits each; blockers "
            "change from sample to sample, are active and run the same statement; no forgotten or old "
            "transaction at the root; throughput is bounded by 1 / transaction time."
        ),
        confusable_with=(
            "idle-in-transaction-blocks-writers",
            "long-transaction-blocks-writers",
            "deadlock-app-lock-order",
        ),
        causes=(
            Edge(effect="db-lock-wait", probability=0.9),
            Edge(effect="requests-slow", probability=0.8),
            Edge(effect="requests-fail", probability=0.2),
        ),
        detect=DETECTORS["hot-row-contention"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="hot-row-contention/1",
                title="Shorten the time under the lock, or spread the row",
                plan=(
                    "Update the hot row last and commit right after it",
                    "no external call between lock and commit",
                    "spread a counter over n rows, or insert deltas and sum them later",
                    "SELECT … FOR UPDATE SKIP LOCKED where any row will do",
                ),
            ),
        ),
        verification="waiters on the row vanish at the same request rate",
        prevention=(
            "A load test with the skew of real users, and counters that are inserted and summed instead of updated."
        ),
    ),
    Mechanism(
        id="optimistic-lock-conflict",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_LOCKS,
        title="A row was changed by somebody else meanwhile",
        title_ru="Строку успел изменить кто-то другой",
        summary=(
            "Version-checked updates find no row because a concurrent transaction changed or deleted it, and "
            "the code does not retry."
        ),
        recognised_by=(
            "StaleDataError UPDATE statement expected to update 1 row(s); 0 were matched, or a version or "
            "ETag conflict; immediate, without a lock wait or SQLSTATE; same object from two clients or a "
            "double click."
        ),
        confusable_with=(
            "serialization-failure-no-retry",
            "race-condition-check-then-act",
            "deadlock-app-lock-order",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="optimistic-lock-conflict/1",
                title="Reload and retry, or answer 409",
                plan=(
                    "Catch StaleDataError, roll back, load again, apply again a bounded number of times",
                    "answer 409 with the present state where a person must decide",
                    "make the request idempotent",
                ),
            ),
        ),
        verification="two parallel edits end in one success and one 409",
        prevention="A concurrency test on each versioned entity, and 409 in the API's contract.",
    ),
    Mechanism(
        id="pg-wal-archive-failing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Archiving of WAL fails",
        title_ru="Архивирование WAL завершается ошибкой",
        summary="archive_command fails, so PostgreSQL keeps every WAL segment and the volume fills up.",
        recognised_by=(
            "pg_stat_archiver.failed_count rises and last_failed_time is later than last_archived_time; "
            "server log: archive command failed with exit code; many .ready files in pg_wal/archive_status; "
            "no slot retains WAL."
        ),
        confusable_with=(
            "replication-slot-retains-wal",
            "pg-data-volume-full",
        ),
        causes=(
            Edge(effect="pg-data-volume-full", probability=0.4),
            Edge(effect="requests-fail", probability=0.2),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pg-wal-archive-failing/1",
                title="Repair the archive, do not delete WAL",
                plan=(
                    "Run the archive command by hand as the server's user",
                    "repair credentials, space or network of the target",
                    "watch pg_stat_archiver catch up",
                    "never delete from pg_wal by hand",
                ),
            ),
        ),
        verification="last_archived_time advances, no .ready files pile up",
        prevention="An alert on pg_stat_archiver.failed_count and on the size of pg_wal.",
    ),
    Mechanism(
        id="vacuum-blocked-by-old-xmin",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="An old transaction keeps vacuum from cleaning up",
        title_ru="Старая транзакция мешает очистке таблиц",
        summary=(
            "A transaction, prepared transaction, slot or standby feedback from long ago holds the xmin "
            "horizon, so vacuum cannot remove dead rows anywhere in the database."
        ),
        recognised_by=(
            "pg_stat_activity has a backend_xmin that is hours old (or pg_prepared_xacts, a slot's xmin); "
            "VACUUM VERBOSE says dead row versions cannot be removed yet, oldest xmin; autovacuum runs often "
            "and dead rows still grow; autovacuum is on."
        ),
        confusable_with=(
            "table-bloat-autovacuum-off",
            "stale-statistics-bad-plan",
            "idle-in-transaction-blocks-writers",
            "orphaned-prepared-transaction",
            "replication-slot-retains-wal",
        ),
        causes=(
            Edge(effect="table-bloat-autovacuum-off", probability=0.6),
            Edge(effect="db-queries-slow", probability=0.5),
            Edge(effect="requests-slow", probability=0.5),
        ),
        detect=DETECTORS["vacuum-blocked-by-old-xmin"],
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="vacuum-blocked-by-old-xmin/1",
                title="End the old transaction, then vacuum",
                plan=(
                    "Find it: pg_stat_activity ordered by xact_start, pg_prepared_xacts, pg_replication_slots",
                    "end it: pg_terminate_backend, ROLLBACK PREPARED, drop the dead slot",
                    "VACUUM (VERBOSE, ANALYZE) the bloated tables",
                    "idle_in_transaction_session_timeout for the role",
                ),
                action="terminate-session",
                irreversible=True,
            ),
        ),
        verification="VACUUM VERBOSE reports that dead rows were removed",
        prevention="idle_in_transaction_session_timeout, and an alert on the age of the oldest transaction.",
    ),
    Mechanism(
        id="index-collation-changed",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="An index was built with another collation",
        title_ru="Индекс построен с другой версией сортировки",
        summary=(
            "An upgrade of glibc or ICU changed the order of texts, so B-tree indexes on text are no longer "
            "sorted: rows are not found and unique keys double."
        ),
        recognised_by=(
            "WARNING database has a collation version mismatch; the same row is found by a sequential scan "
            "and not by index; amcheck bt_index_check fails; begins after a new OS image or a physical "
            "replica on another OS; only text keys."
        ),
        confusable_with=(
            "data-page-corruption",
            "missing-index-seq-scan",
        ),
        causes=(
            Edge(effect="wrong-data", probability=0.7),
            Edge(effect="db-statement-rejected", probability=0.3),
            Edge(effect="requests-fail", probability=0.3),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="index-collation-changed/1",
                title="Rebuild indexes on texts",
                plan=(
                    "amcheck all B-tree indexes",
                    "remove doubled rows of unique keys",
                    "REINDEX DATABASE CONCURRENTLY (or the indexes on text)",
                    "ALTER DATABASE … REFRESH COLLATION VERSION",
                ),
            ),
        ),
        verification="bt_index_check passes and no version mismatch is reported",
        prevention=(
            "REINDEX as a step of every OS upgrade under a database, or the builtin C.UTF-8 or ICU collations pinned."
        ),
    ),
    Mechanism(
        id="pg-out-of-memory",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="PostgreSQL could not allocate memory",
        title_ru="PostgreSQL не смог выделить память",
        summary=(
            "A backend asks for memory that the host or its limit does not give (work_mem × many nodes, huge "
            "IN lists, giant values)."
        ),
        recognised_by=(
            "SQLSTATE 53200 out of memory, DETAIL Failed on request of size …; without the hint of "
            "max_locks_per_transaction; server log has the memory context dump; one statement with many "
            "sorts, hashes or parameters; memory of the host is short or vm.overcommit_memory=2."
        ),
        confusable_with=(
            "max-locks-per-transaction",
            "host-memory-exhausted",
            "cgroup-memory-oom-kill",
            "pg-backend-crash-recovery",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="db-unreachable", probability=0.2),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="pg-out-of-memory/1",
                title="Ask for less memory at once",
                plan=(
                    "Find the statement in the server's log",
                    "lower work_mem and hash_mem_multiplier for the role",
                    "cut IN lists and batches",
                    "fewer connections; shared_buffers at a quarter of memory",
                ),
            ),
        ),
        verification="the statement passes, MemAvailable stays above 15 %",
        prevention="work_mem × connections × nodes kept below memory, and batches with a bound.",
    ),
    Mechanism(
        id="track-commit-slow-fsync",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Commits are slow because storage flushes slowly",
        title_ru="Фиксации медленные: хранилище долго сбрасывает данные",
        summary=(
            "Each commit waits for the WAL to reach the disk, and a flush takes tens of milliseconds "
            "(network volume out of credits, no write cache, a noisy neighbour)."
        ),
        recognised_by=(
            "Sessions active in COMMIT with wait_event WALSync or WALWrite; reads stay fast; pg_test_fsync "
            "shows few flushes a second; no lock waits and no SyncRep; one big transaction is fast and many "
            "small ones are slow."
        ),
        confusable_with=(
            "disk-io-saturated",
            "checkpoint-storm-small-max-wal",
            "synchronous-standby-missing",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.7),
            Edge(effect="db-queries-slow", probability=0.5),
        ),
        detect=DETECTORS["track-commit-slow-fsync"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="track-commit-slow-fsync/1",
                title="Fewer or faster flushes",
                plan=(
                    "Measure with pg_test_fsync and iostat -x",
                    "batch writes into one transaction",
                    "WAL on its own fast volume; more provisioned IOPS",
                    "synchronous_commit = off only for data that may be lost",
                ),
            ),
        ),
        verification="commit latency below 10 ms in pg_test_fsync and in the application",
        prevention=(
            "Storage sized by flush latency, with the volume's burst credits and WALSync waits on the dashboard."
        ),
    ),
    Mechanism(
        id="subtransaction-overflow",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.DB_PERFORMANCE_STORAGE,
        title="Too many savepoints in a transaction slow everybody",
        title_ru="Слишком много точек сохранения тормозит всех",
        summary=(
            "Transactions with more than 64 subtransactions (savepoints, EXCEPTION blocks) overflow the "
            "cache, and every snapshot then looks them up in pg_subtrans."
        ),
        recognised_by=(
            "Wait events SubtransSLRU or SubtransBuffer in many sessions, worse on standbys while a long "
            "transaction is open; simple reads become slow on all tables; loops with begin_nested or "
            "PL/pgSQL exception blocks; no lock waits."
        ),
        confusable_with=(
            "working-set-exceeds-buffer-cache",
            "long-transaction-blocks-writers",
        ),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["subtransaction-overflow"],
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="subtransaction-overflow/1",
                title="Fewer savepoints, shorter transactions",
                plan=(
                    "End the long transaction that is open beside it",
                    "replace begin_nested per row by INSERT … ON CONFLICT or a batch",
                    "commit every few dozen rows",
                    "raise subtransaction_buffers (PostgreSQL 17+)",
                ),
            ),
        ),
        verification="no session waits on Subtrans events",
        prevention="No savepoint inside loops (ORM create-or-get), and a limit on transaction length.",
    ),
    Mechanism(
        id="partition-missing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="No partition exists for the new rows",
        title_ru="Для новых строк нет раздела таблицы",
        summary=(
            "A partitioned table has no partition for the value (usually the new day or month), so inserts "
            "fail from one moment on."
        ),
        recognised_by=(
            "SQLSTATE 23514 no partition of relation … found for row, DETAIL with the key; begins at "
            "midnight or on the first of a month, without a deploy; old dates still work; the job that "
            "creates partitions did not run."
        ),
        confusable_with=(
            "check-constraint-violation",
            "migration-missing-table",
            "scheduler-missed-runs",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="partition-missing/1",
                title="Create the partition, then the ones to come",
                plan=(
                    "CREATE TABLE … PARTITION OF … FOR VALUES FROM … TO …",
                    "repeat or replay the failed writes",
                    "repair the job (pg_partman, cron) and create several periods ahead",
                    "a DEFAULT partition as a net",
                ),
            ),
        ),
        verification="an insert with today's key passes",
        prevention="Partitions created well ahead, with an alert when fewer than two future ones exist.",
    ),
    Mechanism(
        id="row-level-security-policy-blocks",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="A row-level security policy hides or refuses rows",
        title_ru="Политика RLS скрывает или отвергает строки",
        summary=(
            "RLS is enabled and no policy fits the role or the session's tenant setting, so rows are "
            "invisible or writes are refused."
        ),
        recognised_by=(
            "SQLSTATE 42501 new row violates row-level security policy for table, or empty results as the "
            "application's role while the owner sees rows; pg_class.relrowsecurity is true; the session "
            "variable of the policy (app.tenant_id) is unset or lost by the pooler."
        ),
        confusable_with=(
            "db-role-missing-grant",
            "wrong-environment-mixed-up",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.7),
            Edge(effect="requests-fail", probability=0.7),
            Edge(effect="wrong-data", probability=0.4),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="row-level-security-policy-blocks/1",
                title="Set the session's context, or write the policy",
                plan=(
                    "SELECT * FROM pg_policies for the table",
                    "SET LOCAL app.tenant_id in each transaction (transaction poolers lose session settings)",
                    "add the policy for the role and command, WITH CHECK for writes",
                ),
            ),
        ),
        verification="the application's role reads and writes its own rows and no others",
        prevention="Tests that run as the application's role, not as the owner, for each tenant and command.",
    ),
    Mechanism(
        id="generated-or-view-column-not-updatable",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="Code writes a column that cannot be written",
        title_ru="Код пишет в столбец, который нельзя изменять",
        summary=(
            "The statement sets a generated column, a GENERATED ALWAYS identity or a column of a view that "
            "is not updatable."
        ),
        recognised_by=(
            "SQLSTATE 428C9 cannot insert a non-DEFAULT value into column (generated or identity), or "
            "55000/0A000 cannot update view; every write of this table fails alike; the definition changed "
            "with a migration, or the model lacks Computed or Identity."
        ),
        confusable_with=(
            "db-role-missing-grant",
            "column-type-mismatch",
            "new-not-null-column-old-code",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="generated-or-view-column-not-updatable/1",
                title="Leave the column to the database",
                plan=(
                    "Mark it Computed or Identity(always=True) in the model and drop it from INSERT and UPDATE",
                    "OVERRIDING SYSTEM VALUE only for imports",
                    "for a view write to its table or add an INSTEAD OF trigger",
                ),
            ),
        ),
        verification="an insert and an update through the ORM pass",
        prevention="Integration tests that insert through the models against a database made by the migrations.",
    ),
    Mechanism(
        id="on-conflict-constraint-missing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="ON CONFLICT names no unique constraint",
        title_ru="ON CONFLICT не находит уникального ограничения",
        summary=(
            "An upsert names columns for which the database has no unique index (never created, partial, or dropped)."
        ),
        recognised_by=(
            "SQLSTATE 42P10 there is no unique or exclusion constraint matching the ON CONFLICT "
            "specification; every such upsert fails; \\d shows no unique index on just these columns, or one "
            "with a WHERE the statement does not repeat."
        ),
        confusable_with=(
            "migration-not-applied-missing-column",
            "duplicate-client-submission",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="on-conflict-constraint-missing/1",
                title="Create the unique index that the upsert names",
                plan=(
                    "Remove doubles",
                    "CREATE UNIQUE INDEX CONCURRENTLY on the columns",
                    "for a partial index repeat its WHERE in ON CONFLICT",
                    "run the pending migration where it has the index",
                ),
            ),
        ),
        verification="the upsert passes twice with the same key",
        prevention="Upserts tested against a schema that migrations made, not metadata.create_all.",
    ),
    Mechanism(
        id="division-or-domain-error-in-sql",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="A calculation in SQL has no result",
        title_ru="Вычисление в SQL не имеет результата",
        summary="A division by zero, a logarithm of zero or a cast fails on some row that the statement meets.",
        recognised_by=(
            "SQLSTATE 22012 division by zero, 2201E/2201F, or 22P02 invalid input syntax inside an "
            "expression; only with certain rows or parameters (an empty group, a zero price); the schema is "
            "unchanged."
        ),
        confusable_with=(
            "numeric-overflow-input",
            "unparsable-date-or-number",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="unhandled-exception", probability=0.6),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="division-or-domain-error-in-sql/1",
                title="Guard the expression",
                plan=(
                    "NULLIF(divisor, 0) and COALESCE the result",
                    "CASE before casts",
                    "find the rows that have the value and decide what it means",
                ),
            ),
        ),
        verification="the statement passes for the row that failed",
        prevention=(
            "Tests with empty groups and zeros for each report, and CHECK constraints against impossible values."
        ),
    ),
    Mechanism(
        id="enum-value-missing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="The database's enum lacks a value",
        title_ru="В перечислении базы нет значения",
        summary=(
            "The code writes an enum value that the database type does not have (a pending ALTER TYPE ADD "
            "VALUE), or reads one that it does not know."
        ),
        recognised_by=(
            "SQLSTATE 22P02 invalid input value for enum …: \"x\", or Python LookupError 'x' is not among "
            "the defined enum values; only for the new value; pg_enum lacks it (or the model does)."
        ),
        confusable_with=(
            "migration-not-applied-missing-column",
            "column-type-mismatch",
            "check-constraint-violation",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="unhandled-exception", probability=0.6),
            Edge(effect="requests-fail", probability=0.7),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="enum-value-missing/1",
                title="Add the value, in the right order",
                plan=(
                    "ALTER TYPE … ADD VALUE IF NOT EXISTS 'x' (not used in the same transaction)",
                    "deploy readers that know the value before writers",
                    "Alembic does not see enum changes: write the migration by hand",
                ),
            ),
        ),
        verification="a row with the value can be written and read",
        prevention=(
            "A test that compares Python enums with pg_enum, and migrations before the code that writes the value."
        ),
    ),
    Mechanism(
        id="function-or-extension-missing",
        kind=Kind.CAUSE,
        layer=Layer.DATABASE,
        category=Category.SCHEMA_OR_DATA,
        title="A function or extension is not installed",
        title_ru="Функция или расширение не установлены",
        summary=(
            "The statement uses a function, operator or type that this database has not: an extension was "
            "not created, or it is outside search_path."
        ),
        recognised_by=(
            "SQLSTATE 42883 function … does not exist, 42704 type … does not exist, or could not open "
            "extension control file; pg_extension lacks it here and has it in the other environment; tables "
            "and columns exist."
        ),
        confusable_with=(
            "migration-missing-table",
            "column-type-mismatch",
            "wrong-environment-mixed-up",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.95),
            Edge(effect="requests-fail", probability=0.8),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="function-or-extension-missing/1",
                title="Create the extension in this database",
                plan=(
                    "CREATE EXTENSION IF NOT EXISTS … in the migration (needs the right, or the provider's list)",
                    "install the package for the server's version",
                    "check search_path and the argument types",
                ),
            ),
        ),
        verification="the function can be called in the application's session",
        prevention="CREATE EXTENSION as the first migration, and staging on the same server image.",
    ),
)
