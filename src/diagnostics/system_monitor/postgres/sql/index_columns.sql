-- since: 13; needs: nothing; takes no lock on the tables; cost: < 1 ms
SELECT t.relname, array_agg(a.attname::text ORDER BY k.position) AS columns
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE t.relname = ANY (%(names)s) AND i.indisvalid AND i.indpred IS NULL AND k.position <= i.indnkeyatts
GROUP BY i.indexrelid, t.relname
