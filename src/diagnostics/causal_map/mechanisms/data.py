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
        recognised_by="23505 on the PRIMARY KEY with Key (id)=(small number); sequence last_value < max(id); ids in errors increase by one per attempt; no concurrency needed.",
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
            ),
        ),
        verification="insert ok; last_value >= max",
    ),
    Mechanism(
        id="migration-fails-on-existing-data",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A migration fails on existing data",
        title_ru="Миграция не проходит на существующих данных",
        summary="Constraint/unique index cannot be built because current rows violate it.",
        recognised_by="23505/23502/23503 raised by DDL statement (ALTER/CREATE INDEX in [SQL: ...]), not DML; deploy step red, app on old version.",
        confusable_with=("new-not-null-column-old-code",),
        causes=(Edge(effect="service-down", probability=0.3),),
        prior=2.0,
        remedies=(
            Remedy(
                id="migration-fails-on-existing-data/1",
                title="Clean data first",
                plan=("Clean data first",),
            ),
        ),
        verification="migration ok",
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
        causes=(Edge(effect="requests-fail", probability=0.3),),
        prior=3.0,
        remedies=(
            Remedy(
                id="payload-validation-mismatch/1",
                title="Fix client / accept both",
                plan=("Fix client / accept both",),
            ),
        ),
        verification="200",
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
    ),
    Mechanism(
        id="text-encoding-mismatch",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.SCHEMA_OR_DATA,
        title="A text has another encoding",
        title_ru="Текст в другой кодировке",
        summary="File in cp1251/latin-1 decoded as UTF-8.",
        recognised_by="UnicodeDecodeError with byte/position; only files of one source; decoding with cp1251 gives words.",
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
    ),
    Mechanism(
        id="data-growth-crossed-threshold",
        kind=Kind.CAUSE,
        layer=Layer.DATA,
        category=Category.UNKNOWN,
        title="Data outgrew an algorithm or a plan",
        title_ru="Данные переросли алгоритм или план",
        summary="Table/payload grew so an acceptable O(n) path became too slow.",
        recognised_by="row count trend, mean_exec_time rises proportional to rows for months; no plan change at the onset; no deploy.",
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
    ),
)
