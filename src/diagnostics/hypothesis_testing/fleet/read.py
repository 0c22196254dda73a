"""Files -> tables: Parquet or CSV, read lazily by polars, only the columns that are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError, MissingExtraError
from diagnostics.hypothesis_testing.fleet.graph import Graph
from diagnostics.hypothesis_testing.fleet.metrics import Table
from diagnostics.hypothesis_testing.fleet.vocabulary import series_of

if TYPE_CHECKING:
    import polars as pl


def scan(path: Path) -> pl.LazyFrame:
    """Return a lazy table of a Parquet or CSV file, by its ending.

    Raises:
        ConfigurationError: The file is not there, cannot be read, or has another ending.
        MissingExtraError: polars is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtraError("fleet", needed_for="reading tables of metrics, logs or spans") from error
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path}")
    ending = path.suffix.lower()
    if ending in (".parquet", ".pq"):
        return pl.scan_parquet(path)
    if ending in (".csv", ".gz"):
        return pl.scan_csv(path, infer_schema_length=None)
    raise ConfigurationError(f"{path.name}: a table is a .parquet or a .csv file")


def columns(path: Path, wanted: tuple[str, ...], *, optional: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return these columns of a table, and those of the optional ones that it has.

    Raises:
        ConfigurationError: A wanted column is missing; names those that are there. Or the file cannot be read.
    """
    table = scan(path)
    try:
        names = table.collect_schema().names()
    except Exception as error:
        raise ConfigurationError(f"{path.name} cannot be read as a table: {error}") from error
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ConfigurationError(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(names[:12])}")
    return table.select([*wanted, *(name for name in optional if name in names)]).collect()


def table(path: Path) -> Table:
    """Return the metrics of a table: a column ``ts`` (Unix seconds, or a time) and columns ``node|metric|stat``; others are left out.

    Rows are put in order; of two rows of one moment the last counts.

    Raises:
        ConfigurationError: There is no column ``ts``, or it holds no time.
    """
    import polars as pl

    lazy = scan(path)
    try:
        schema = lazy.collect_schema()
        wanted = [name for name in schema.names() if name == "ts" or (series_of(name) and _numeric(schema[name]))]
        return as_table(lazy.select(wanted).collect(), path.name)
    except pl.exceptions.PolarsError as error:
        raise ConfigurationError(f"{path.name} cannot be read as a table: {error}") from error


def as_table(rows: pl.DataFrame, name: str) -> Table:
    """Return the metrics of a table that is in memory; see ``table``.

    Raises:
        ConfigurationError: There is no column ``ts``, or it holds no time.
    """
    import polars as pl

    if "ts" not in rows.columns:
        raise ConfigurationError(f"{name} has no column ts; it has {', '.join(rows.columns[:8])}")
    series = [column for column in rows.columns if series_of(column) is not None and _numeric(rows.schema[column])]
    wanted = [_seconds(rows.schema["ts"], name), *(pl.col(column).cast(pl.Float64) for column in series)]
    return _as_table(rows.select(wanted))


def _as_table(rows: pl.DataFrame) -> Table:
    rows = rows.drop_nulls("ts").unique("ts", keep="last", maintain_order=True).sort("ts")
    return Table(times=rows["ts"].to_list(), columns={c: _values(rows[c]) for c in rows.columns if c != "ts"})


def _values(column: pl.Series) -> Any:
    values = column.to_numpy(writable=True)
    values[~column.is_finite().fill_null(value=False).to_numpy()] = float("nan")
    return values


def _numeric(kind: Any) -> bool:
    import polars as pl

    return bool(kind.is_numeric() or kind in (pl.Boolean, pl.Null))


def _seconds(kind: Any, name: str) -> pl.Expr:
    """Return the moments in Unix seconds; whole numbers beyond the year 5000 are milli-, micro- or nanoseconds."""
    import polars as pl

    ts = pl.col("ts")
    if kind.is_temporal():
        return ts.dt.epoch("us") / 1e6
    if kind == pl.String:
        return ts.str.to_datetime(time_zone="UTC", strict=False).dt.epoch("us") / 1e6
    if not kind.is_numeric():
        raise ConfigurationError(f"{name}: ts is {kind}; expected Unix seconds or a time")
    value = ts.cast(pl.Float64)
    unit = pl.when(value < 1e11).then(1.0).when(value < 1e14).then(1e3).when(value < 1e17).then(1e6).otherwise(1e9)
    return value / unit


def graph(path: Path) -> Graph:
    """Return the call graph of a JSON file ``{"nodes": [...], "edges": [[caller, called], ...]}``.

    Raises:
        ConfigurationError: The file cannot be read or is no such graph.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path.name} cannot be read as a graph: {error}") from error
    try:
        edges = [(str(caller), str(called)) for caller, called in content.get("edges", ())]
        return Graph.of(edges, map(str, content.get("nodes", ())))
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f'{path.name} is no graph; expected {{"nodes": [...], "edges": [[caller, called], ...]}}'
        ) from error
