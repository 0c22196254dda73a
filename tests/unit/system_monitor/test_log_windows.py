"""When it began, and what is compared with what."""

from __future__ import annotations

import random

import pytest

from diagnostics.system_monitor.probes.log_windows import error_onset, slowdown_onset, windows


def test_recent_is_the_last_minute_and_before_is_scaled_to_it() -> None:
    frame = windows(last=1000.0, now=1001.0, covered=[(400.0, 1000.0)])

    assert frame.recent == (940.0, 1000.0)
    assert frame.before == (400.0, 940.0)
    assert frame.scale == pytest.approx(60 / 540)


def test_an_onset_within_the_minute_shortens_it() -> None:
    frame = windows(last=1000.0, now=1001.0, covered=[(400.0, 1000.0)], onset=980.0)

    assert frame.recent_seconds == pytest.approx(20.0)
    assert frame.is_recent(980.0)
    assert not frame.was_before(980.5)


def test_an_onset_long_ago_keeps_its_errors_out_of_before() -> None:
    frame = windows(last=1000.0, now=1001.0, covered=[(400.0, 1000.0)], onset=600.0)

    assert frame.recent == pytest.approx((940.0, 1000.0))
    assert frame.before == (400.0, 600.0)


def test_an_old_log_has_nothing_recent() -> None:
    frame = windows(last=1000.0, now=5000.0, covered=[(400.0, 1000.0)])

    assert not frame.is_recent(1000.0)
    assert frame.was_before(1000.0)


def test_a_short_log_knows_nothing_of_before() -> None:
    frame = windows(last=1000.0, now=1000.0, covered=[(960.0, 1000.0)])

    assert frame.recent_seconds == pytest.approx(40.0)
    assert frame.is_recent(960.0)
    assert frame.before_seconds == 0
    assert frame.scale == 0


def test_only_what_was_read_counts_as_before() -> None:
    frame = windows(last=1000.0, now=1000.0, covered=[(400.0, 410.0), (900.0, 1000.0)])

    assert frame.before_seconds == pytest.approx(50.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_onset_of_errors_is_found(seed: int) -> None:
    rng = random.Random(seed)
    quiet = [rng.uniform(0, 280) for _ in range(6)]
    loud = [rng.uniform(280, 300) for _ in range(60)]

    onset = error_onset(quiet + loud, [(0.0, 300.0)])

    assert onset == pytest.approx(280.0, abs=6.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_steady_rate_of_errors_has_no_onset(seed: int) -> None:
    rng = random.Random(seed)

    assert error_onset([rng.uniform(0, 600) for _ in range(120)], [(0.0, 600.0)]) is None


def test_a_burst_that_is_over_is_no_step() -> None:
    assert error_onset([100.0 + i / 50 for i in range(100)], [(0.0, 600.0)]) is None


def test_no_errors_have_no_onset() -> None:
    assert error_onset([], [(0.0, 600.0)]) is None
    assert error_onset([5.0] * 10, []) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_onset_of_slowness_is_found(seed: int) -> None:
    rng = random.Random(seed)
    moments = [i / 10 for i in range(3000)]
    seconds = [rng.lognormvariate(-4, 0.5) * (20 if at > 270 and rng.random() < 0.5 else 1) for at in moments]

    assert slowdown_onset(moments, seconds) == pytest.approx(270.0, abs=3.0)


@pytest.mark.parametrize("seed", range(10))
def test_steady_requests_have_no_onset(seed: int) -> None:
    rng = random.Random(seed)
    moments = [i / 10 for i in range(3000)]

    assert slowdown_onset(moments, [rng.lognormvariate(-4, 1.0) for _ in moments]) is None


def test_requests_that_became_faster_have_no_onset() -> None:
    moments = [i / 10 for i in range(3000)]

    assert slowdown_onset(moments, [0.2 if at < 100 else 0.01 for at in moments]) is None


@pytest.mark.parametrize("seed", range(10))
def test_moments_in_whole_seconds_make_no_onset(seed: int) -> None:
    rng = random.Random(seed)
    moments = [float(i // 200) for i in range(20_000)]

    assert slowdown_onset(moments, [rng.uniform(0.01, 0.1) for _ in moments]) is None
