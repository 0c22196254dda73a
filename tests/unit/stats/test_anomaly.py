"""The streaming detector: what it finds, what it leaves alone, and that it stays small and repeatable."""

import json
import math
import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.stats.anomaly import VIEWS, AnomalyDetector, DetectorSettings
from diagnostics.stats.streaming.daily import Daily
from diagnostics.stats.streaming.extremes import CEILING, Extremes
from diagnostics.texts.anomaly import sentence

START = 1_700_000_000 // 86_400 * 86_400
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def noise(n, seed=1, level=100.0, sigma=5.0):
    generator = random.Random(seed)
    return [generator.gauss(level, sigma) for _ in range(n)]


def working_days(days, seed=1):
    """A value each five minutes: 80 from nine to six, 20 at night."""
    return [
        (80.0 if 108 <= i % 288 < 216 else 20.0) + wobble
        for i, wobble in enumerate(noise(288 * days, seed, level=0.0, sigma=2.0))
    ]


def judged(values, *, interval=300.0, detector=None, **chosen):
    detector = detector or AnomalyDetector(DetectorSettings(**chosen))
    return [detector.update(value, START + i * interval) for i, value in enumerate(values)]


def alarms(values, **kwargs):
    return [i for i, one in enumerate(judged(values, **kwargs)) if one.alarm]


def first_alarm_from(start, values):
    found = [i for i in alarms(values) if i >= start]
    assert found, "nothing was found"
    return found[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_spike_is_found_at_once_and_said_with_what_was_expected(seed):
    values = noise(800, seed)
    values[700] += 60

    result = judged(values)[700]

    assert result.alarm
    assert result.surprises[0].view in ("value", "jump")
    low, high = result.expected
    assert 70 < low < 95 < 105 < high < 130
    value = next(one for one in result.surprises if one.view == "value")
    assert sentence("value", seen=value.seen, low=value.low, high=value.high).startswith("the value is 1")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("change", "within"),
    [
        (lambda v: v + 15, 12),  # a step of three sigmas
        (lambda v: 100 + 3 * (v - 100), 40),  # three times the noise
        (lambda _: 103.5, 12),  # a sensor that is stuck
    ],
    ids=["level shift", "noise", "stuck"],
)
def test_what_changes_for_good_is_found(change, within, seed):
    values = noise(1600, seed)
    values[1200:] = [change(v) for v in values[1200:]]

    assert first_alarm_from(1200, values) < 1200 + within


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("hours", "level"),
    [((9, 18), 20.0), ((1, 4), 80.0), ((9, 18), 50.0)],
    ids=["a working day is missing", "work at night", "half of the work"],
)
def test_values_that_are_usual_at_another_time_of_day_are_found(hours, level, seed):
    values = working_days(12, seed)
    start, end = (10 * 288 + hour * 12 for hour in hours)
    values[start:end] = [level + wobble for wobble in noise(end - start, seed + 9, level=0.0, sigma=2.0)]

    assert first_alarm_from(start, values) < start + 36


def test_a_daily_pattern_is_no_anomaly_once_it_is_known():
    assert [i for i in alarms(working_days(14)) if i > 3 * 288] == []


def test_a_flat_line_never_alarms():
    assert alarms([45.0] * 2000) == []


