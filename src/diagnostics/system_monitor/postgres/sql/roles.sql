-- since: 13; needs: nothing; cost: < 1 ms
SELECT r.rolname AS role, r.rolconnlimit AS connection_limit, (r.rolname = current_user) AS is_ours,
       CASE WHEN isfinite(r.rolvaliduntil) THEN extract(epoch FROM r.rolvaliduntil - clock_timestamp())::float8 END AS valid_for
FROM pg_roles AS r
WHERE r.rolcanlogin AND (r.rolname = current_user OR r.rolconnlimit <> -1 OR isfinite(r.rolvaliduntil))
ORDER BY is_ours DESC, r.rolname LIMIT 50
