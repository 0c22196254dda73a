-- since: 13; needs: nothing; cost: < 1 ms
SELECT checkpoints_timed::float8 AS timed, checkpoints_req::float8 AS requested FROM pg_stat_bgwriter
