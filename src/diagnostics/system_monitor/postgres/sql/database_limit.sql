-- since: 13; needs: nothing; cost: < 1 ms
SELECT datname AS database, datconnlimit AS connection_limit FROM pg_database WHERE datname = current_database()
