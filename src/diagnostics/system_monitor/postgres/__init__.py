"""PostgreSQL: one read-only session, sampled activity and locks, rates, schema, settings, migrations."""
