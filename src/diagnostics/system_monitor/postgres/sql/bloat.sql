-- since: 13; needs: SELECT on the tables (pg_stats shows only columns that one may read); takes no lock on them; cost: 10 ms (the 30 biggest tables)
WITH big AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.reltuples::float8 AS tuples, c.relpages::float8 AS pages,
         coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor')::float8, 100) / 100 AS fill
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'm') AND c.relpages >= 128 AND c.reltuples > 0
     AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
   ORDER BY c.relpages DESC LIMIT 30)
SELECT b.schema, b.name, b.tuples, b.pages, b.fill, current_setting('block_size')::float8 AS block,
       (SELECT count(*) FROM pg_attribute AS a WHERE a.attrelid = b.oid AND a.attnum > 0 AND NOT a.attisdropped)::float8 AS columns,
       count(s.attname)::float8 AS known, coalesce(sum((1 - s.null_frac) * s.avg_width), 0)::float8 AS width, bool_or(s.null_frac > 0) AS has_null
FROM big AS b LEFT JOIN pg_stats AS s ON s.schemaname = b.schema AND s.tablename = b.name AND NOT s.inherited
GROUP BY b.oid, b.schema, b.name, b.tuples, b.pages, b.fill
