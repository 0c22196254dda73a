"""Scoring many series at once: exact where it says so, blind to unit and order, and honest about missing data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diagnostics.stats.changepoint import step_in_mean
from diagnostics.stats.scan import BLOCK, IQR_IN_SIGMAS, Sketches, changes, onsets

GENERATOR = np.random.default_rng(1)


def noise(series=5, points=200, seed=1):
    return np.random.default_rng(seed).normal(100, 5, (series, points))


tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(20, 60)),
    elements=st.one_of(st.integers(-5, 5), st.floats(-1e6, 1e6)),
)
holed = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(20, 60)),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.just(np.inf)),
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quartiles_and_score_are_numpys(dtype):
    x = noise(3 * BLOCK + 5, 201).astype(dtype)

    found = changes(x, 150)

    low, middle, high = np.percentile(x[:, :150].astype(np.float64), [25, 50, 75], axis=1)
    after = x[:, 150:].astype(np.float64)
    np.testing.assert_allclose(found.median, middle, rtol=1e-12)
    np.testing.assert_allclose(found.spread, high - low, rtol=1e-12)
    expected = np.maximum(after.max(axis=1) - middle, middle - after.min(axis=1)) / (high - low)
    np.testing.assert_allclose(found.score, expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(holed)
def test_missing_values_are_left_out_as_if_they_had_never_been(x):
    split = x.shape[1] * 2 // 3

    found = changes(x, split)

    for i, row in enumerate(x):
        before, after = (part[np.isfinite(part)] for part in (row[:split], row[split:]))
        if len(before) < 8 or not len(after):
            assert np.isnan(found.score[i])
            continue
        alone = changes(np.concatenate([before, after])[None], len(before))
        assert found.score[i] == pytest.approx(alone.score[0], rel=1e-9)
        assert found.direction[i] == alone.direction[0]


@settings(max_examples=50, deadline=None)
@given(tables, st.floats(0.001, 1000), st.floats(-1e4, 1e4))
def test_unit_and_sign_do_not_matter(x, scale, shift):
    x = np.round(x, 3)
    split = x.shape[1] // 2
    plain, flipped = changes(x, split), changes(-x, split)

    np.testing.assert_allclose(flipped.score, plain.score, rtol=1e-9)
    assert (flipped.direction == -plain.direction).all() or (plain.score == flipped.score).all()
    if (plain.spread > 1e-3).all():
        np.testing.assert_allclose(changes(x * scale + shift, split).score, plain.score, rtol=1e-3, atol=1e-3)


def test_the_series_that_changed_come_first_and_those_without_data_last():
    x = noise(300, 400)
    x[200, 300:] += 100
    x[100, 350] -= 300
    x[7] = np.nan

    found = changes(x, 300)

    assert list(found.ranking()[:2]) == [100, 200]
    assert found.ranking()[-1] == 7
    assert (found.direction[100], found.direction[200], found.direction[7]) == (-1, 1, 0)


def test_a_constant_that_changes_is_infinitely_far_and_one_that_stays_is_not_far_at_all():
    x = np.full((2, 100), 3.0)
    x[1, 90] = 3.5

    assert list(changes(x, 80).score) == [0.0, np.inf]


def test_what_is_mostly_zero_is_measured_by_its_range():
    """A counter of rare errors: 0, now and then 1. One more is no change, a hundred are."""
    x = np.zeros((2, 120))
    x[:, ::10] = 1.0
    x[1, 110] = 100.0

    assert list(changes(x, 100).score) == [1.0, 100.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("where", [20, 57, 180])
def test_a_step_is_found_where_it_is(where, dtype):
    x = noise(2 * BLOCK + 3)
    x[70, where:] += 30

    found = onsets(x.astype(dtype))

    assert found.index[70] == where
    assert found.step[70] == pytest.approx(30, abs=5)
    assert found.score.argmax() == 70
    assert found.common == where


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(10, 90))
def test_the_onset_is_that_of_the_careful_search_for_one_series(seed, where):
    x = noise(1, 100, seed)
    x[0, where:] += 12

    careful = step_in_mean(
        list(np.clip(x[0], *(np.median(x) + s * 3 * np.subtract(*np.percentile(x, [75, 25])) for s in (-1, 1)))),
        independent=True,
    )

    assert careful is not None
    assert onsets(x).index[0] == careful.index


def test_a_spike_is_no_step():
    x = noise(1, 300)
    x[0, 100] += 1e6
    x[0, 200:] += 20

    assert onsets(x).index[0] == 200


def test_missing_values_do_not_hide_a_step():
    x = noise(3, 300)
    x[1, 200:] += 20
    x[:, ::7] = np.nan
    x[2] = np.nan

    found = onsets(x)

    assert abs(found.index[1] - 200) <= 1
    assert (found.index[2], found.score[2]) == (0, 0.0)


def test_noise_has_no_common_onset_and_a_constant_none_at_all():
    assert onsets(np.full((3, 50), 7.0)).common is None
    assert list(onsets(np.full((3, 50), 7.0)).index) == [0, 0, 0]
    assert max(onsets(noise(200, 500)).score) < 5.5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_the_onset_does_not_depend_on_the_unit(seed, scale, shift):
    x = noise(4, 120, seed)
    x[:, 80:] += 15

    plain, other = onsets(x), onsets(x * scale + shift)

    assert list(plain.index) == list(other.index)
    np.testing.assert_allclose(other.score, plain.score, rtol=1e-3)


@pytest.mark.parametrize("points", [40, 64, 65, 1000, 4097])
def test_a_sketch_keeps_a_bounded_sample_spread_over_all_of_the_past(points):
    sketches = Sketches(1, samples=64)
    for i in range(points):
        sketches.update([float(i)])

    kept = sketches._kept[: sketches._count, 0]
    assert len(kept) <= 64
    assert len(kept) >= min(points, 32)
    assert list(np.unique(np.diff(kept))) == [float(sketches._stride)]
    assert points - kept[-1] <= sketches._stride


def test_ranking_from_sketches_is_close_to_the_exact_one():
    x = noise(300, 1200)
    bad = [3, 77, 250]
    x[bad, 900:] += 60
    sketches = Sketches(300)
    for column in x[:, :900].T:
        sketches.update(column)
    sketches.mark()
    for column in x[:, 900:].T:
        sketches.update(column)

    found, exact = sketches.changes(), changes(x, 900)

    assert set(found.ranking()[:3]) == set(bad)
    np.testing.assert_allclose(found.spread, 5 * IQR_IN_SIGMAS, rtol=0.6)
    assert np.median(found.spread / exact.spread) == pytest.approx(1, abs=0.05)


def test_a_sketch_leaves_missing_values_out():
    sketches = Sketches(2)
    for i in range(200):
        sketches.update([float(i % 10), np.nan])
    sketches.mark()
    sketches.update([np.nan, 1.0])
    assert np.isnan(sketches.changes().score).all()
    sketches.update([50.0, np.inf])

    found = sketches.changes()
    assert found.score[0] > 5
    assert np.isnan(found.score[1])


@pytest.mark.parametrize("split", [0, 50, -1])
def test_a_split_outside_is_refused(split):
    with pytest.raises(ValueError, match="within the series"):
        changes(np.zeros((2, 50)), split)


def test_what_is_no_table_is_refused():
    with pytest.raises(ValueError, match="series by time"):
        changes(np.zeros(50), 10)
    with pytest.raises(ValueError, match="at least 8"):
        onsets(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="needs 2 values"):
        Sketches(2).update([1.0])
    with pytest.raises(ValueError, match=r"mark\(\)"):
        Sketches(2).changes()
    with pytest.raises(ValueError, match="at least 16 samples"):
        Sketches(2, samples=3)
