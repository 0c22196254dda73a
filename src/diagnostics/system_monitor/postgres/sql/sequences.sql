-- since: 13; needs: SELECT or USAGE on the sequences; cost: one page for each of at most 300 sequences, 20 ms; a moment's lock that only DDL minds
SELECT q.schema, q.sequence, q.max_value::float8 AS max_value, q.increment, q.cycle, q.table_schema, q."table", q."column", q.indexed,
       CASE WHEN has_sequence_privilege(q.oid, 'SELECT,USAGE') THEN pg_sequence_last_value(q.oid)::float8 END AS last_value,
       coalesce(has_column_privilege(q.table_oid, q.attnum, 'SELECT'), false) AS readable,
       coalesce(q.table_oid = ANY (SELECT l.relation FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock'), false) AS busy
FROM (
  SELECT c.oid, n.nspname AS schema, c.relname AS sequence, s.seqincrement::float8 AS increment, s.seqcycle AS cycle,
         least(s.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE s.seqmax END) AS max_value,
         tn.nspname AS table_schema, t.oid AS table_oid, t.relname AS "table", a.attname AS "column", a.attnum,
         EXISTS (SELECT 1 FROM pg_index AS x WHERE x.indrelid = t.oid AND x.indkey[0] = a.attnum
                   AND x.indisvalid AND x.indpred IS NULL AND x.indisunique) AS indexed
  FROM pg_sequence AS s
  JOIN pg_class AS c ON c.oid = s.seqrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend AS d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
  LEFT JOIN pg_class AS t ON t.oid = d.refobjid
  LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
  WHERE NOT pg_is_other_temp_schema(n.oid)
  ORDER BY max_value, t.relpages DESC NULLS LAST
  LIMIT 300
) AS q
