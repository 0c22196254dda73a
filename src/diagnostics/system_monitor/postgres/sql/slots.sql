-- since: 13; needs: nothing; cost: < 1 ms
SELECT slot_name, active,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::float8 AS retained
FROM pg_replication_slots LIMIT 50
