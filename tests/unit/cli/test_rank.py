"""``diagnose rank`` on files of a small fleet with a known truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from diagnostics.cli.main import cli

EDGES = [["front", "search"], ["front", "pay"], ["pay", "bank"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Metrics of ten minutes of which the last six are slow at the bank, normal times, and the graph."""
    at, rng, n = tmp_path_factory.mktemp("fleet"), np.random.default_rng(6), 310
    own = {"search": 0.01, "bank": 0.05, "pay": 0.02, "front": 0.03}
    took = {node: base * rng.lognormal(0.0, 0.1, n) for node, base in own.items()}
    took["bank"][304:] += 0.4
    took["pay"] += took["bank"]
    took["front"] += took["pay"] / 4 + took["search"]
    asked = {"search": 400.0, "bank": 100.0, "pay": 100.0, "front": 400.0}
    table = pl.DataFrame(
        {"ts": 1_700_000_000.0 + 60.0 * np.arange(n)}
        | {f"{node}|latency|Average": took[node] for node in own}
        | {f"{node}|requests|Sum": np.full(n, asked[node]) for node in own}
    )
    table[:300].write_parquet(at / "normal.parquet")
    table[300:].write_csv(at / "metrics.csv")
    table[200:210].write_parquet(at / "calm.parquet")
    (at / "graph.json").write_text(json.dumps({"nodes": list(own), "edges": EDGES}))
    return at


def rank(*words: str) -> Result:
    return CliRunner().invoke(cli, ["rank", *words], standalone_mode=False)


def inputs(folder: Path, metrics: str = "metrics.csv") -> list[str]:
    named = {"--metrics": metrics, "--normal": "normal.parquet", "--graph": "graph.json"}
    return [word for flag, name in named.items() for word in (flag, str(folder / name))]


def test_the_cause_its_inner_cause_and_reasons_are_written_as_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.json"

    result = rank(*inputs(folder), "--target", "front|latency", "--format", "json", "-o", str(out))

    answer = json.loads(out.read_text())
    assert result.exit_code == 0
    assert result.return_value == 1
    assert answer["abnormal"] is True
    assert answer["onset"] == pytest.approx(1_700_000_000 + 60 * 304, abs=60)
    best = answer["ranked"][0]
    assert (best["node"], best["inner"], best["kind"]) == ("bank", "latency|Average", "metric")
    assert any("front -> pay -> bank" in reason for reason in best["reasons"])
    assert [r["score"] for r in answer["ranked"]] == sorted((r["score"] for r in answer["ranked"]), reverse=True)


def test_a_person_reads_a_short_list_with_reasons(folder: Path) -> None:
    result = rank(*inputs(folder), "--onset", "2023-11-15T03:17", "--lang", "ru")

    assert "Началось в bank" in result.output
    assert "in normal times" in result.output
    assert result.return_value == 1


def test_calm_times_end_with_nothing_abnormal(folder: Path) -> None:
    result = rank(*inputs(folder, "calm.parquet"), "--target", "front")

    assert "Nothing abnormal" in result.output
    assert result.return_value == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Give --metrics or --traces"),
        (["--logs", "x.csv", "--metrics", "y.csv"], "--logs needs --traces"),
        (["--metrics", "absent.csv"], "there is no file"),
    ],
)
def test_what_is_missing_is_said(words: list[str], said: str) -> None:
    assert said in str(rank(*words).exception)


def test_a_wrong_onset_is_refused(folder: Path) -> None:
    assert "--onset takes Unix seconds" in str(rank(*inputs(folder), "--onset", "at noon").exception)


def test_without_anything_to_compare_with_it_asks_for_it(folder: Path) -> None:
    assert "--normal" in str(rank("--metrics", str(folder / "metrics.csv")).exception)
