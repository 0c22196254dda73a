-- Count and sum of the row hashes of one table; {relation} is a quoted name. Since PostgreSQL 13 (hashtextextended: 11).
-- Rights: SELECT on the table. Cost: one sequential scan.
SELECT count(*)::text || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ONLY {relation} AS t
