-- since: 13; needs: pg_read_all_settings for the data directory; cost: < 1 ms
SELECT coalesce(inet_server_addr() IS NOT DISTINCT FROM inet_client_addr(), false) AS same_host,
       CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory') END AS data_directory,
       ARRAY(SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') LIMIT 20) AS tablespaces
