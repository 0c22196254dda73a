-- since: 13; needs: nothing; cost: < 1 ms
SELECT cardinality(parameter_types) AS n FROM pg_prepared_statements WHERE name = 'diagnostics_explain'
