-- since: 13; needs: nothing; cost: < 1 ms
SELECT greatest(max(age(datfrozenxid)), max(mxid_age(datminmxid)))::float8 / 2147483647 AS ratio FROM pg_database
