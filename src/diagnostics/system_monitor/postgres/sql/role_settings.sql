-- since: 13; needs: nothing; cost: < 1 ms
SELECT coalesce(r.rolname, '') AS role, coalesce(d.datname, '') AS database, unnest(s.setconfig) AS setting
FROM pg_db_role_setting AS s
LEFT JOIN pg_roles AS r ON r.oid = s.setrole LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
WHERE (s.setdatabase = 0 OR d.datname = current_database())
LIMIT 200
