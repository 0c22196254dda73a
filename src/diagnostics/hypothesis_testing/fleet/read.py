"""Files -> tables: Parquet or CSV, read lazily by polars, only the columns that are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError, MissingExtraError
from diagnostics.hypothesis_testing.fleet.graph import Graph

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
