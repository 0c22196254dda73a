-- Drop everything that belongs to users, known to the snapshot or not, so that its restore finds an empty place.
-- Runs inside the restore's one transaction. Extensions and what they own stay. Since PostgreSQL 13.
-- Rights: owner of every object. Locks everything exclusively until the end of the transaction.
DO $clear$
DECLARE
  thing record;
BEGIN
  FOR thing IN SELECT evtname FROM pg_catalog.pg_event_trigger t
    WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass
                      AND d.objid = t.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', thing.evtname);
  END LOOP;
  FOR thing IN SELECT pubname FROM pg_catalog.pg_publication LOOP
    EXECUTE format('DROP PUBLICATION IF EXISTS %I CASCADE', thing.pubname);
  END LOOP;
  -- One object at a time, asked for again after each: a cascade takes others with it.
  LOOP
    SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
             WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, n.nspname, c.relname INTO thing
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND NOT c.relispartition
      -- Sequences of serial and identity columns go with their tables.
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a') AND (d.deptype = 'e' OR c.relkind = 'S'))
    LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP %s IF EXISTS %I.%I CASCADE', thing.kind, thing.nspname, thing.relname);
  END LOOP;
  LOOP
    SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS kind,
           p.oid::regprocedure::text AS name INTO thing
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                      AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
    LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', thing.kind, thing.name);
  END LOOP;
  LOOP
    SELECT n.nspname, t.typname INTO thing
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
      AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS
           (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::regclass
                      AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
    LIMIT 1;
    EXIT WHEN NOT FOUND;
    EXECUTE format('DROP TYPE IF EXISTS %I.%I CASCADE', thing.nspname, thing.typname);
  END LOOP;
  -- A schema that holds an extension stays, and so does public; what else may be left in them is rare, and the restore
  -- then fails as a whole.
  FOR thing IN SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'public')
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::regclass
                      AND d.objid = n.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', thing.nspname);
  END LOOP;
  PERFORM pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;
END
$clear$;
