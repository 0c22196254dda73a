"""Texts of reaching PostgreSQL: server state, pools, slots, poolers, standby, replication."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "sqlalchemy-pool-exhausted-by-leak": [
            (r"QueuePool limit of size \d+ overflow", 3.5),
            (r"psycopg_pool\.PoolTimeout|couldn't get a connection after", 3.0),
            (r"connection pool exhausted", 3.0),
            (r"The garbage collector is trying to clean up non-checked-in connection", 5.5),
            (r"asyncpg.{0,60}pool.{0,60}TimeoutError", 2.0),
            (r"pool is exhausted|no free connections in pool", 2.5),
        ],
        "pool-too-small": [
            (r"QueuePool limit of size \d+ overflow", 1.0),
            (r"couldn't get a connection after", 0.7),
        ],
        "pg-max-connections-by-app": [
            (r"remaining connection slots are reserved", 5.5),
            (r"sorry, too many clients already", 5.5),
            (r"TooManyConnections", 4.0),
            (r"53300\b", 3.0),
            (r"no more connections allowed \(max_client_conn\)", 3.0),
        ],
        "pg-role-connection-limit": [(r"too many connections for (?:role|database)", 6.0)],
        "pgbouncer-pool-exhausted": [
            (r"query_wait_timeout", 5.5),
            (r"no more connections allowed \(max_client_conn\)", 5.0),
            (r"pgbouncer cannot connect to server|server_login_retry", 3.5),
            (r"client_login_timeout|server_connect_timeout", 3.0),
        ],
        "pg-server-down": [
            (r"connection to server .{0,120}failed: Connection refused", 3.5),
            (r"connection to server on socket .{0,120}failed: No such file or directory", 4.5),
            (r"Is the server running (?:locally|on that host)", 2.5),
            (r"Connect call failed \('[^']{1,60}', 543\d\)", 3.5),
            (r"the database system is (?:shutting down|not yet accepting|not accepting)", 3.5),
            (r"received (?:fast|immediate|smart) shutdown request|database system is shut down", 3.0),
        ],
        "pg-starting-up": [
            (r"the database system is starting up", 5.5),
            (r"57P03|CannotConnectNowError|CannotConnectNow", 4.5),
        ],
        "pg-postmaster-frozen": [
            (r"connection to server at .{0,120}failed: timeout expired", 1.5),
            (r"connection timeout expired", 1.5),
            (r"could not (?:send startup packet|receive data from server)", 1.0),
        ],
        "pg-restarted-stale-pool": [
            (r"terminating connection due to administrator command", 5.0),
            (r"57P01|AdminShutdown", 5.0),
            (r"server closed the connection unexpectedly", 1.5),
            (r"SSL connection has been closed unexpectedly", 2.0),
            (r"connection (?:already|is) closed", 1.5),
            (r"connection was closed in the middle of operation", 2.0),
            (r"the connection is lost|connection has been closed", 1.0),
        ],
        "idle-in-transaction-timeout-kills-session": [
            (r"terminating connection due to idle-in-transaction timeout", 6.0),
            (r"IdleInTransactionSessionTimeout|25P03", 6.0),
            (r"server closed the connection unexpectedly", 0.8),
        ],
        "idle-session-timeout-kills-pooled": [
            (r"terminating connection due to idle-session timeout|57P05", 6.0),
            (r"server closed the connection unexpectedly", 0.5),
        ],
        "pg-backend-crash-recovery": [
            (r"terminating connection because of crash of another server process", 6.0),
            (r"the database system is in recovery mode", 5.0),
            (r"57P02|CrashShutdown", 6.0),
            (r"server process \(PID \d+\) was terminated by signal", 6.0),
            (r"server closed the connection unexpectedly", 0.8),
            (r"all server processes terminated; reinitializing", 6.0),
        ],
        "pgbouncer-transaction-prepared-statements": [
            (r"prepared statement \"[^\"]{1,80}\" (?:does not exist|already exists)", 5.5),
            (r"(?:InvalidSQLStatementName|DuplicatePreparedStatement)", 5.5),
            (r"pgbouncer with pool_mode set to", 6.0),
            (r"unsupported startup parameter", 4.5),
        ],
        "concurrent-session-use": [
            (r"another operation is in progress", 5.5),
            (r"another command is already in progress", 5.5),
            (r"This session is provisioning a new connection; concurrent operations", 6.0),
            (r"Session is already flushing", 5.5),
            (r"Method '\w+\(\)' can't be called here", 4.5),
            (r"IllegalStateChangeError", 5.5),
            (r"the cursor was .{0,30}another thread|sqlite objects created in a thread", 4.0),
        ],
        "db-writes-routed-to-standby": [
            (r"cannot execute \w+(?: \w+)? in a read-only transaction", 5.5),
            (r"ReadOnlySqlTransaction|ReadOnlySQLTransaction|25006", 5.5),
            (r"cannot execute .{0,40} during recovery", 5.5),
            (r"session is read-only|target session attributes|not in read-write mode", 4.5),
        ],
        "replica-lag-stale-reads": [(r"replay_lag|replication lag|standby .{0,40}behind", 3.5)],
        "standby-query-cancelled": [
            (r"canceling statement due to conflict with recovery", 6.0),
            (r"terminating connection due to conflict with recovery", 6.0),
            (r"User query might have needed to see row versions", 6.0),
        ],
        "replication-slot-retains-wal": [
            (r"requested WAL segment .{0,60}has already been removed", 4.5),
            (
                r"replication slot .{0,80}(?:inactive|invalidated|exceeded|lost|retain)\w*|max_slot_wal_keep_size",
                4.5,
            ),
        ],
        "synchronous-standby-missing": [
            (r"waiting for synchronous replication|SyncRep\b", 5.5),
            (r"canceling wait for synchronous replication", 6.0),
        ],
        "pg-port-blocked-by-firewall": [
            (r"connection to server at .{0,120}failed: timeout expired", 2.5),
            (r"connection to server at .{0,120}failed: (?:No route to host|Connection timed out)", 4.0),
            (r"connection timeout expired", 2.0),
        ],
        "db-tls-required-or-refused": [
            (r"no pg_hba\.conf entry for host .{0,120}(?:no encryption|SSL off)", 5.0),
            (r"server does not support SSL, but SSL was required", 6.0),
            (r"SSL (?:negotiation|is not enabled|connection is required)", 3.0),
            (
                r"root certificate file .{0,80}does not exist|server certificate for .{0,80}does not match host name",
                5.0,
            ),
        ],
        "cached-plan-result-type-changed": [
            (r"cached (?:statement )?plan must not change result type", 5.5),
            (r"cached statement plan is invalid due to a database schema", 6.0),
        ],
    }
)

STORIES = table(
    {
        "sqlalchemy-pool-exhausted-by-leak": [
            (
                r"after (?:some|a few|several|\d+) hours .{0,40}(?:every|all) .{0,40}(?:db|database|fail)\w*|через (?:пару|несколько|\d+) час\w* .{0,40}(?:пул|соединени|баз)\w*",
                2.8,
            ),
            (
                r"(?:sessions?|connections?|cursors?) (?:are |is )?(?:never|not) (?:returned|closed|released|given back)",
                4.0,
            ),
            (r"(?:get_db|getconn|putconn|checked[- ]out|pool_size|max_overflow)", 2.0),
            (
                r"(?:without|skips?|missing|forg[eo]t\w*|no (?:session\.)?(?:close|finally)) ?(?:to )?(?:session\.|conn\.)?(?:close|putconn|finally|release)(?:d|\(\))?\b(?! notes)",
                3.5,
            ),
            (r"(?:сесси|соединени|коннект)\w* .{0,20}не (?:закрыва|возвраща|освобожда)\w*", 4.0),
            (
                r"pool (?:of \d+ )?(?:is )?(?:empty|exhausted|full|runs? out)|пул .{0,20}(?:исчерпа|кончи|переполн|занят)\w*",
                1.5,
            ),
        ],
        "pg-max-connections-by-app": [
            (
                r"max_connections|(?:scal|add|increas|rais|more)\w* .{0,20}(?:workers|replicas|pods|instances)",
                1.5,
            ),
            (
                r"\d+ workers|create_pool\(max_size|slots?\b|слишком много (?:соединений|подключений|клиентов)",
                1.5,
            ),
        ],
        "pg-role-connection-limit": [(r"CONNECTION LIMIT|rolconnlimit|half empty", 3.0)],
        "pgbouncer-pool-exhausted": [
            (r"default_pool_size|cl_waiting|max_client_conn|reserve_pool", 4.0),
            (r"pgbouncer", 1.0),
        ],
        "pg-server-down": [
            (
                r"postgres(?:ql)?(?:\.service)? (?:is |was )?(?:down|stopped|failed|not running|dead)|server is not running",
                4.0,
            ),
            (r"(?:postgres|база|бд|субд)\w* (?:лежит|упала?|не запущен|остановлен|недоступн)\w*", 3.5),
            (r"(?:everything|all|anything) .{0,30}(?:touches|needs|uses) (?:data|the (?:db|database))", 3.0),
        ],
        "pg-postmaster-frozen": [
            (
                r"(?:accepts|open) .{0,20}(?:tcp|port).{0,60}(?:hang|nothing|no answer|never answer)\w*|hang instead of (?:fail|refus)\w*",
                3.5,
            ),
            (
                r"(?:psql|connections?) (?:also |just |simply )?hangs?|storage (?:hang|stall)\w*|SIGSTOP|frozen|postmaster",
                2.5,
            ),
        ],
        "pg-restarted-stale-pool": [
            (
                r"(?:after|since) (?:the )?(?:db|database|postgres\w*|nightly|rds|cloud sql)? ?(?:maintenance|failover|restart|reboot|minor upgrade)",
                3.0,
            ),
            (
                r"first (?:request|query|call)s? (?:of|after|per|in) .{0,30}(?:fail|error)\w*|pre_ping|pool_recycle|перв\w* запрос\w*",
                2.5,
            ),
            (
                r"после (?:рестарта|перезапуска|обслуживания|переключения|фейловера) (?:базы|бд|постгрес)\w*",
                3.0,
            ),
        ],
        "idle-in-transaction-timeout-kills-session": [
            (
                r"(?:long|slow) (?:import|wizard|job|form|call|report) .{0,50}(?:in the middle|at the end|on the (?:final|last))",
                2.0,
            ),
            (r"idle[_-]in[_-]transaction(?:_session)?[_-]timeout", 4.5),
        ],
        "idle-session-timeout-kills-pooled": [
            (
                r"first (?:request|query|call)s? (?:after|of) .{0,15}(?:weekend|night|pause|lunch|morning|idle|quiet)",
                2.0,
            ),
            (
                r"idle_session_timeout|(?:after|following) (?:a )?(?:quiet|idle) (?:night|hour|period|weekend)|tcp_keepalive\w*|после (?:простоя|ночи|выходных)",
                2.5,
            ),
        ],
        "pg-backend-crash-recovery": [
            (
                r"(?:all|every) (?:db |database )?(?:connections|sessions) (?:died|dropped|were dropped|lost) at once|crash recovery|in recovery mode",
                3.5,
            ),
            (r"(?:postgres|backend)\w* .{0,30}(?:killed|crashed|oom)", 2.5),
        ],
        "pgbouncer-transaction-prepared-statements": [
            (
                r"(?:put|added|introduced|switched to|behind|since|after) (?:the )?(?:pgbouncer|odyssey|pgcat|rds proxy|supavisor|pooler)",
                2.5,
            ),
            (r"pgbouncer", 2.0),
            (r"pool_mode|transaction (?:pooling|mode)|statement_cache_size", 3.5),
        ],
        "concurrent-session-use": [
            (
                r"(?:one|same|global|shared|single) (?:db |async)?(?:session|connection)\b|gather (?:on|over|with) (?:one|the same)",
                2.5,
            ),
            (r"(?:одна|общая|глобальная) сессия|одно соединение на", 2.5),
        ],
        "db-writes-routed-to-standby": [
            (
                r"reads? .{0,10}(?:work|ok|fine).{0,40}(?:saves?|writes?|inserts?) .{0,20}fails?.{0,30}(?:switch|fail)-?over",
                2.5,
            ),
            (
                r"(?:since|after) (?:the )?(?:switch-?over|fail-?over|promotion)|read endpoint|reader endpoint|standby|переключени\w* на реплику",
                2.0,
            ),
            (r"(?:every|all) (?:single )?(?:save|write|insert)s? fails?", 1.0),
        ],
        "replica-lag-stale-reads": [
            (
                r"(?:save|edit|change|create|add)\w*\b.{0,60}(?:still|yet) .{0,20}(?:old|previous|missing|not there)",
                1.5,
            ),
            (r"(?:reads?|чтение|читаем) .{0,30}(?:replica|standby|реплик)\w*", 4.0),
            (r"(?:replica|реплик\w*|standby) .{0,30}(?:lag|behind|late|отста)\w*", 4.5),
            (
                r"(?:still|yet) (?:shows?|see|displays?) .{0,20}(?:old|previous|stale)|(?:old|previous|stale) (?:value|price|data|status)",
                2.5,
            ),
            (r"стар\w* (?:цен|знач|данн|верси|статус)\w* .{0,30}(?:видн|показыв|ещ[её]|отобража)\w*", 2.5),
            (r"(?:disappear|vanish|пропад)\w* .{0,40}(?:come|appear|вернул|появля)\w*", 1.5),
        ],
        "standby-query-cancelled": [(r"max_standby_streaming_delay|hot_standby_feedback", 5.0)],
        "replication-slot-retains-wal": [
            (
                r"replication slots?|слот\w* репликации|pg_wal (?:is |has |grows|растёт|растет)|debezium|logical (?:replication|slot)",
                3.5,
            ),
        ],
        "synchronous-standby-missing": [
            (r"synchronous_standby_names|synchronous_commit|sync(?:hronous)? (?:standby|replica)", 4.0)
        ],
        "pg-port-blocked-by-firewall": [
            (
                r"(?:db|database|postgres\w*|rds|sql)\b.{0,40}(?:timed out|times? ?out|unreachable|cannot be reached|not reachable).{0,60}(?:network|firewall|security|vpn|route|subnet)|(?:firewall|security group|network)\w* .{0,50}(?:db|database|postgres\w*|5432|rds)\b",
                3.5,
            ),
            (r"(?:security group|firewall|iptables|network (?:change|policy|rules?)|vpc|acl)\b", 2.0),
            (r"(?:фаервол|файрвол|брандмауэр|правил\w* сети|сетевик)\w*", 2.0),
        ],
        "db-tls-required-or-refused": [(r"sslmode|hostssl|sslrootcert", 3.5)],
    }
)
