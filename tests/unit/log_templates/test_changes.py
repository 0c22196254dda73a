"""What changed since the onset: the kinds of change, honest about chance, bursts and the number of questions."""

from __future__ import annotations

import doctest
import random

import pytest

from diagnostics.log_templates import timeline
from diagnostics.log_templates.changes import Counts, Kind, compare
from diagnostics.log_templates.timeline import Timeline


def counts(before: list[int], after: int) -> Counts:
    return Counts(before=sum(before), after=after, buckets=before)


def changes(*counted: Counts, after_seconds: float = 10.0):
    return compare(counted, before_seconds=100.0, after_seconds=after_seconds, bucket_seconds=1.0).changes


def test_each_kind_of_change_has_its_name() -> None:
    new, more, fewer, gone, same = changes(
        counts([0] * 100, 20),
        counts([1] * 100, 90),
        counts([9] * 100, 20),
        counts([9] * 100, 0),
        counts([9] * 100, 93),
    )

    assert [change.kind for change in (new, more, fewer, gone, same)] == [
        Kind.NEW, Kind.MORE, Kind.FEWER, Kind.GONE, Kind.SAME,
    ]  # fmt: skip
    assert all(change.unlikely and change.record for change in (new, more, fewer, gone))
    assert more.rate.ratio == pytest.approx(9.0)


def test_a_certain_change_that_is_small_is_no_news() -> None:
    (found,) = changes(counts([1000] * 100, 11000))

    assert found.unlikely
    assert found.kind is Kind.SAME


def test_what_was_seen_once_is_new_and_no_proof() -> None:
    (found,) = changes(counts([0] * 100, 1))

    assert found.kind is Kind.NEW
    assert not found.unlikely


def test_a_burst_like_those_before_is_neither_a_record_nor_unlikely() -> None:
    bursts = [40 if i % 20 == 0 else 0 for i in range(100)]

    (found,) = changes(counts(bursts, 40))

    assert found.kind is Kind.SAME
    assert not found.record


def test_where_no_span_before_is_as_long_nothing_is_a_record() -> None:
    (found,) = changes(counts([1] * 10, 500), after_seconds=50.0)

    assert not found.record


def test_a_thousand_templates_that_did_not_change_raise_next_to_no_alarm() -> None:
    rng = random.Random(5)
    quiet = [counts([rng.randrange(rng.choice([2, 3, 9])) for _ in range(100)], 0) for _ in range(1000)]
    same = [Counts(before=one.before, after=sum(rng.choices(one.buckets, k=10)), buckets=one.buckets) for one in quiet]

    found = compare(same, before_seconds=100.0, after_seconds=10.0, bucket_seconds=1.0)

    assert found.tests == 1000
    assert sum(change.unlikely for change in found.changes) <= 3


def test_the_grid_of_time_widens_and_loses_no_event() -> None:
    rng = random.Random(2)
    found = Timeline(buckets=16)
    moments = [rng.uniform(0, 10) for _ in range(50)] + [rng.uniform(-5000, 90000) for _ in range(500)]
    for index, at in enumerate(moments):
        found.add(index % 3, at)

    assert found.bucket(max(moments)) == len(found.series(0)) - 1
    for kind in range(3):
        series = found.series(kind)
        assert len(series) <= 16
        assert sum(series) == len(moments[kind::3])
        for bucket, count in enumerate(series):
            low = found.begin(bucket)
            assert count == sum(low <= at < low + found.width for at in moments[kind::3])


def test_merged_kinds_are_counted_together() -> None:
    found = Timeline()
    for at in range(10):
        found.add("a" if at % 2 else "b", float(at))

    found.merge("a", "b")
    found.merge("never seen", "b")

    assert found.series("b") == [1] * 10
    assert len(found) == 1


def test_a_grid_of_an_odd_number_of_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        Timeline(buckets=7)


def test_the_examples_run() -> None:
    assert doctest.testmod(timeline).failed == 0
