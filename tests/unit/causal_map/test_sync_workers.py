"""Workers that serve one request each: what their stacks, their aborts and refused requests speak for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.causal_map.detectors import DETECTORS, states, symptoms
from diagnostics.causal_map.graph import standard_map
from diagnostics.causal_map.signatures import match_line
from diagnostics.hypothesis_testing.inference import rank
from diagnostics.model.finding import Evidence, Finding, SignatureMatch, State
from diagnostics.model.observation import Observation, Observations, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUN = "run (gunicorn/app/base.py:72) < run (gunicorn/arbiter.py:257)"
ARBITER = f"{RUN} < wait_for_signals (gunicorn/arbiter.py:425)"
IDLE = f"{RUN} < run_for_one (gunicorn/workers/sync.py:70) < wait (gunicorn/workers/sync.py:34)"
READS = "handle (gunicorn/workers/sync.py:135) < parse (gunicorn/http/message.py:118) < chunk (gunicorn/http/unreader.py:63)"
WORKS = "handle_request (gunicorn/workers/sync.py:184) < live (app/views.py:40) < readinto (socket.py:706)"


def r(name: str, value: float, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def worker(number: int, *positions: tuple[float, str]) -> list[Reading]:
    return [
        r(
            "process.stack", value, pid="7", thread=f"MainThread #{number}", main="true",
            function="live" if trace is WORKS else "", trace=trace, leaf=trace.rpartition(" < ")[2],
        )
        for value, trace in positions
    ]  # fmt: skip


def seen(*groups: list[Reading], also: tuple[Observation, ...] = ()) -> Evidence:
    arbiter = worker(1, (1.0, ARBITER))
    return Evidence(observations=Observations([*arbiter, *(r for group in groups for r in group), *also]), now=AT)


def judge(mechanism: str, evidence: Evidence) -> Finding:
    return DETECTORS[mechanism](evidence)


def test_the_arbiter_is_no_worker_and_shares_of_a_thread_add_up() -> None:
    found = states.sync_workers(seen(worker(2, (0.5, IDLE), (0.5, WORKS)), worker(3, (1.0, READS))))

    assert found is not None
    assert (found.count, found.idle, found.with_client, found.at_work) == (2, 0.5, 1.0, 0.5)


def test_a_server_of_another_kind_has_no_sync_workers() -> None:
    loop = "run_forever (asyncio/base_events.py:608) < _run_once (asyncio/base_events.py:1898) < select"

    assert states.sync_workers(Evidence(observations=Observations(worker(2, (1.0, loop))), now=AT)) is None


def test_workers_that_wait_for_half_a_request_are_held_by_clients() -> None:
    held = seen(worker(2, (1.0, READS)), worker(3, (0.9, READS), (0.1, IDLE)))

    assert judge("sync-workers-held-by-slow-clients", held).strength >= 8
    assert states.workers_busy(held).state is State.PRESENT
    assert judge(
        "worker-count-too-low", seen(worker(2, (1.0, READS)), also=(r("process.listen_backlog", 90.0),))
    ).state is (State.ABSENT)


def test_workers_that_wait_for_another_service_are_not_held_by_clients() -> None:
    busy = seen(worker(2, (1.0, WORKS)), worker(3, (1.0, WORKS)))

    assert judge("sync-workers-held-by-slow-clients", busy).state is State.ABSENT
    assert states.workers_busy(busy).state is State.PRESENT


def test_idle_workers_are_not_busy() -> None:
    assert states.workers_busy(seen(worker(2, (0.9, IDLE), (0.1, WORKS)), worker(3, (1.0, IDLE)))).state is State.ABSENT


def test_one_worker_that_is_never_idle_before_a_queue_is_too_few() -> None:
    alone = seen(worker(2, (1.0, WORKS)), also=(r("process.listen_backlog", 20.0), r("host.cpu.utilization", 0.3)))

    assert judge("worker-count-too-low", alone).strength >= 3


def test_too_few_is_plain_where_requests_take_no_longer_than_before() -> None:
    queue = (r("process.listen_backlog", 20.0), r("host.cpu.utilization", 0.3))
    times = tuple(r(f"log.access.{q}", 0.1, window=w) for q in ("p50", "p95") for w in ("recent", "before"))
    slower = (*times[:2], *(r(f"log.access.{q}", 0.02, window="before") for q in ("p50", "p95")))

    same = judge("worker-count-too-low", seen(worker(2, (1.0, WORKS)), also=(*queue, *times)))
    longer = judge("worker-count-too-low", seen(worker(2, (1.0, WORKS)), also=(*queue, *slower)))

    assert same.strength > longer.strength


def test_time_in_a_queue_is_slow_for_people_though_no_access_log_has_it() -> None:
    log = (r("log.access.requests", 300.0, window="recent"), r("log.window", 10.0, window="recent"))
    times = tuple(r("log.access.p95", 0.05, window=w) for w in ("recent", "before"))

    queue = symptoms.requests_slow(seen(also=(*log, *times, r("process.listen_backlog", 45.0))))
    none = symptoms.requests_slow(seen(also=(*log, *times, r("process.listen_backlog", 1.0))))

    assert "1.5 s" in queue.sentence
    assert (queue.state, none.state) == (State.PRESENT, State.ABSENT)


def late(count: float, before: str = "0") -> Reading:
    return r("log.template", count, template="gunicorn.error: WORKER TIMEOUT (pid:#)", before=before)


def test_workers_that_are_aborted_exceed_their_time_and_the_abort_says_where() -> None:
    abort = r("log.template", 3.0, exception="SystemExit", frame="live (app/views.py:40)", before="0")

    found = judge("gunicorn-worker-timeout", seen(also=(late(3.0), abort)))

    assert found.strength >= 5
    assert "live (app/views.py:40)" in found.sentence
    assert judge("gunicorn-worker-timeout", seen(also=(late(3.0, before="3"),))).state is not State.PRESENT


def test_a_lock_that_makes_workers_late_explains_their_timeouts() -> None:
    lock = Finding(mechanism="db-lock-wait", state=State.PRESENT, strength=8.0, sentence="", evidence=())
    holder = Finding(
        mechanism="idle-in-transaction-blocks-writers", state=State.PRESENT, strength=8.0, sentence="", evidence=()
    )
    timeouts = Finding(mechanism="gunicorn-worker-timeout", state=State.PRESENT, strength=5.5, sentence="", evidence=())

    first = rank(standard_map(), [lock, holder, timeouts])[0]

    assert first.mechanisms == ("idle-in-transaction-blocks-writers",)


def test_an_abort_of_the_arbiter_is_no_bug_of_a_deploy() -> None:
    commit = r("change.commit", 20.0, sha="abc", subject="Ask again")
    abort = r("log.template", 9.0, exception="SystemExit", before="0", first_seen=str(AT.timestamp() - 15))

    assert judge("bad-deploy-code-regression", seen(also=(commit, abort))).strength < 3


def test_an_exception_whose_text_names_another_cause_is_no_bug_of_a_deploy() -> None:
    example = "worker: app.ConfigurationError: environment variable LABEL_URL is missing"
    commit = r("change.commit", 20.0, sha="abc", subject="Draw labels")
    error = r(
        "log.template", 9.0, exception="app.ConfigurationError", before="0", example=example,
        first_seen=str(AT.timestamp() - 15),
    )  # fmt: skip
    text = SignatureMatch(mechanism="env-var-missing", weight=5.0, place="log", count=9, count_before=0, text=example)

    without = Evidence(observations=Observations([commit, error]), now=AT)
    told = Evidence(observations=Observations([commit, error]), now=AT, signatures=(text,))

    assert judge("bad-deploy-code-regression", without).strength >= 8
    assert judge("bad-deploy-code-regression", told).strength < 3


def refused(count: float, requests: int, before: int, asked: int) -> Evidence:
    labels = {"requests": str(requests), "before": str(before), "before_requests": str(asked), "status": "401"}
    reading = r("log.access.path_refused", count, path="/me", **labels)
    total = r("log.access.requests", 400.0, window="recent")
    return Evidence(observations=Observations([reading, total, r("log.access.errors", 0.0, window="recent")]), now=AT)


@pytest.mark.parametrize(("count", "requests", "before", "asked"), [(9, 10, 0, 8), (90, 300, 2, 300), (3, 4, 0, 2)])
def test_requests_that_are_refused_now_and_were_served_before_fail(count, requests, before, asked) -> None:
    found = symptoms.requests_fail(refused(float(count), requests, before, asked))

    assert found.state is State.PRESENT
    assert "401" in found.sentence


@pytest.mark.parametrize(
    ("count", "requests", "before", "asked"), [(30, 100, 28, 100), (9, 9, 0, 0), (2, 2, 0, 50), (9, 200, 0, 200)]
)
def test_wrong_passwords_and_scanners_are_no_failure(count, requests, before, asked) -> None:
    assert symptoms.requests_fail(refused(float(count), requests, before, asked)).state is State.ABSENT


def test_a_refused_webhook_is_not_taken_for_a_token() -> None:
    text = "POST /webhooks/carrier refused: webhook signature does not match"

    assert {mechanism for mechanism, _ in match_line(text)} & {
        "webhook-secret-mismatch",
        "jwt-signing-key-mismatch",
    } == {"webhook-secret-mismatch"}
