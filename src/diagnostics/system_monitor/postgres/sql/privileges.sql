-- since: 13; needs: nothing; takes no lock on the tables; cost: 2 ms per 1,000 tables
SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN ARRAY['USAGE ON SCHEMA']
            WHEN c.relkind = 'S' THEN ARRAY['USAGE']
            ELSE array_remove(ARRAY[
              CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
              CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END], NULL) END AS lacking
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND c.relname NOT IN ('alembic_version', 'django_migrations', 'spatial_ref_sys')
  AND NOT (has_schema_privilege(n.oid, 'USAGE')
           AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE')
                    ELSE has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                         AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') END)
ORDER BY 1, 2 LIMIT 30
