-- since: 13; needs: nothing; takes no lock on the tables; cost: 1 ms per 100 tables asked for
SELECT c.relname AS "table", array_agg(a.attname::text) AS columns
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND c.relname = ANY (%(tables)s)
GROUP BY c.relname
