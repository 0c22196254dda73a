-- since: 13; needs: pg_read_all_stats; cost: reads the file of query texts once (5 to 20 ms)
SELECT DISTINCT ON (s.queryid) s.queryid, left(s.query, 2000) AS query
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.queryid = ANY (%(ids)s) AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
