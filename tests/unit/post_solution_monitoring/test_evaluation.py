"""From results to one traffic light."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.alert import AlertPhase, AlertState
from diagnostics.model.health import CheckHealth, CheckResult, CheckState, HealthStatus
from diagnostics.post_solution_monitoring.default_checks import GIB, judge_disk, judge_memory
from diagnostics.post_solution_monitoring.evaluation import is_serving, is_stale, overall, status_of

HEALTHY, DEGRADED, CRITICAL, DOWN, UNKNOWN = HealthStatus
STATUSES = st.sampled_from([HEALTHY, DEGRADED, CRITICAL, UNKNOWN])
CHECKS = st.lists(st.tuples(STATUSES, st.booleans()), min_size=1, max_size=8)


def checks(pairs):
    return [
        CheckHealth(name=str(i), status=status, state=CheckState.PASS, phase=AlertPhase.OK, critical=critical)
        for i, (status, critical) in enumerate(pairs)
    ]


def test_nothing_is_not_healthy():
    assert overall([]) is UNKNOWN


@given(CHECKS)
def test_healthy_is_only_what_is_healthy_throughout(pairs):
    assert (overall(checks(pairs)) is HEALTHY) is all(status is HEALTHY for status, _ in pairs)


@given(CHECKS)
def test_a_critical_check_without_data_or_in_failure_takes_the_service_out(pairs):
    out = any(critical and status in (CRITICAL, UNKNOWN) for status, critical in pairs)
    assert is_serving(overall(checks(pairs))) is not out


@given(CHECKS, st.data())
def test_what_gets_worse_never_makes_the_whole_better(pairs, data):
    order = [HEALTHY, DEGRADED, UNKNOWN, CRITICAL, DOWN]
    index = data.draw(st.integers(0, len(pairs) - 1))
    status, critical = pairs[index]
    worse = data.draw(st.sampled_from(order[order.index(status) : 4]))
    after = [*pairs[:index], (worse, critical), *pairs[index + 1 :]]
    assert order.index(overall(checks(after))) >= order.index(overall(checks(pairs)))


def test_down_needs_two_critical_checks():
    assert overall(checks([(CRITICAL, True)])) is CRITICAL
    assert overall(checks([(CRITICAL, True), (CRITICAL, True), (HEALTHY, False)])) is DOWN


@pytest.mark.parametrize(
    ("state", "alert", "expected"),
    [
        (CheckState.PASS, AlertState(), HEALTHY),
        (CheckState.WARN, AlertState(), DEGRADED),
        (CheckState.FAIL, AlertState(recent=(True,), seen=1), DEGRADED),
        (CheckState.FAIL, AlertState(firing=True, seen=3), CRITICAL),
        (CheckState.PASS, AlertState(firing=True, good=2, seen=3), CRITICAL),
        (CheckState.PASS, AlertState(flapping=True, seen=30), DEGRADED),
        (CheckState.FAIL, AlertState(flapping=True, seen=30), CRITICAL),
        (CheckState.UNKNOWN, AlertState(), UNKNOWN),
        (CheckState.UNKNOWN, AlertState(seen=5), DEGRADED),
    ],
)
def test_the_light_of_one_check(state, alert, expected):
    result = CheckResult(state=state)
    assert status_of(result, alert, AlertState(), critical=True, stale=False) is expected
    assert status_of(result, alert, AlertState(), critical=True, stale=True) is UNKNOWN
    assert status_of(None, alert, AlertState(), critical=True, stale=False) is UNKNOWN
    assert status_of(result, alert, AlertState(firing=True), critical=True, stale=False) is UNKNOWN


def test_data_are_stale_after_three_intervals_and_a_timeout():
    assert not is_stale(39.9, 10, 10)
    assert is_stale(40.1, 10, 10)
    assert is_stale(None, 10, 10)


@pytest.mark.parametrize(
    ("free", "ratio", "expected"),
    [
        (500 * GIB, 0.04, CheckState.PASS),  # five percent of 10 TB is plenty
        (0.04 * GIB, 0.4, CheckState.PASS),  # and so are 40 MB of 100 MB
        (15 * GIB, 0.08, CheckState.WARN),
        (0.9 * GIB, 0.04, CheckState.FAIL),
        (4 * GIB, 0.005, CheckState.FAIL),
        (0, 0, CheckState.FAIL),
    ],
)
def test_disks_are_judged_by_bytes_and_by_share(free, ratio, expected):
    assert judge_disk(free, ratio) is expected


def test_memory_is_judged_by_what_is_available():
    assert judge_memory(2 * GIB, 16 * GIB, "host").state is CheckState.PASS  # 87 % used, and well
    assert judge_memory(1 * GIB, 16 * GIB, "host").state is CheckState.WARN
    assert judge_memory(0.3 * GIB, 16 * GIB, "host").state is CheckState.FAIL
