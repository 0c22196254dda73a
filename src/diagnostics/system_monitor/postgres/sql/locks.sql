-- since: 13; needs: nothing; cost: < 1 ms per waiter (pg_blocking_pids holds the lock table for microseconds)
SELECT l.pid, l.locktype, l.mode, l.database, l.relation::int8 AS relation_oid,
       CASE WHEN l.relation IS NOT NULL AND l.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            THEN l.relation::regclass::text END AS relation,
       (SELECT t.relation::regclass::text FROM pg_locks AS t
         WHERE t.pid = l.pid AND t.granted AND t.locktype = 'tuple' LIMIT 1) AS tuple_relation,
       NULL::float8 AS waited,
       pg_blocking_pids(l.pid) AS blockers
FROM pg_locks AS l
WHERE NOT l.granted AND l.pid = ANY (%(pids)s)
