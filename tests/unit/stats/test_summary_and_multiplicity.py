"""Descriptions of samples, and p-values of many questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.stats.multiplicity import benjamini_hochberg, holm
from diagnostics.stats.summary import quantile, summarize

finite = st.floats(-1e9, 1e9)


def test_a_summary_of_known_numbers():
    s = summarize([1, 2, 3, 4, 100])

    assert (s.n, s.mean, s.median, s.mad, s.minimum, s.maximum) == (5, 22.0, 3.0, 1.0, 1.0, 100.0)


@given(st.lists(finite, min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_numpys(values, q):
    import numpy as np

    assert quantile(sorted(values), q) == pytest.approx(float(np.quantile(values, q)), rel=1e-9, abs=1e-6)


@given(st.lists(finite, min_size=1, max_size=50))
def test_a_summary_is_ordered(values):
    s = summarize(values)

    assert s.minimum <= s.p05 <= s.median <= s.p95 <= s.p99 <= s.maximum
    assert s.minimum <= s.mean <= s.maximum
    assert s.mad >= 0


@pytest.mark.parametrize("values", [[], [float("nan")], [1.0, float("inf")]])
def test_nothing_and_not_a_number_are_refused(values):
    with pytest.raises(ValueError, match=r"at least 1|not finite"):
        summarize(values)


def test_holm_gives_the_textbook_answer():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_benjamini_hochberg_rejects_the_four_of_the_original_paper():
    # Benjamini and Hochberg (1995), section 3.2: of fifteen, four are rejected, by Holm three
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]

    assert sum(q <= 0.05 for q in benjamini_hochberg(p)) == 4
    assert sum(q <= 0.05 for q in holm(p)) == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_is_scipys(p):
    from scipy.stats import false_discovery_control

    assert benjamini_hochberg(p) == pytest.approx(tuple(false_discovery_control(p, method="bh")), abs=1e-12)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_correction_never_makes_a_p_value_smaller_and_holm_is_the_stricter(p):
    strict, mild = holm(p), benjamini_hochberg(p)

    assert all(raw <= m + 1e-15 and m <= s + 1e-12 for raw, m, s in zip(p, mild, strict, strict=True))


def test_what_is_no_p_value_is_refused():
    with pytest.raises(ValueError, match="no p-value"):
        holm([0.5, 1.5])
