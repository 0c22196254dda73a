-- since: 13; needs: nothing; takes no lock on the tables; cost: 10 ms per 3,000 indexes
SELECT i.indrelid::int8 AS table_oid, i.indexrelid::int8 AS oid, n.nspname AS schema, x.relname AS index, t.relname AS "table",
       i.indkey::text AS keys, i.indclass::text AS classes, i.indoption::text AS options, i.indcollation::text AS collations,
       i.indnkeyatts AS key_count, i.indisunique AS is_unique, i.indisprimary AS is_primary, i.indisvalid AS is_valid,
       (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL) AS is_special, a.amname AS method,
       EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = i.indexrelid) AS has_constraint
FROM pg_index AS i
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_am AS a ON a.oid = x.relam
JOIN pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
LIMIT 20000
