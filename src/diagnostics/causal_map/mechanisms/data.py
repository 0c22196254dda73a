"""Causes in the layer data."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="sequence-desync-after-import",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A sequence is behind the imported rows",
        title_ru="Последовательность отстаёт от импортированных строк",
        summary="Rows were imported with explicit ids; sequence is behind max(id).",
        recognised_by=(
            "23505 on the PRIMARY KEY with Key (id)=(small number); sequence last_value < max(id); ids in "
            "errors increase by one per attempt; no concurrency needed."
        ),
        confusable_with=("duplicate-client-submission",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.8),
        ),
        detect=DETECTORS["sequence-desync-after-import"],
        prior=2.0,
        remedies=(
            Remedy(
                id="sequence-desync-after-import/1",
                title="setval(max)",
                plan=("setval(max)",),
                action="advance-sequence",
            ),
        ),
        verification="insert ok; last_value >= max",
        prevention="setval to max(id) as the last step of every import.",
    ),
    Mechanism(
        id="migration-fails-on-existing-data",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A migration fails on existing data",
        title_ru="Миграция не проходит на существующих данных",
        summary="Constraint/unique index cannot be built because current rows violate it.",
        recognised_by=(
            "23505/23502/23503 raised by DDL statement (ALTER/CREATE INDEX in [SQL: ...]), not DML; deploy "
            "step red, app on old version."
        ),
        confusable_with=("new-not-null-column-old-code",),
        causes=(
            Edge(effect="crash-loop-on-boot", probability=0.6),
            Edge(effect="app-process-down", probability=0.4),
            Edge(effect="service-down", probability=0.3),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="migration-fails-on-existing-data/1",
                title="Clean data first",
                plan=("Clean data first",),
            ),
        ),
        verification="migration ok",
        prevention="Migrations rehearsed on a copy of production's data, and constraints added NOT VALID first.",
    ),
    Mechanism(
        id="payload-validation-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="Clients send another shape than the API expects",
        title_ru="Клиенты шлют другой формат",
        summary="Client sends a different shape than the API expects (new app version).",
        recognised_by="422/400 with loc body.*; only one client version/User-Agent; our code unchanged.",
        confusable_with=(
            "external-response-schema-changed",
            "response-model-validation-error",
            "bad-deploy-code-regression",
        ),
        causes=(Edge(effect="requests-fail", probability=0.5),),
        detect=DETECTORS["payload-validation-mismatch"],
        prior=3.0,
        remedies=(
            Remedy(
                id="payload-validation-mismatch/1",
                title="Fix client / accept both",
                plan=("Fix client / accept both",),
            ),
        ),
        verification="200",
        prevention=(
            "A versioned API whose schema is tested against the oldest client in use, with 422 by client "
            "version on the dashboard."
        ),
    ),
    Mechanism(
        id="string-too-long",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A value is longer than its column",
        title_ru="Значение длиннее столбца",
        summary="Value exceeds varchar(n).",
        recognised_by="22001; length of the value > column; other users ok.",
        confusable_with=(
            "column-type-mismatch",
            "numeric-overflow-input",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="string-too-long/1",
                title="Validate/widen",
                plan=("Validate/widen",),
            ),
        ),
        verification="ok",
        prevention="The same length limit in the API's schema as in the column, or text without a limit.",
    ),
    Mechanism(
        id="numeric-overflow-input",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A number exceeds its column",
        title_ru="Число превышает столбец",
        summary="Number exceeds numeric(p,s)/int.",
        recognised_by="22003 with precision DETAIL (input value large); key columns fine, sequence far from max.",
        confusable_with=(
            "sequence-exhausted-int4",
            "string-too-long",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="numeric-overflow-input/1",
                title="Validate/widen",
                plan=("Validate/widen",),
            ),
        ),
        verification="ok",
        prevention="Bounds in the API's schema that fit the column.",
    ),
    Mechanism(
        id="bad-upstream-null",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A feed delivers null for a mandatory value",
        title_ru="Поставщик прислал null в обязательном поле",
        summary="Feed/partner delivers null for a mandatory value.",
        recognised_by="23502 for a known old column; the source record has null; only some rows; schema unchanged.",
        confusable_with=(
            "new-not-null-column-old-code",
            "none-attribute-error",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="bad-upstream-null/1",
                title="Validate/skip row",
                plan=("Validate/skip row",),
            ),
        ),
        verification="import ok",
        prevention="Feeds validated at the edge, with bad records put aside and counted.",
    ),
    Mechanism(
        id="text-encoding-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A text has another encoding",
        title_ru="Текст в другой кодировке",
        summary="File in cp1251/latin-1 decoded as UTF-8.",
        recognised_by=(
            "UnicodeDecodeError with byte/position; only files of one source; decoding with cp1251 gives words."
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="text-encoding-mismatch/1",
                title="Detect/declare encoding",
                plan=("Detect/declare encoding",),
            ),
        ),
        verification="import ok",
        prevention="Encoding agreed for each source, declared on every open(), and files that do not decode put aside.",
    ),
    Mechanism(
        id="unparsable-date-or-number",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A date or number has another format",
        title_ru="Дата или число в другом формате",
        summary="Locale/format of dates/numbers differs.",
        recognised_by="ValueError/22008/decimal.ConversionSyntax with the literal; source locale.",
        confusable_with=("payload-validation-mismatch",),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="unparsable-date-or-number/1",
                title="Parser",
                plan=("Parser",),
            ),
        ),
        verification="ok",
        prevention="ISO 8601 and dot decimals agreed with each source, and records that do not parse put aside.",
    ),
    Mechanism(
        id="duplicate-client-submission",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="Clients repeat a unique value",
        title_ru="Клиенты повторяют уникальное значение",
        summary="Client legitimately repeats a unique value (same email) and API answers 500 instead of 409.",
        recognised_by="23505 on business key; the row exists since long; single request; expected user error.",
        confusable_with=("sequence-desync-after-import",),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=3.0,
        remedies=(
            Remedy(
                id="duplicate-client-submission/1",
                title="Map to 409",
                plan=("Map to 409",),
            ),
        ),
        verification="409",
        prevention="Unique violations mapped to 409, and idempotency keys for submissions.",
    ),
    Mechanism(
        id="foreign-key-violation-deleted-parent",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A row refers to a parent that is gone",
        title_ru="Строка ссылается на удалённого родителя",
        summary="Child refers to a removed parent (or delete of used parent).",
        recognised_by="23503 with key DETAIL; parent absent (insert) or children exist (delete).",
        confusable_with=(
            "bad-upstream-null",
            "replica-lag-stale-reads",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        remedies=(
            Remedy(
                id="foreign-key-violation-deleted-parent/1",
                title="Soft delete / check",
                plan=("Soft delete / check",),
            ),
        ),
        verification="ok",
        prevention="ON DELETE chosen on purpose for each relation, and the violation answered as 404 or 409.",
    ),
    Mechanism(
        id="data-growth-crossed-threshold",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.UNKNOWN,
        title="Data outgrew an algorithm or a plan",
        title_ru="Данные переросли алгоритм или план",
        summary="Table/payload grew so an acceptable O(n) path became too slow.",
        recognised_by=(
            "row count trend, mean_exec_time rises proportional to rows for months; no plan change at the "
            "onset; no deploy."
        ),
        confusable_with=(
            "missing-index-seq-scan",
            "table-bloat-autovacuum-off",
        ),
        causes=(
            Edge(effect="db-queries-slow", probability=0.7),
            Edge(effect="requests-slow", probability=0.7),
        ),
        detect=DETECTORS["data-growth-crossed-threshold"],
        prior=2.0,
        remedies=(
            Remedy(
                id="data-growth-crossed-threshold/1",
                title="Archive/partition/index",
                plan=("Archive/partition/index",),
            ),
        ),
        verification="flat",
        prevention=(
            "Load tests on data several times production's size, and mean statement time against row counts "
            "on the dashboard."
        ),
    ),
    Mechanism(
        id="check-constraint-violation",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A value breaks a check constraint",
        title_ru="Значение нарушает CHECK-ограничение",
        summary="Input or code produces a value that a CHECK (or exclusion) constraint of the table forbids.",
        recognised_by=(
            'SQLSTATE 23514 new row for relation … violates check constraint "name" (or 23P01 for '
            "exclusion); the constraint's text says which rule; single requests; not no partition of "
            "relation."
        ),
        confusable_with=(
            "bad-upstream-null",
            "payload-validation-mismatch",
            "partition-missing",
            "enum-value-missing",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="check-constraint-violation/1",
                title="Validate before the database has to",
                plan=(
                    "Read the rule: pg_get_constraintdef",
                    "validate it in the API and answer 422",
                    "correct the rule where the business changed, NOT VALID first, then VALIDATE",
                ),
            ),
        ),
        verification="the request gets 422 with the rule instead of 500",
        prevention="The same rule in the API's schema as in the table, with a test for each constraint.",
    ),
    Mechanism(
        id="nul-character-in-text",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A text contains a NUL character",
        title_ru="Текст содержит нулевой символ",
        summary="A client or file sends \\x00 in a text; PostgreSQL cannot store it.",
        recognised_by=(
            "ValueError A string literal cannot contain NUL (0x00) characters, 22021 invalid byte sequence "
            'for encoding "UTF8": 0x00, or 22P05 \\u0000 cannot be converted to text for jsonb; one '
            "payload, often a scanner or a binary file."
        ),
        confusable_with=(
            "text-encoding-mismatch",
            "string-too-long",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="db-statement-rejected", probability=0.7),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="nul-character-in-text/1",
                title="Refuse or strip NUL at the edge",
                plan=(
                    "Validate texts: reject \\x00 with 422",
                    "strip it in importers",
                    "bytea for what is binary",
                ),
            ),
        ),
        verification="the payload gets 422",
        prevention="A base type for all text input that refuses control characters.",
    ),
    Mechanism(
        id="json-malformed-input",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A body or file is no valid JSON",
        title_ru="Тело или файл — невалидный JSON",
        summary=(
            "A client, webhook or file delivers text that is not JSON (cut, empty, single quotes, BOM), and "
            "the code parses it without a guard."
        ),
        recognised_by=(
            "JSONDecodeError with position in OUR input path (request body, file, message), 22P02 invalid "
            "input syntax for type json; one sender; external services answer properly."
        ),
        confusable_with=(
            "external-response-not-json",
            "payload-validation-mismatch",
            "text-encoding-mismatch",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.7),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="json-malformed-input/1",
                title="Answer 400, and tell the sender",
                plan=(
                    "Catch the error at the edge and answer 400 with the position",
                    "log length and first bytes, not the content",
                    "ask the sender for application/json in UTF-8 without BOM",
                ),
            ),
        ),
        verification="the broken body gets 400",
        prevention="Parsing through the framework's validated models, with a fuzz test of the endpoint.",
    ),
    Mechanism(
        id="upload-file-invalid",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="An uploaded file is damaged or of another type",
        title_ru="Загруженный файл повреждён или другого типа",
        summary="A file is cut, empty, encrypted, or not what its name says, and the parser raises.",
        recognised_by=(
            "UnidentifiedImageError, BadZipFile, InvalidFileException, EmptyDataError, PdfReadError and the "
            "like; one file; the same code works with others; the first bytes do not fit the extension."
        ),
        confusable_with=(
            "text-encoding-mismatch",
            "request-body-too-large-for-worker",
            "json-malformed-input",
        ),
        causes=(
            Edge(effect="unhandled-exception", probability=0.8),
            Edge(effect="requests-fail", probability=0.5),
        ),
        prior=2.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="upload-file-invalid/1",
                title="Check files before they are processed",
                plan=(
                    "Check magic bytes and size, not the extension",
                    "catch the parser's errors and answer 422 with the reason",
                    "process uploads in a worker with limits",
                ),
            ),
        ),
        verification="the damaged file gets 422, others pass",
        prevention="Tests with an empty, a cut and a mislabelled file for each upload.",
    ),
    Mechanism(
        id="row-too-big-or-too-many-columns",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A row, statement or index entry exceeds a limit of PostgreSQL",
        title_ru="Строка, запрос или ключ индекса превышают предел PostgreSQL",
        summary=(
            "A row over 8 kB without TOAST, over 1600 columns, an index entry over 2704 bytes, or more than "
            "65535 (32767) bind parameters."
        ),
        recognised_by=(
            "54000 row is too big, index row size exceeds btree version 4 maximum 2704, 54011 tables can "
            "have at most 1600 columns, or number of parameters must be between 0 and 65535 / the number of "
            "query arguments cannot exceed 32767; only the largest payloads or batches."
        ),
        confusable_with=(
            "string-too-long",
            "numeric-overflow-input",
            "pg-out-of-memory",
        ),
        causes=(
            Edge(effect="db-statement-rejected", probability=0.9),
            Edge(effect="requests-fail", probability=0.6),
        ),
        prior=1.0,
        prior_source="judgement, as for comparable rows of the fault catalogue",
        remedies=(
            Remedy(
                id="row-too-big-or-too-many-columns/1",
                title="Split the batch, or index a hash",
                plan=(
                    "Batches below 1000 rows, executemany or COPY",
                    "index md5() or a prefix of long texts, GIN for search",
                    "move wide columns to jsonb or a table of their own",
                ),
            ),
        ),
        verification="the largest payload passes",
        prevention="Batches with a fixed size, and a length limit on every indexed text.",
    ),
)
