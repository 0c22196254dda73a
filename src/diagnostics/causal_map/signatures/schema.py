"""Texts of schema drift and migrations."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "migration-not-applied-missing-column": [
            (r"column (?:\"[^\"]{1,80}\"|[\w.]{1,80})(?: of relation \"[^\"]{1,80}\")? does not exist", 5.0),
            (r"UndefinedColumn|42703", 5.0),
            (r"no such column|Unknown column '", 5.0),
            (r"has no column named", 5.0),
        ],
        "migration-missing-table": [
            (r"(?<!of )relation \"[^\"]{1,120}\" does not exist", 5.0),  # `column … of relation …` lacks a column
            (r"UndefinedTable|42P01", 5.0),
            (r"no such table|Table '[^']{1,80}' doesn't exist", 5.0),
            (r"schema \"[^\"]{1,80}\" does not exist|InvalidSchemaName|3F000", 4.0),
            (r"type \"[^\"]{1,80}\" does not exist|UndefinedObject|42704", 4.0),
        ],
        "db-role-missing-grant": [
            (r"permission denied for (?:table|relation|sequence|schema|function|view|database|column)", 5.5),
            (r"InsufficientPrivilege|42501", 5.5),
            (r"must be owner of", 5.5),
            (r"new row violates row-level security policy", 3.0),
        ],
        "row-level-security-policy-blocks": [(r"violates row-level security policy", 6.0)],
        "new-not-null-column-old-code": [
            (r"violates not-null constraint", 3.0),
            (r"NotNullViolation|23502", 2.0),
            (r"NOT NULL constraint failed", 3.0),
        ],
        "sequence-desync-after-import": [
            (r"violates unique constraint \"\w{1,80}_pkey\"", 4.5),
            (r"Key \(id\)=\(\d+\) already exists", 4.0),
        ],
        "column-type-mismatch": [
            (r"operator does not exist", 5.5),
            (r"UndefinedFunction|42883", 3.5),
            (r"DatatypeMismatch|42804|is of type \w+(?: \w+)* but expression is of type", 5.5),
            (r"invalid input for query argument \$\d+", 4.5),
            (r"invalid input syntax for (?:type )?(?:integer|bigint|boolean|numeric)", 2.0),
            (r"cannot be cast automatically to type|cannot cast type", 4.5),
        ],
        "enum-value-missing": [
            (r"invalid input value for enum", 6.0),
            (r"is not among the defined enum values", 5.5),
        ],
        "function-or-extension-missing": [
            (r"function [\w.]{1,80}\([^)]{0,200}\) does not exist", 5.5),
            (r"extension \"[^\"]{1,60}\" (?:is not available|does not exist|must be installed)", 5.5),
            (r"could not (?:open extension control|access) file .{0,120}(?:extension|\$libdir)", 5.5),
        ],
        "alembic-multiple-heads": [
            (r"Multiple head revisions", 6.0),
            (r"Conflicting migrations detected; multiple leaf nodes", 6.0),
            (r"multiple heads", 4.0),
        ],
        "alembic-revision-missing": [
            (r"Can't locate revision identified by", 6.0),
            (r"NodeNotFoundError|InconsistentMigrationHistory|is applied before its dependency", 5.0),
            (r"Target database is not up to date", 3.0),
        ],
        "migration-fails-on-existing-data": [
            (r"could not create unique index", 6.0),
            (r"Key \([^)]{1,120}\)=\([^)]{0,200}\) is duplicated", 5.5),
            (r"column \"[^\"]{1,80}\" (?:of relation \"[^\"]{1,80}\" )?contains null values", 6.0),
            (
                r"check constraint \"[^\"]{1,80}\" (?:of relation \"[^\"]{1,80}\" )?is violated by some row",
                6.0,
            ),
            (r"cannot drop (?:table|column|type|constraint) .{0,80}because other objects depend", 5.0),
        ],
        "migration-partially-applied": [
            (r"column \"[^\"]{1,80}\" of relation \"[^\"]{1,80}\" already exists", 6.0),
            (r"(?:relation|table|type|constraint|index) \"[^\"]{1,120}\" already exists", 5.0),
            (r"Duplicate(?:Column|Table|Object)|42701|42P07|42710", 5.0),
            (r"duplicate column name", 5.0),
        ],
        "partition-missing": [(r"no partition of relation \"[^\"]{1,80}\" found for row", 6.0)],
        "generated-or-view-column-not-updatable": [
            (r"cannot (?:insert|update) (?:a non-DEFAULT value )?(?:into )?(?:column|view) \"", 5.0),
            (r"can only be updated to DEFAULT", 5.0),
        ],
        "on-conflict-constraint-missing": [
            (r"no unique or exclusion constraint matching the ON CONFLICT specification", 6.0),
            (r"ON CONFLICT DO UPDATE command cannot affect row a second time", 4.0),
        ],
        "sql-syntax-error": [(r"syntax error at or near", 4.0), (r"SyntaxError.{0,20}42601|42601", 4.0)],
    }
)

STORIES = table(
    {
        "migration-not-applied-missing-column": [
            (
                r"(?:migration|migrate|alembic|ddl)s? .{0,30}(?:skipped|not (?:run|applied|executed)|forgot\w*|missing|never ran|did not run)",
                4.0,
            ),
            (
                r"миграци\w* .{0,30}(?:не (?:применил|выполн|накат|запус|прош)|забыл|пропущ)\w*|забыл\w* .{0,20}миграци\w*|не (?:накатил|применил|прогнал)\w* миграци\w*",
                4.0,
            ),
        ],
        "migration-missing-table": [
            (r"(?:new|fresh|empty) (?:db|database|server|schema)|search_path|нов\w* (?:баз|сервер)\w*", 1.0)
        ],
        "db-role-missing-grant": [
            (
                r"(?:grant|privileges?|owner|owned by|as postgres|as (?:the )?superuser|as admin)|прав\w* на (?:таблиц|схем)\w*|от имени postgres|под postgres",
                2.5,
            ),
        ],
        "new-not-null-column-old-code": [
            (
                r"(?:after|since|right after) (?:the |tonight's |today's |last )?.{0,12}migration|not null (?:column|without default)|без default|not null|сразу после миграции",
                2.0,
            ),
            (
                r"(?:app|code|backend) .{0,20}(?:not deployed|untouched|unchanged|old)|старый код|код не (?:меня|деплоил)\w*",
                2.0,
            ),
        ],
        "sequence-desync-after-import": [
            (
                r"(?:after|since) .{0,30}(?:import\w*|moving|restor\w*|copy\w*|dump|transfer\w*|loading)|explicit ids|setval|sequence|сиквенс|последовательност\w*",
                2.0,
            ),
            (
                r"(?:then|and) (?:works?|succeeds?) again|после (?:импорта|переноса|восстановления|заливки)",
                1.5,
            ),
        ],
        "migration-fails-on-existing-data": [
            (r"migration (?:stops|fails|aborts|breaks)|миграция (?:падает|останавл|не проходит)\w*", 2.0),
            (r"rows (?:are |were )?duplicated|existing (?:rows|data)|дубл\w* в (?:таблице|данных)", 2.0),
        ],
        "migration-partially-applied": [
            (
                r"second (?:deploy|attempt|try|run)|rerun|re-run|(?:killed|interrupted|aborted|cancelled) .{0,20}migration|half[- ]applied|повторн\w* (?:деплой|запуск|миграц)\w*",
                2.5,
            ),
        ],
        "alembic-multiple-heads": [
            (
                r"two (?:branches|revisions|heads|developers|pull requests|features) .{0,40}(?:migration|merg)\w*|alembic heads",
                3.0,
            )
        ],
        "alembic-revision-missing": [(r"rollback|rolled back|branch switch|switched (?:the )?branch|откат\w*", 1.5)],
        "partition-missing": [
            (r"partition(?:s|ed|ing)? (?:for|of|by|table)|партици\w*|pg_partman|next month's partition", 3.0)
        ],
        "enum-value-missing": [(r"new (?:status|enum value|enum)|нов\w* статус\w*", 1.5)],
    }
)
