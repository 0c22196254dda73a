"""What must not get worse: decided by numbers alone, early when it is clear and never without data."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.verification import Effect
from diagnostics.safe_implementation.guardrails import Bucket, Watch, is_decided, judge, watch
from diagnostics.testing.clock import FakeClock


def traffic(rng: random.Random, count: int, *, slower: float = 1.0, errors: float = 0.0) -> list[Bucket]:
    """Fifty requests a bucket around a tenth of a second."""
    return [
        Bucket(
            requests=50,
            errors=sum(rng.random() < errors for _ in range(50)),
            log_latency=math.log(0.1 * slower) + rng.gauss(0, 0.1),
        )
        for _ in range(count)
    ]


def settings(baseline: list[Bucket], **options: float) -> Watch:
    return Watch(sample=lambda: baseline[0], baseline=baseline, window_seconds=600, interval_seconds=5, **options)


def verdicts(before: list[Bucket], after: list[Bucket]) -> dict[str, Effect]:
    return {item.metric: item.verdict for item in judge(settings(before), after)}


@pytest.mark.parametrize("errors", [0.0, 0.02], ids=["no errors ever", "some errors"])
def test_the_same_traffic_is_kept_and_much_worse_traffic_is_found(errors: float) -> None:
    rng = random.Random(5)
    before = traffic(rng, 120, errors=errors)

    same = verdicts(before, traffic(rng, 120, errors=errors))
    slow = verdicts(before, traffic(rng, 30, slower=1.5, errors=errors))
    failing = verdicts(before, traffic(rng, 60, errors=errors + 0.1))

    assert same == {"latency": Effect.SAME, "error rate": Effect.SAME}
    assert slow["latency"] is Effect.WORSE
    assert failing["error rate"] is Effect.WORSE


def test_no_traffic_and_a_short_baseline_are_never_a_pass() -> None:
    rng = random.Random(5)
    assert set(verdicts(traffic(rng, 100), []).values()) == {Effect.INCONCLUSIVE}
    assert set(verdicts(traffic(rng, 5), traffic(rng, 100)).values()) == {Effect.INCONCLUSIVE}
    assert set(verdicts(traffic(rng, 100), [Bucket(requests=0)] * 100).values()) == {Effect.INCONCLUSIVE}


def test_faster_is_better_and_ends_the_watch() -> None:
    rng = random.Random(5)
    found = judge(settings(traffic(rng, 100)), traffic(rng, 60, slower=0.5))

    assert found[0].verdict is Effect.BETTER
    assert found[0].effect == pytest.approx(0.5, rel=0.1)
    assert is_decided(found)


def test_the_watch_ends_as_soon_as_it_is_decided_and_a_broken_sampler_is_missing_data() -> None:
    rng = random.Random(5)
    before, clock = traffic(rng, 100), FakeClock()
    after = iter(traffic(rng, 400, slower=3.0))
    slow = Watch(sample=lambda: next(after), baseline=before, window_seconds=600, interval_seconds=5)

    assert watch(slow, clock)[0].verdict is Effect.WORSE
    assert clock.monotonic() < 60

    def broken() -> Bucket:
        raise ConnectionError("away")

    found = watch(Watch(sample=broken, baseline=before, window_seconds=60, interval_seconds=5), FakeClock())
    assert {item.verdict for item in found} == {Effect.INCONCLUSIVE}


def test_a_count_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no count"):
        Bucket(requests=1, errors=2)


@given(st.integers(0, 2**32), st.floats(0.5, 2.0))
def test_slower_traffic_is_never_judged_better_than_faster_traffic(seed: int, factor: float) -> None:
    order = [Effect.BETTER, Effect.SAME, Effect.INCONCLUSIVE, Effect.WORSE]
    before = traffic(random.Random(seed), 60)
    one = verdicts(before, traffic(random.Random(seed + 1), 60, slower=factor))["latency"]
    other = verdicts(before, traffic(random.Random(seed + 1), 60, slower=factor * 1.5))["latency"]

    assert order.index(one) <= order.index(other)
