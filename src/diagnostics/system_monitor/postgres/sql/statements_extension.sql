-- since: 13; needs: nothing; cost: < 1 ms
SELECT n.nspname AS schema, e.extversion AS version
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
