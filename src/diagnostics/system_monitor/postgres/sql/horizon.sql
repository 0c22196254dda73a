-- since: 13; needs: pg_read_all_stats to name the sessions of others; cost: < 1 ms
SELECT * FROM (
  SELECT 'session' AS kind, pid::text AS name, coalesce(application_name, '') AS application, coalesce(state, '') AS state,
         greatest(age(backend_xmin), age(backend_xid))::float8 AS age
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
  UNION ALL
  SELECT 'slot', slot_name::text, '', CASE WHEN active THEN 'active' ELSE 'inactive' END, greatest(age(xmin), age(catalog_xmin))::float8
    FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
  UNION ALL
  SELECT 'prepared', gid, '', 'prepared', age(transaction)::float8 FROM pg_prepared_xacts
  UNION ALL
  SELECT 'standby', coalesce(application_name, ''), '', state, age(backend_xmin)::float8 FROM pg_stat_replication WHERE backend_xmin IS NOT NULL
) AS holders ORDER BY age DESC NULLS LAST LIMIT 3
