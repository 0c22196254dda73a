-- since: 17; needs: nothing; cost: < 1 ms
SELECT num_timed::float8 AS timed, num_requested::float8 AS requested FROM pg_stat_checkpointer
