-- The relations that have to be kept together with the given tables: foreign keys in both directions, inheritance,
-- views on them, sequences of their columns. Parameter: array of oids. Since PostgreSQL 13. Cost: catalogue only.
WITH RECURSIVE link AS (
  SELECT conrelid AS a, confrelid AS b FROM pg_catalog.pg_constraint WHERE contype = 'f'
  UNION ALL SELECT confrelid, conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
  UNION ALL SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
  UNION ALL SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
  UNION ALL SELECT d.refobjid, r.ev_class FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND r.ev_class <> d.refobjid
  UNION ALL SELECT d.refobjid, d.objid FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
  UNION ALL SELECT ad.adrelid, d.refobjid FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attrdef ad ON ad.oid = d.objid AND d.classid = 'pg_catalog.pg_attrdef'::regclass
    JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
), closed AS (
  SELECT unnest(%s::oid[]) AS oid
  UNION
  SELECT link.b FROM link JOIN closed ON link.a = closed.oid
)
SELECT n.nspname, c.relname, c.relkind::text FROM closed
JOIN pg_catalog.pg_class c ON c.oid = closed.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\_%%' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
ORDER BY 1, 2
