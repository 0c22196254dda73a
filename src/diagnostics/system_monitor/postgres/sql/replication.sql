-- since: 13; needs: pg_read_all_stats for the positions; cost: < 1 ms
SELECT application_name, extract(epoch FROM replay_lag)::float8 AS seconds,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn)::float8 AS lag
FROM pg_stat_replication LIMIT 50
