-- since: 13; needs: nothing; cost: < 1 ms
SELECT n.nspname AS schema, c.relname AS name, has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname IN ('alembic_version', 'django_migrations')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
