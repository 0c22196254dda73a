-- since: 13; needs: nothing; takes no lock on the tables; cost: 2 ms per 1,000 tables
SELECT n.nspname AS schema, c.relname AS name, age(c.relfrozenxid)::float8 AS age,
       current_setting('autovacuum_freeze_max_age')::float8 AS most
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 't') AND c.relfrozenxid <> '0'
ORDER BY 3 DESC LIMIT 5