def test_a_square_wave_never_alarms_once_two_days_of_it_are_known():
    assert [i for i in alarms([float(i // 72 % 2) for i in range(4000)]) if i > 2 * 288] == []


def test_noise_alarms_seldom():
    counts = [len(alarms(noise(4000, seed))) for seed in range(4)]

    assert sum(counts) / len(counts) <= 5  # a value each five minutes: one in three days


def test_the_first_departure_from_a_flat_line_is_a_surprise():
    result = judged([45.0] * 500 + [46.0])[-1]

    assert result.alarm
    assert result.expected == (45.0, 45.0)


def test_one_episode_is_one_alarm_and_what_lasts_becomes_normal():
    values = noise(3000)
    values[1000:] = [v + 50 for v in values[1000:]]

    found = alarms(values, quiet=60)

    assert 1000 in found
    assert all(b - a >= 60 for a, b in pairwise(found))
    assert len([i for i in found if i > 1300]) <= 4


def test_nothing_is_said_while_learning_and_that_is_no_all_clear():
    results = judged([*noise(150), 10_000.0])

    assert not any(one.ready or one.alarm or one.score for one in results)
    assert results[-1].expected is None


@pytest.mark.parametrize("gap", [None, math.nan, math.inf, -math.inf])
def test_a_gap_is_missing_and_changes_nothing(gap):
    values = noise(600)
    with_gaps = [x for v in values for x in (v, gap)]

    plain = AnomalyDetector()
    holed = AnomalyDetector()
    seen = [plain.update(v, 300.0 * i) for i, v in enumerate(values)]
    results = [holed.update(v, 300.0 * (i // 2)) for i, v in enumerate(with_gaps)]

    assert results[::2] == seen
    assert all(one.missing and not one.alarm and one.score == 0 for one in results[1::2])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.floats(), st.integers(-3, 3).map(float), st.none()), max_size=120),
    st.lists(st.floats(), min_size=120, max_size=120),
)
def test_no_values_and_no_times_whatever_make_it_fail(values, times):
    detector = AnomalyDetector(DetectorSettings(block=3, learning=6, remembered=5))

    for value, at in zip(values, times, strict=False):
        result = detector.update(value, at)

        assert 0.0 <= result.score <= CEILING
        json.dumps(detector.state(), allow_nan=False)


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3), st.integers(0, 10))
def test_the_unit_of_measurement_does_not_matter(scale, shift, seed):
    values = noise(500, seed, level=10.0)
    values[400:420] = [v * 3 for v in values[400:420]]

    scores = [one.score for one in judged(values)]
    others = [one.score for one in judged([(v + shift) * scale for v in values])]

    assert others == pytest.approx(scores, abs=1e-3)
    assert max(scores) > 2


def test_upside_down_is_as_surprising():
    values = working_days(6)
    values[1500:1520] = [200.0] * 20

    assert [one.score for one in judged([-v for v in values])] == pytest.approx([one.score for one in judged(values)])


@given(st.integers(0, 900), st.integers(0, 5))
@settings(max_examples=10, deadline=None)
def test_a_detector_restored_from_its_saved_state_goes_on_as_if_nothing_had_happened(cut, seed):
    values = noise(1000, seed)
    values[950] = 300.0
    detector = AnomalyDetector(DetectorSettings(remembered=20))
    judged(values[:cut], detector=detector)

    other = AnomalyDetector.restored(json.loads(json.dumps(detector.state())))

    for i, value in enumerate(values[cut:]):
        at = START + (cut + i) * 300.0
        assert other.update(value, at) == detector.update(value, at)


def test_the_same_values_give_the_same_judgements():
    values = working_days(4)

    assert judged(values) == judged(values)


def test_memory_is_bounded():
    detector = AnomalyDetector(DetectorSettings(remembered=30))
    sizes = []
    for _ in range(3):
        judged(noise(2500), detector=detector)
        state = detector.state()
        sizes.append(sum(len(one["maxima"]) for one in (*state["highs"], *state["lows"], state["own"])))
        assert len(state["views"]["recent"]) == 108

    assert sizes == [30 * (2 * len(VIEWS) + 1)] * 3


def test_a_state_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 99"):
        AnomalyDetector.restored({**AnomalyDetector().state(), "version": 99})


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"block": 0}, {"remembered": 1}, {"learning": 10}, {"quiet": -1}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"positive|needs"):
        DetectorSettings(**wrong)


def test_datetimes_and_seconds_are_the_same():
    one, other = AnomalyDetector(), AnomalyDetector()
    for i, value in enumerate(working_days(3)):
        at = NOON.timestamp() + 300 * i
        assert one.update(value, at) == other.update(value, datetime.fromtimestamp(at, tz=UTC))


def test_the_tail_of_exponential_maxima_is_estimated_as_what_it_is():
    """Maxima of blocks with P(max > x) = exp(-x): a value of 8 has the surprise 8."""
    generator = random.Random(3)
    tail = Extremes(2000)
    for _ in range(2000):
        tail.add(generator.expovariate(1.0))
        tail.close()

    assert tail.surprise(8.0) == pytest.approx(8.0, abs=1.0)
    assert tail.surprise(1.0) == 0.0
    assert tail.surprise(1e300) == CEILING


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), st.integers(2, 10))
def test_the_tail_remembers_exactly_the_newest_blocks(maxima, capacity):
    tail = Extremes(capacity)
    for value in maxima:
        tail.add(float(value))
        tail.close()

    kept = sorted(maxima[-capacity:])
    assert len(tail) == len(kept)
    assert [tail.quantile(i / len(kept) + 1e-9) for i in range(len(kept))] == kept


def test_the_range_of_the_time_of_day_is_that_of_the_last_week_without_today():
    daily = Daily()
    for day in range(9):
        # Hour 12 has the level of the day's number, all else is 0; hour 12 of today is not counted.
        for hour in range(24):
            outside, low, high = daily.update(float(day) if hour == 12 else 0.0, day * 86_400 + hour * 3_600)
            if hour == 12 and day == 8:
                assert (outside, low, high) == (1.0, 1.0, 7.0)


def test_a_hair_before_midnight_is_the_last_quarter_of_the_day():
    daily = Daily()

    for seconds in (-1e-300, 86_400 - 1e-11, 86_400.0):
        assert daily.update(1.0, seconds)[0] == 0.0


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_sentence_in_both_languages(view, lang):
    assert "0.5" in sentence(view, seen=math.log(0.5) if view == "calm" else 0.5, low=0.0, high=0.1, lang=lang)


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no language 'de'"):
        sentence("value", seen=1.0, low=0.0, high=1.0, lang="de")
