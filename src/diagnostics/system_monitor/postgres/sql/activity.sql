-- since: 13; needs: pg_read_all_stats for other roles' state and query; cost: < 3 ms for 200 sessions
SELECT a.pid, a.datname, a.usename, a.application_name, a.state, a.wait_event_type, a.wait_event, a.backend_type,
       left(a.query, 2000) AS query, host(a.client_addr) AS client_address, a.client_port,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS xact_age,
       extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_age,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_age,
       (a.datname = current_database()) AS here
FROM pg_stat_activity AS a
WHERE a.pid <> pg_backend_pid() AND a.datid IS NOT NULL AND a.application_name IS DISTINCT FROM 'diagnostics'
