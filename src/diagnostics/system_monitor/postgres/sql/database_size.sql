-- since: 13; needs: CONNECT on the database; cost: one stat() per file, so above 2,000 relations the catalogue's pages are added up instead
SELECT CASE WHEN (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't', 'm')) <= 2000
            THEN pg_database_size(current_database())::float8
            ELSE (SELECT sum(relpages::int8) * current_setting('block_size')::int8 FROM pg_class)::float8 END AS bytes
