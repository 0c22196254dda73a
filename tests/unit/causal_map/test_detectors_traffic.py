"""What our own retries, clients of another version and idle fears look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.causal_map.signatures import match_line
from diagnostics.model.finding import Evidence, Finding, State
from diagnostics.model.observation import Observations, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def r(name: str, value: float, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def judge(mechanism: str, *readings: Reading) -> Finding:
    return DETECTORS[mechanism](Evidence(observations=Observations(readings), now=AT))


def requests(count: float) -> Reading:
    return r("log.access.requests", count, window="recent")


def failed_calls(count: float, before: str = "0") -> Reading:
    return r("log.template", count, example="telegram sendMessage failed after 0.01s: HTTP 503", before=before)


def test_many_failed_calls_for_each_request_are_retries_without_a_pause() -> None:
    found = judge("retry-without-backoff-amplification", requests(300), failed_calls(1800))

    assert found.state is State.PRESENT
    assert "6.0 for each" in found.sentence


@pytest.mark.parametrize(
    "readings",
    [
        (requests(300), failed_calls(90)),
        (requests(10), failed_calls(30)),
        (requests(300), failed_calls(900, before="900")),
        (requests(300), r("log.template", 900.0, example="limit is deprecated, use page_size", before="0")),
    ],
    ids=["one-try-each", "few", "as-ever", "another-text"],
)
def test_failures_that_are_fewer_or_usual_or_no_calls_are_no_retries(readings: tuple[Reading, ...]) -> None:
    assert judge("retry-without-backoff-amplification", *readings).state is State.ABSENT


def test_without_an_access_log_nobody_knows_whether_calls_are_too_many() -> None:
    assert judge("retry-without-backoff-amplification", failed_calls(9000)).state is State.UNKNOWN


def refused(status: str, count: float = 30.0, before: str = "0") -> Reading:
    labels = {"path": "/meetings", "status": status, "requests": "60", "before": before, "before_requests": "60"}
    return r("log.access.path_refused", count, **labels)


def test_a_path_that_refuses_a_shape_of_requests_since_lately_names_its_clients() -> None:
    found = judge("payload-validation-mismatch", requests(300), refused("422"))

    assert found.state is State.PRESENT
    assert found.subject["path"] == "/meetings"


@pytest.mark.parametrize("reading", [refused("401"), refused("403"), refused("422", before="30"), refused("422", 2.0)])
def test_other_refusals_usual_ones_and_single_ones_speak_of_no_other_shape(reading: Reading) -> None:
    assert judge("payload-validation-mismatch", requests(300), reading).state is State.ABSENT


def crowded(*more: Reading) -> Finding:
    return judge(
        "host-cpu-saturated-by-neighbour",
        r("host.cpu.count", 2.0), r("host.cpu.utilization", 0.99), r("host.pressure.cpu.some", 0.99),
        r("host.process.cpu", 1.8, pid="9", command="batch", ours="false"),
        r("process.cpu.wait_share", 0.8, pid="7"), *more,
    )  # fmt: skip


def test_a_neighbour_whom_no_request_feels_is_only_a_hint() -> None:
    quick = [requests(300), r("log.access.p95", 0.05, window="recent"), r("log.access.p95", 0.05, window="before")]
    slow = [requests(300), r("log.access.p95", 0.9, window="recent"), r("log.access.p95", 0.05, window="before")]

    assert crowded(*quick).strength < 2
    assert crowded(*slow).strength > 5
    assert crowded().strength > 5


@pytest.mark.parametrize("status", ["500", "502", "503"])
def test_a_status_of_somebody_else_in_an_error_is_theirs_and_in_an_access_log_ours(status: str) -> None:
    ours = f'"GET /managers/7/meetings HTTP/1.1" {status} 51'

    assert match_line(f"calendar events.insert: HTTP {status}: Backend Error")[0][0] == "external-api-5xx"
    assert "external-api-5xx" not in dict(match_line(ours))
