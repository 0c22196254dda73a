"""The PetShop runner: what it reads, how ties are scored, and a sample of the real issues."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from benchmarks.rca import petshop
from benchmarks.rca.__main__ import main
from benchmarks.rca.score import rate, recall

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "petshop"


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fifth issue, without the labels."""
    if not DATA.is_dir():
        pytest.skip("the recorded issues are not beside this checkout")
    folder = tmp_path_factory.mktemp("petshop")
    for scenario in ("high_traffic", "low_traffic"):
        shutil.copytree(DATA / scenario, folder / scenario)
    (folder / "cases.jsonl").write_text("\n".join((DATA / "cases.jsonl").read_text().splitlines()[::5]))
    return folder


def test_real_issues_are_ranked_without_the_labels(some: Path, tmp_path: Path) -> None:
    out = tmp_path / "predictions.jsonl"

    assert main(["petshop", str(some), "-o", str(out)]) == 0

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    truth = petshop._truth(DATA)
    assert [line["case"] for line in lines] == [case["case"] for case in petshop.cases(some)]
    # The development half has all of them right; this floor only says when something broke.
    assert sum(recall([(n, s) for n, _, s in line["ranked"]], truth[line["case"]], 1) for line in lines) >= 5
    assert all(inner for line in lines for _, inner, _ in line["ranked"])


def test_ties_get_their_expected_credit() -> None:
    tied = [("a", 3.0), ("b", 2.0), ("c", 2.0), ("d", 2.0), ("e", 1.0)]

    assert [recall(tied, "a", k) for k in (1, 3)] == [1.0, 1.0]
    assert [recall(tied, "c", k) for k in (1, 2, 3, 4)] == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0])
    assert recall(tied, "unknown", 3) == recall([], "a", 3) == 0.0


def test_a_node_that_stands_twice_counts_with_its_best_score() -> None:
    assert recall([("a", 1.0), ("b", 0.5), ("b", 2.0)], "b", 1) == 1.0


def test_rates_come_with_wilsons_interval() -> None:
    assert rate([1.0] * 9 + [0.0]) == "0.900 (0.60-0.98)"
    assert rate([]) == "-"
