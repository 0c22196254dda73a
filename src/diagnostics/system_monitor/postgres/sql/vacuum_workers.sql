-- since: 13; needs: pg_read_all_stats to see the workers of others; cost: < 1 ms
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')::float8 AS workers,
       current_setting('autovacuum_max_workers')::float8 AS workers_limit,
       current_setting('autovacuum')::bool AS enabled
