"""The official scoring of the Numenta benchmark: known answers, and that predicting sees no labels."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from benchmarks.rca.nab import (
    PROFILES,
    SHIPPED,
    case_of,
    cases,
    gain_at,
    normalised,
    oracle,
    predict,
    score,
    series,
    shown,
    steps,
)
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.stats.anomaly import THRESHOLD, AnomalyDetector

STANDARD = PROFILES["standard"]
#: 1,000 rows (150 on probation), windows of 100 rows at 300 and at 700.
CASE = case_of("a/b.csv", range(1000), [(300, 399), (700, 799)])


def official(scores, weights=STANDARD, threshold=SHIPPED, case=CASE):
    return normalised(gain_at(steps(case, scores, weights), threshold), case.windows, weights)


def detections(*rows):
    scores = [0.0] * 1000
    for row in rows:
        scores[row] = 1.0
    return scores


def test_silence_is_nothing_and_the_left_edges_are_perfect():
    assert official(detections()) == 0.0
    assert official(detections(300, 700)) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("profile", "half"), [("standard", 50.0), ("reward_low_FP_rate", 50.0), ("reward_low_FN_rate", 50.0)]
)
def test_one_of_two_windows_is_half_in_every_profile(profile, half):
    assert official(detections(300), PROFILES[profile]) == pytest.approx(half)


def test_the_right_edge_of_a_window_is_worth_little_but_no_miss():
    """S(-0.01) / S(-1) = 0.02499 / 0.98661: with the miss that it saves, half of a window's 2 points and a little."""
    assert official(detections(399)) == pytest.approx(100 * (1 + 0.024995 / 0.986614) / 4, rel=1e-4)


def test_the_earliest_detection_in_a_window_counts_and_the_others_cost_nothing():
    assert official(detections(320, 330, 390)) == official(detections(320))


def test_probation_neither_pays_nor_costs():
    assert official(detections(0, 149)) == 0.0
    assert official(detections(150)) == pytest.approx(-100 * 0.11 / 4)


def test_false_alarms_cost_less_shortly_after_a_window():
    near, far = official(detections(400)), official(detections(698))

    assert near == pytest.approx(100 * 0.11 * (2 / (1 + math.exp(5 / 99)) - 1) / 4)
    assert (
        far == pytest.approx(100 * 0.11 * (2 / (1 + math.exp(5 * 299 / 99)) - 1) / 4) == pytest.approx(-2.75, abs=0.01)
    )
    assert official(detections(698), PROFILES["reward_low_FP_rate"]) == pytest.approx(2 * far)


@given(st.dictionaries(st.integers(0, 999), st.sampled_from([0.1, 0.2, 0.5, 0.9, 1.0]), max_size=20))
def test_the_oracle_is_the_best_of_all_thresholds(chosen):
    scores = [chosen.get(i, 0.0) for i in range(1000)]

    threshold, best = oracle(steps(CASE, scores, STANDARD))

    every = [gain_at(steps(CASE, scores, STANDARD), t) for t in (0.1, 0.2, 0.5, 0.9, 1.0, math.inf)]
    assert best == pytest.approx(max(every), abs=1e-9)
    assert gain_at(steps(CASE, scores, STANDARD), threshold) == pytest.approx(best, abs=1e-9)


@given(st.sets(st.integers(0, 999), max_size=30))
def test_the_steps_add_up_to_the_rules_as_they_are_written(rows):
    raw = 0.0
    for k in (0, 1):
        worth = [CASE.worth[i] for i in rows if CASE.window[i] == k]
        raw += max(worth) if worth else -1.0
    raw += 0.11 * sum(CASE.worth[i] for i in rows if CASE.window[i] < 0)

    assert official(detections(*rows)) == pytest.approx(100 * (raw + 2) / 4)


@pytest.fixture
def folder(tmp_path):
    """A folder in the layout of the data: two series of 900 rows, one with a spike in its window; labels that are wrong JSON first."""
    pl = pytest.importorskip("polars")
    at = [datetime(2026, 1, 1) + timedelta(minutes=5 * i) for i in range(900)]
    calm = [10.0 + i * 7 % 11 for i in range(900)]
    spiky = [*calm[:700], 90.0, *calm[701:]]
    pl.DataFrame(
        {
            "file": ["x/calm.csv"] * 900 + ["y/spiky.csv"] * 900,
            "row": [*range(900), *range(900)],
            "timestamp": at + at,
            "value": calm + spiky,
        }
    ).write_parquet(tmp_path / "series.parquet")
    return tmp_path


def test_predicting_needs_no_labels_and_gives_a_score_for_each_row(folder):
    lines = list(predict(folder))

    assert [(line["file"], line["row"]) for line in lines] == [
        (name, row) for name in ("x/calm.csv", "y/spiky.csv") for row in range(900)
    ]
    assert [line["row"] for line in lines if line["score"] >= SHIPPED] == [700]
    assert all(0.0 <= line["score"] < 1.0 for line in lines)


def test_a_found_spike_is_scored_from_its_window(folder):
    windows = {"x/calm.csv": [], "y/spiky.csv": [["2026-01-03 09:30:00.000000", "2026-01-03 11:05:00.000000"]]}
    (folder / "windows.json").write_text(json.dumps(windows), encoding="utf-8")

    assert [case.windows for case in cases(folder)] == [0, 1]
    table = score(folder, predict(folder))

    # Row 700 is 10:20, the eleventh of the window's 20 rows: (1 + S(-0.5) / S(-1)) / 2.
    assert "| standard | 93.0 |" in table
    assert "| y/spiky.csv | 1 of 1 | 0 | 93 |" in table


def test_a_sample_of_the_real_series_is_scored_far_above_silence():
    """Every fourth file of the development half; the whole of it is ``python -m benchmarks.rca nab``."""
    data = Path(__file__).parents[3].parent / "shared" / "data" / "nab"
    if not data.is_dir():
        pytest.skip("the recorded series are not beside this checkout")
    chosen = sorted(cases(data), key=lambda case: case.name)[::4]
    read = {name: (times, values) for name, times, values in series(data)}

    gains, windows = 0.0, 0
    for case in chosen:
        detector = AnomalyDetector()
        scores = [
            shown(detector.update(value, at.replace(tzinfo=UTC)), THRESHOLD)
            for at, value in zip(*read[case.name], strict=True)
        ]
        gains += gain_at(steps(case, scores, STANDARD), SHIPPED)
        windows += case.windows

    assert normalised(gains, windows, STANDARD) > 60
