-- since: 13; needs: nothing; takes no lock on the tables; cost: 5 ms per 1,000 tables (only the hundred with most dead rows are looked at closely)
SELECT n.nspname AS schema, c.relname AS name, d.dead::float8 AS dead,
       (coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_vacuum_threshold')::float8,
                 current_setting('autovacuum_vacuum_threshold')::float8)
        + coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_vacuum_scale_factor')::float8,
                   current_setting('autovacuum_vacuum_scale_factor')::float8) * greatest(c.reltuples, 0))::float8 AS threshold
FROM (SELECT oid, pg_stat_get_dead_tuples(oid) AS dead FROM pg_class WHERE relkind IN ('r', 'm') AND relpersistence <> 't'
      ORDER BY 2 DESC LIMIT 100) AS d
JOIN pg_class AS c ON c.oid = d.oid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE d.dead > 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
