-- since: 13; needs: nothing; cost: < 1 ms
SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age
FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 20
