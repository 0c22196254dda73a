-- Every object of the users' schemas as (kind, name, detail): what must be equal after a restore.
-- Since PostgreSQL 13. Rights: none beyond those of any role. Cost: milliseconds, catalogue only.
-- Expressions of checks, views and partial indexes are left out on purpose: PostgreSQL writes the same expression
-- in other words after a restore.
WITH extension_member AS (
  SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), space AS (
  SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
  WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
), relation AS (
  SELECT c.*, s.nspname FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND NOT EXISTS (SELECT 1 FROM extension_member e WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid)
)
SELECT 'schema' AS kind, nspname::text AS name, '' AS detail FROM space
UNION ALL
SELECT 'relation', format('%I.%I', nspname, relname),
       format('%s %s %s %s %s', relkind, relpersistence, pg_catalog.pg_get_userbyid(relowner), relrowsecurity,
              (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) a
               WHERE a::text NOT LIKE pg_catalog.pg_get_userbyid(relowner) || '=%'))
FROM relation
UNION ALL
SELECT 'column', format('%I.%I.%I', r.nspname, r.relname, a.attname),
       format('%s %s %s %s %s', pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, a.attidentity,
              a.attgenerated)
FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE r.relkind <> 'S'
UNION ALL
SELECT 'index', format('%I.%I', r.nspname, ic.relname),
       format('%I %s %s %s', r.relname, i.indisunique, i.indisvalid,
              CASE WHEN i.indpred IS NULL AND i.indexprs IS NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid) END)
FROM relation r JOIN pg_catalog.pg_index i ON i.indrelid = r.oid JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
UNION ALL
-- Since version 18 NOT NULL is a constraint too; the column says it already.
SELECT 'constraint', format('%I.%I.%I', r.nspname, r.relname, c.conname),
       format('%s %s %s', c.contype, c.convalidated, CASE WHEN c.contype IN ('p', 'u', 'f') THEN pg_catalog.pg_get_constraintdef(c.oid) END)
FROM relation r JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid WHERE c.contype <> 'n'
UNION ALL
SELECT 'trigger', format('%I.%I.%I', r.nspname, r.relname, t.tgname), format('%s %s', t.tgtype, t.tgenabled)
FROM relation r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
UNION ALL
SELECT 'policy', format('%I.%I.%I', r.nspname, r.relname, p.polname), p.polcmd::text
FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT 'function', format('%I.%I(%s)', s.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       format('%s %s %s', p.prokind, md5(p.prosrc), pg_catalog.pg_get_userbyid(p.proowner))
FROM pg_catalog.pg_proc p JOIN space s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT 1 FROM extension_member e WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid)
UNION ALL
SELECT 'type', format('%I.%I', s.nspname, t.typname),
       format('%s %s', t.typtype,
              (SELECT string_agg(l.enumlabel, ',' ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid))
FROM pg_catalog.pg_type t JOIN space s ON s.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r')
  AND NOT EXISTS (SELECT 1 FROM extension_member e WHERE e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = t.oid)
UNION ALL
SELECT 'extension', extname::text, '' FROM pg_catalog.pg_extension
UNION ALL
SELECT 'publication', pubname::text, format('%s %s %s %s', puballtables, pubinsert, pubupdate, pubdelete) FROM pg_catalog.pg_publication
UNION ALL
SELECT 'event trigger', evtname::text, evtevent::text FROM pg_catalog.pg_event_trigger
