"""Spans and logs as tables: the columns that are needed, double rows dropped, time cut into slots.

A *slot* is one minute, the unit in which "as always" and "now" are compared. Where the table says which minute a row belongs to
(columns ``minute`` and ``phase``, as an export by minute files has them), that is the slot, and a trace on the edge keeps all its
spans; elsewhere it is the minute in which the row's trace began.
"""

from __future__ import annotations

from diagnostics.errors import ConfigurationError, MissingExtraError

try:
    import polars as pl
except ImportError as error:  # pragma: no cover - the base install
    raise MissingExtraError("fleet", needed_for="reading tables of logs or spans") from error

__all__ = ["KEY", "SECOND", "is_normal", "pl", "tidy_logs", "tidy_spans"]

SECOND = 1_000_000_000
#: What identifies a span.
KEY = ("slot", "trace", "span")
#: Columns that say which slot a row belongs to, where the table has them.
SLOT = ("minute", "phase")
SPANS = ("trace", "span", "parent", "pod", "op", "start_ns", "dur_ns")
LOGS = ("trace", "span", "pod", "ts_ns", "message")


def is_normal(slot: str) -> bool:
    """Return whether the slot was recorded apart, as fault-free (``phase`` is ``normal``)."""
    return slot.startswith("normal ")


def tidy_spans(table: pl.DataFrame) -> pl.DataFrame:
    """Return spans as ``slot, trace, span, parent, pod, op, start_ns, dur_ns``; each one once. A root's parent is null.

    Raises:
        ConfigurationError: A column is missing.
    """
    _require(table, SPANS, "spans")
    table = table.with_columns(pl.col("pod", "op").cast(pl.String))
    first = pl.col("start_ns").min().over("trace") // (60 * SECOND)
    table = table.with_columns(_slot(table, first))
    if table.schema["parent"].is_numeric():
        table = table.with_columns(pl.when(pl.col("parent") >= 0).then(pl.col("parent")).alias("parent"))
    else:
        table = table.with_columns(pl.when(pl.col("parent") != "").then(pl.col("parent")).alias("parent"))
    return table.select("slot", *SPANS).unique(list(KEY), keep="first", maintain_order=True)


def tidy_logs(table: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the log lines that were written inside known spans as ``slot, trace, span, at, message``.

    Raises:
        ConfigurationError: A column is missing.
    """
    _require(table, LOGS, "logs")
    own = _slot(table, None)
    named = table.select(
        "trace", "span", pl.col("message").cast(pl.String), at="ts_ns", **({} if own is None else {"slot": own})
    )
    if own is None:
        return named.join(spans.select(*KEY), on=["trace", "span"]).select(*KEY, "at", "message")
    return named.select(*KEY, "at", "message")


def _slot(table: pl.DataFrame, otherwise: pl.Expr | None) -> pl.Expr | None:
    if "minute" in table.columns:
        phase = pl.col("phase").cast(pl.String) + " " if "phase" in table.columns else pl.lit("")
        return (phase + pl.col("minute").cast(pl.String)).alias("slot")
    return None if otherwise is None else otherwise.cast(pl.String).alias("slot")


def _require(table: pl.DataFrame, wanted: tuple[str, ...], what: str) -> None:
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise ConfigurationError(
            f"the table of {what} has no column {', '.join(missing)}; it has {', '.join(table.columns)}"
        )
