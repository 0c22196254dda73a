-- since: 13; needs: SELECT or USAGE on the sequences; cost: one page per sequence, 10 ms per 1,000; a moment's lock that only DDL minds
SELECT s.schemaname AS schema, s.sequencename AS sequence, s.last_value::float8 AS last_value,
       least(s.max_value,
             CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE s.max_value END)::float8 AS max_value,
       s.increment_by::float8 AS increment, s.cycle,
       tn.nspname AS table_schema, t.relname AS "table", a.attname AS "column",
       EXISTS (SELECT 1 FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_am AS m ON m.oid = x.relam
                WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree' AND i.indkey[0] = a.attnum) AS indexed,
       coalesce(has_column_privilege(t.oid, a.attnum, 'SELECT'), false) AS readable,
       EXISTS (SELECT 1 FROM pg_locks AS l WHERE l.relation = t.oid AND l.mode = 'AccessExclusiveLock') AS busy
FROM pg_sequences AS s
JOIN pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_class AS c ON c.relname = s.sequencename AND c.relnamespace = n.oid AND c.relkind = 'S'
LEFT JOIN pg_depend AS d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
LEFT JOIN pg_class AS t ON t.oid = d.refobjid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
LIMIT 2000
