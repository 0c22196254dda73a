-- since: 13; needs: nothing; takes no lock on the tables; cost: 10 to 20 ms per 1,000 tables
SELECT s.relid::int8 AS oid, s.schemaname, s.relname, s.seq_scan, s.seq_tup_read, coalesce(s.idx_scan, 0) AS idx_scan,
       s.n_tup_ins + s.n_tup_upd + s.n_tup_del AS writes, s.n_live_tup, s.n_dead_tup,
       extract(epoch FROM clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8 AS since_vacuum,
       extract(epoch FROM clock_timestamp() - greatest(s.last_analyze, s.last_autoanalyze))::float8 AS since_analyze
FROM pg_stat_user_tables AS s
