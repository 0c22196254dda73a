-- since: 13 (extension 1.8); needs: pg_read_all_stats for other roles' statements; cost: 5 ms per 1,000 statements, no query texts read
SELECT s.queryid, sum(s.calls)::float8 AS calls, sum(s.total_exec_time)::float8 AS milliseconds, sum(s.rows)::float8 AS rows,
       sum(s.shared_blks_read)::float8 AS read, sum(s.shared_blks_hit)::float8 AS hit,
       sum(s.temp_blks_written)::float8 AS temp, count(*) FILTER (WHERE s.queryid IS NULL)::int AS hidden
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY s.queryid
