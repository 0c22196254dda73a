-- since: 13 with an extension that was not updated (1.7 or older); needs: pg_read_all_stats; cost: 5 ms per 1,000 statements
SELECT s.queryid, sum(s.calls)::float8 AS calls, sum(s.total_time)::float8 AS milliseconds, sum(s.rows)::float8 AS rows,
       sum(s.shared_blks_read)::float8 AS read, sum(s.shared_blks_hit)::float8 AS hit,
       sum(s.temp_blks_written)::float8 AS temp, count(*) FILTER (WHERE s.queryid IS NULL)::int AS hidden
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY s.queryid
