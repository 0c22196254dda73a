-- since: 13; needs: pg_read_all_settings for a few hidden ones; cost: 2 to 4 ms
SELECT name, setting, reset_val, boot_val, source, coalesce(unit, '') AS unit, vartype
FROM pg_settings WHERE category NOT LIKE 'Preset%%'
