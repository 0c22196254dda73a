import math

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.core_diagnostics.aggregates import SLOTS, History, Slot, bounds_of, bucket_of, summary

DURATIONS = st.lists(st.integers(0, 10**13), min_size=1, max_size=200)


@given(st.integers(0, 2**62))
def test_every_duration_lies_within_its_bucket(nanoseconds):
    low, high = bounds_of(bucket_of(nanoseconds))

    assert low <= nanoseconds < high
    assert nanoseconds < 8 or (high - low) / low <= 0.125


@given(st.integers(0, 480))
def test_buckets_follow_each_other_without_gap(bucket):
    assert bounds_of(bucket)[1] == bounds_of(bucket + 1)[0]


@given(DURATIONS, st.floats(0, 1))
def test_a_quantile_is_within_a_bucket_of_the_true_one(durations, q):
    slot = Slot(0)
    slot.add(list(durations), 0)

    exact = sorted(durations)[math.floor(q * (len(durations) - 1))]

    low, high = bounds_of(bucket_of(exact))
    assert low <= slot.quantile(q) * 1e9 * (1 + 1e-12) + 1e-6
    assert slot.quantile(q) * 1e9 * (1 - 1e-12) <= high


@given(DURATIONS, DURATIONS, st.integers(0, 1))
def test_merging_slots_equals_filling_one(left, right, errors):
    one, other, both = Slot(0), Slot(0), Slot(0)
    one.add(list(left), 0)
    other.add(list(right), errors)
    both.add(left + right, errors)

    one.merge(other)

    assert summary(one) == summary(both)
    assert one.count == len(left) + len(right)
    assert one.minimum == min(left + right)
    assert one.maximum == max(left + right)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 10**9)), max_size=100), st.integers(0, 220))
def test_history_forgets_when_things_happened_but_not_that_they_did(events, cut):
    history = History()
    for index, duration in sorted(events):
        history.add(index, [duration], 0)

    assert history.up_to(None).count == len(events)
    assert len(history.slots) <= SLOTS
    newest = max((index for index, _ in events), default=0)
    if cut > newest - SLOTS:
        assert history.up_to(cut).count == sum(index < cut for index, _ in events)
        assert history.since(cut).count == sum(index >= cut for index, _ in events)


def test_what_was_never_seen_has_no_quantiles():
    assert summary(Slot(0)) == {"count": 0, "errors": 0}
    assert math.isnan(Slot(0).quantile(0.5))


@given(
    st.lists(st.tuples(st.integers(0, 120), st.lists(st.integers(0, 10**9), max_size=5), st.booleans()), max_size=60)
)
def test_the_whole_is_the_sum_of_all_slots_whenever_it_is_asked_for(steps: list[tuple[int, list[int], bool]]) -> None:
    history = History()
    index = 0
    for ahead, durations, asked in steps:
        index += ahead
        history.add(index, list(durations), 0)
        if asked:
            whole, summed = history.whole(), history.up_to(None)
            assert {name: getattr(whole, name) for name in Slot.__slots__} == {
                name: getattr(summed, name) for name in Slot.__slots__
            }
