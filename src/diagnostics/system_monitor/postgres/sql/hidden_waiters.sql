-- since: 13; needs: nothing; cost: < 1 ms; only asked when pg_stat_activity hides other roles' wait events
SELECT DISTINCT l.pid FROM pg_locks AS l
WHERE NOT l.granted AND l.pid <> pg_backend_pid() AND (l.database IS NULL OR l.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
