-- Objects that this role could not drop and make anew, so that a restore would fail: (name, owner).
-- Since PostgreSQL 13. Rights: none. Cost: catalogue only.
WITH member AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), space AS (
  SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
), thing AS (
  SELECT 'pg_catalog.pg_class'::regclass AS classid, c.oid, format('%I.%I', s.nspname, c.relname) AS name, c.relowner AS owner
  FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::regclass, p.oid, format('%I.%I()', s.nspname, p.proname), p.proowner
  FROM pg_catalog.pg_proc p JOIN space s ON s.oid = p.pronamespace
  UNION ALL
  SELECT 'pg_catalog.pg_type'::regclass, t.oid, format('%I.%I', s.nspname, t.typname), t.typowner
  FROM pg_catalog.pg_type t JOIN space s ON s.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r')
  UNION ALL
  SELECT 'pg_catalog.pg_namespace'::regclass, s.oid, format('schema %I', s.nspname), s.nspowner FROM space s
  WHERE s.nspname <> 'public' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extnamespace = s.oid)
  UNION ALL
  SELECT 'pg_catalog.pg_largeobject'::regclass, l.oid, format('large object %s', l.oid), l.lomowner FROM pg_catalog.pg_largeobject_metadata l
)
SELECT name, pg_catalog.pg_get_userbyid(owner)::text FROM thing
WHERE NOT pg_catalog.pg_has_role(owner, 'USAGE')
  AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = thing.classid AND m.objid = thing.oid)
ORDER BY 1 LIMIT 1000
