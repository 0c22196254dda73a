"""Nezha's scoring on known answers, and that predicting sees no labels."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from benchmarks.rca import nezha

SHARED = Path(__file__).parents[4] / "shared" / "data" / "nezha"
REGION = {
    "case": "a",
    "pod": "cart-5f-x",
    "service": "cart",
    "inner_root_cause": "Received ad_No context",
    "inner_kind": "code_region",
}
CPU = {
    "case": "b",
    "pod": "pay-6c-y",
    "service": "pay",
    "inner_root_cause": "CpuUsageRate(%)",
    "inner_kind": "resource",
}


def test_the_service_of_a_pod_is_its_name_less_the_replica() -> None:
    assert nezha.service("ts-travel2-service-5c66d57d58-6mp2b") == "ts-travel2-service"


@pytest.mark.parametrize(
    ("ranked", "label", "place"),
    [
        ([["cart-5f-x", "Received ad_No context", 0.9]], REGION, 1),
        ([["cart-5f-x", "Received ad request_No context provided", 0.9]], REGION, 1),
        ([["cart-5f-x", "a_b_Received ad_then_No context", 0.9]], REGION, 1),
        ([["cart-5f-x", "No context_Received ad", 0.9]], REGION, 10**6),
        ([["cart-5f-z", "Received ad_No context", 0.9]], REGION, 10**6),
        ([["pay-6c-y", "NetworkP90(ms)", 0.9], ["pay-6c-y", "CpuUsageRate(%)", 0.1]], CPU, 2),
        ([["pay-6c-y", "CpuUsageRate(%) x", 0.9]], CPU, 10**6),
        ([], CPU, 10**6),
    ],
)
def test_the_place_of_a_cause_is_that_of_its_pod_and_inner_cause(
    ranked: list[list[object]], label: dict[str, str], place: int
) -> None:
    assert nezha.position(ranked, label) == place


def test_services_are_counted_once_and_missing_cases_are_misses(tmp_path: Path) -> None:
    labels = [REGION, CPU, {**CPU, "case": "c"}, {**CPU, "case": "d"}]
    (tmp_path / "cases.jsonl").write_text("")
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(label) + "\n" for label in labels))
    told = [
        {"case": "a", "ranked": [["cart-5f-x", "Received ad_No context", 0.9]]},
        {
            "case": "b",
            "ranked": [
                ["z-1-x", "q", 0.5],
                ["z-1-w", "q", 0.2],
                ["pay-6c-z", "q", 0.1],
                ["pay-6c-y", "CpuUsageRate(%)", 0.1],
            ],
        },
        {
            "case": "c",
            "ranked": [
                ["w-1-x", "q", 0.5],
                ["x-1-x", "q", 0.5],
                ["y-1-x", "q", 0.5],
                ["pay-6c-y", "CpuUsageRate(%)", 0.1],
            ],
        },
    ]
    cells = [cell.strip().split(" ")[0] for cell in nezha.score(tmp_path, told).splitlines()[-1].split("|")[2:-1]]
    assert cells == ["4", "0.250", "0.500", "0.250", "0.250"]


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no cases\.jsonl"):
        next(nezha.predict(tmp_path))


@pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the recordings of Nezha lie beside the checkout, in shared/data/nezha; they are not here",
)
def test_recorded_faults_are_found_and_labels_are_not_read(tmp_path: Path) -> None:
    """Two faults (``python -m benchmarks.rca nezha`` does all of both systems). The copy has no labels that could be read."""
    date = SHARED / "tt-2023-01-29"
    cases = [json.loads(line) for line in (date / "cases.jsonl").read_text().splitlines()]
    # Of the other faults' minutes the first, which lies before the fault, is enough to compare with.
    wanted = {minute for case in (cases[0], cases[26]) for minute in case["minutes"]} | {
        case["minutes"][0] for case in cases[::3]
    }
    (tmp_path / "pod_metrics.parquet").symlink_to(date / "pod_metrics.parquet")
    for name in ("spans.parquet", "logs.parquet"):
        rows = pl.scan_parquet(date / name).filter(pl.col("minute").cast(pl.String).is_in(list(wanted)))
        rows.collect().write_parquet(tmp_path / name)
    (tmp_path / "cases.jsonl").write_text("\n".join(json.dumps(cases[i]) for i in (0, 26)))
    labels = {label["case"]: label for label in map(json.loads, (date / "labels.jsonl").read_text().splitlines())}
    told = list(nezha.predict(tmp_path))
    assert [nezha.position(line["ranked"], labels[line["case"]]) for line in told] == [1, 1]


def test_a_date_without_logs_or_edges_can_be_read(tmp_path: Path) -> None:
    from tests.unit.hypothesis_testing.fleet_shop import CART, SICK, Shop

    shop = Shop(late={CART: 80})
    clock = pl.from_epoch(pl.col("start_ns") // 60_000_000_000 * 60).dt.strftime("%H:%M")
    shop.spans.with_columns(phase=pl.lit("fault"), minute=clock).write_parquet(tmp_path / "spans.parquet")
    shop.metrics.write_parquet(tmp_path / "pod_metrics.parquet")
    at = nezha.datetime.fromtimestamp(SICK * 60, nezha.UTC)
    case = {"case": "x", "diagnosis_minute": f"{at:%Y-%m-%dT%H:%M}", "minutes": [f"{at:%H:%M}"]}
    for given in (case, {"case": "x", "minutes": case["minutes"]}, {"case": "x"}):
        (tmp_path / "cases.jsonl").write_text(json.dumps(given) + "\n")
        (line,) = nezha.predict(tmp_path)
        assert line["ranked"][0][:2] == [CART, "NetworkP90(ms)"]
        assert line["minute"] == case["diagnosis_minute"]
