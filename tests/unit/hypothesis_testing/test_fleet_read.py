"""Files of a fleet: Parquet and CSV give the same table, times in any unit, and clear words for what is wrong."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet import read

START = datetime(2026, 11, 25, 10, tzinfo=UTC)


def rows(n: int = 4) -> pl.DataFrame:
    times = [START.timestamp() + 60 * i for i in range(n)]
    return pl.DataFrame(
        {
            "ts": times,
            "a|latency|Average": [0.1, None, math.nan, math.inf][:n],
            "case": ["x"] * n,
            "b|requests": list(range(n)),
        }
    )


def test_parquet_and_csv_give_the_same_table(tmp_path: Path) -> None:
    rows().write_parquet(tmp_path / "m.parquet")
    rows().write_csv(tmp_path / "m.csv")

    one, two = read.table(tmp_path / "m.parquet"), read.table(tmp_path / "m.csv")

    assert list(one.columns) == list(two.columns) == ["a|latency|Average", "b|requests"]
    assert list(one.times) == list(two.times)
    for name in one.columns:
        assert np.array_equal(one.columns[name], two.columns[name], equal_nan=True)
    assert np.isnan(one.columns["a|latency|Average"][1:]).all()


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_times_may_be_seconds_or_finer(factor: int) -> None:
    whole = rows().with_columns((pl.col("ts") * factor).cast(pl.Int64))

    assert read.as_table(whole, "m").times == pytest.approx([START.timestamp() + 60 * i for i in range(4)])


def test_times_may_be_times_or_their_text() -> None:
    moments = [START + timedelta(minutes=i) for i in range(4)]
    expected = [m.timestamp() for m in moments]

    assert read.as_table(rows().with_columns(ts=pl.Series(moments)), "m").times == pytest.approx(expected)
    text = [m.strftime("%Y-%m-%d %H:%M:%S") for m in moments]
    assert read.as_table(rows().with_columns(ts=pl.Series(text)), "m").times == pytest.approx(expected)


def test_rows_are_put_in_order_and_the_last_of_a_moment_counts() -> None:
    mixed = pl.DataFrame({"ts": [60.0, 0.0, 60.0], "a|cpu": [1.0, 2.0, 3.0]})

    table = read.as_table(mixed, "m")

    assert list(table.times) == [0.0, 60.0]
    assert list(table.columns["a|cpu"]) == [2.0, 3.0]
    assert table.step == 60.0


def test_a_graph_is_nodes_and_calls(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text(
        json.dumps({"nodes": ["a", "b", "alone"], "edges": [["a", "b"], ["a", "b"], ["b", "b"], ["b", "c"]]})
    )

    graph = read.graph(path)

    assert graph.nodes == ("a", "b", "alone", "c")
    assert graph.edges == (("a", "b"), ("b", "c"))
    assert dict(graph.below("a")) == {"a": 0, "b": 1, "c": 2}
    assert dict(graph.above("c")) == {"c": 0, "b": 1, "a": 2}


@pytest.mark.parametrize("content", ["[1, 2]", '{"edges": [["a"]]}', '{"edges": 3}', "{", ""])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "graph.json").write_text(content)

    with pytest.raises(ConfigurationError, match=r"graph\.json"):
        read.graph(tmp_path / "graph.json")


def test_files_that_are_no_tables_are_named(tmp_path: Path) -> None:
    (tmp_path / "m.parquet").write_bytes(b"no parquet at all")
    (tmp_path / "m.xlsx").write_bytes(b"")
    (tmp_path / "m.csv").write_text("time,a|cpu\n1,2\n")

    with pytest.raises(ConfigurationError, match=r"m\.parquet cannot be read"):
        read.table(tmp_path / "m.parquet")
    with pytest.raises(ConfigurationError, match=r"a table is a \.parquet or a \.csv"):
        read.table(tmp_path / "m.xlsx")
    with pytest.raises(ConfigurationError, match="no column ts"):
        read.table(tmp_path / "m.csv")
    with pytest.raises(ConfigurationError, match="there is no file"):
        read.table(tmp_path / "absent.csv")
