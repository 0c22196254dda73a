-- since: 13; needs: nothing; cost: < 1 ms
SELECT d.xact_commit, d.xact_rollback, d.deadlocks, d.temp_bytes, d.blks_read, d.blks_hit,
       extract(epoch FROM clock_timestamp() - d.stats_reset)::float8 AS stats_age,
       extract(epoch FROM clock_timestamp())::float8 AS now
FROM pg_stat_database AS d WHERE d.datname = current_database()
