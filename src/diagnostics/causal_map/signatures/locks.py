"""Texts of waits and conflicts between transactions."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "idle-in-transaction-blocks-writers": [
            (r"canceling statement due to lock timeout", 2.0),
            (r"LockNotAvailable|55P03", 1.5),
            (r"CONTEXT: +while (?:updating|locking|deleting) tuple", 3.5),
            (r"still waiting for \w+Lock on (?:transaction|tuple|relation)", 2.5),
            (r"Lock wait timeout exceeded", 3.0),
            (r"idle in transaction", 2.5),
        ],
        "ddl-lock-queue": [
            (r"canceling statement due to lock timeout", 1.5),
            (r"AccessExclusiveLock", 3.5),
            (r"(?:ALTER|DROP|TRUNCATE) TABLE.{0,200}(?:lock timeout|waiting)", 4.0),
        ],
        "deadlock-app-lock-order": [
            (r"deadlock detected", 6.0),
            (r"DeadlockDetected|40P01", 6.0),
            (r"Deadlock found when trying to get lock", 6.0),
        ],
        "explicit-lock-table-job": [
            (r"LOCK TABLE|VACUUM FULL|CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)", 2.5),
            (r"canceling statement due to lock timeout", 1.2),
        ],
        "lock-timeout-too-low": [
            (r"canceling statement due to lock timeout", 1.2),
            (r"lock_timeout ?=", 2.5),
        ],
        "serialization-failure-no-retry": [
            (r"could not serialize access", 6.0),
            (r"SerializationFailure|SerializationError|40001", 6.0),
        ],
        "skip-nowait-lock-conflict": [(r"could not obtain lock on (?:row|relation)", 5.5)],
        "advisory-lock-held": [(r"pg_advisory_\w+|pg_try_advisory_\w+", 4.0), (r"advisory lock", 4.0)],
        "max-locks-per-transaction": [
            (r"You might need to increase \"?max_(?:locks|pred_locks)_per_transaction", 6.0),
            (r"out of shared memory", 4.5),
        ],
        "sqlite-database-locked": [(r"database (?:table )?is locked", 6.0), (r"SQLITE_BUSY", 6.0)],
        "hot-row-contention": [(r"LWLock:.{0,30}(?:lock_manager|MultiXact)", 3.0)],
        "optimistic-lock-conflict": [(r"StaleDataError|RecordModifiedError|VersionConflict", 5.0)],
        "orphaned-prepared-transaction": [
            (r"pg_prepared_xacts|PREPARE TRANSACTION|COMMIT PREPARED", 4.0),
            (
                r"prepared transaction with identifier|max_prepared_transactions|maximum number of prepared transactions",
                5.0,
            ),
        ],
    }
)

STORIES = table(
    {
        "idle-in-transaction-blocks-writers": [
            (r"idle in transaction", 4.5),
            (
                r"(?:psql|pgadmin|dbeaver|datagrip|console) .{0,40}(?:open|BEGIN|left|forgot|незакрыт|открыт)\w*",
                3.5,
            ),
            (
                r"(?:someone|somebody|colleague|analyst|dba) (?:left|forgot) .{0,40}(?:session|transaction|begin)",
                4.0,
            ),
            (
                r"(?:one|single|specific|certain|particular) (?:order|row|record|customer|account|invoice)s? .{0,60}(?:hang|stuck|wait|lock|time)\w*",
                2.5,
            ),
            (
                r"(?:other|any other) (?:orders?|rows?|records?|ones?|accounts?) (?:is|are|work\w*) (?:ok|fine|okay|work\w*)?",
                1.0,
            ),
            (
                r"(?:забы\w*|незакрыт\w*|открыт\w*) .{0,20}транзакци\w*|висит транзакци\w*|транзакци\w* .{0,20}(?:висит|не закрыта|открыта)",
                4.0,
            ),
            (
                r"(?:uncommitted|open|long) transaction|forgot(?:ten)? (?:to )?commit",
                3.0,
            ),
            (r"pg_blocking_pids|blocked by pid|ждут блокировк\w*|ожида\w* блокировк\w*", 2.5),
        ],
        "ddl-lock-queue": [
            (
                r"(?:since|when|while|during|after) (?:the )?(?:migration|alter|alembic|ddl) .{0,20}(?:began|started|start|begin|runs?|is running|waits?)\w*",
                3.5,
            ),
            (
                r"(?:even )?(?:plain )?selects? (?:hang|wait|block)\w*|even select\w*|даже select|даже (?:чтение|просмотр)",
                2.5,
            ),
            (
                r"(?:whole|entire) (?:\w+ )?table (?:is )?(?:unusable|locked|blocked|hangs?)|вся таблица|таблиц\w* (?:целиком )?(?:недоступн|заблокир|встала)\w*",
                3.0,
            ),
            (r"alter table|миграци\w* (?:висит|началась|запустил|идёт|идет)\w*", 2.5),
        ],
        "explicit-lock-table-job": [
            (r"(?:writes?|saves?|inserts?) to (?:one|a|the) (?:\w+ )?table (?:hang|wait|block)\w*", 1.5),
            (r"lock table|vacuum full|create index|reindex|pg_repack", 3.5),
            (
                r"(?:maintenance|optimi[sz]e|cleanup) (?:job|script|task)|(?:someone|dba) (?:is )?optimi[sz]\w*|обслуживан\w* таблиц\w*",
                2.0,
            ),
        ],
        "lock-timeout-too-low": [
            (
                r"(?:under|with|at) (?:light|low|little|normal|no) (?:load|traffic)|при (?:малой|небольшой|обычной) нагрузке",
                2.5,
            ),
            (r"lock_timeout ?(?:=|to|of|:|is|at|set)? ?(?:to )?'?\d+ ?(?:ms|мс|s\b)?", 6.0),
            (r"lock_timeout", 4.0),
        ],
        "serialization-failure-no-retry": [(r"isolation level|serializable|repeatable read|уровень изоляции", 2.5)],
        "skip-nowait-lock-conflict": [(r"nowait|double[- ]click\w*|двойн\w* клик\w*|два раза нажа\w*", 3.0)],
        "deadlock-app-lock-order": [
            (
                r"parallel (?:edits?|updates?)|same (?:basket|order|row)s? (?:at once|simultaneously|in parallel)",
                1.0,
            )
        ],
        "advisory-lock-held": [(r"advisory", 4.0)],
        "hot-row-contention": [
            (
                r"(?:one|same|single|hot) (?:counter|row|stock row|record) .{0,40}(?:all|every|updat|contention)\w*|hot row|counter row",
                4.0,
            ),
        ],
        "orphaned-prepared-transaction": [(r"prepared transactions?|two-phase|2pc|двухфазн\w*", 4.0)],
    }
)
