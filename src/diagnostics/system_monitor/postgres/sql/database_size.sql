-- since: 13; needs: CONNECT on the database; cost: one stat() per file, 10 ms per 1,000 tables
SELECT pg_database_size(current_database())::float8 AS bytes
