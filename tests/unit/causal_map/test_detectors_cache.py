"""Detectors of Redis, task queues and schedulers: what speaks for them, and who only looks alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.causal_map.detectors.cache import jobs_stall
from diagnostics.model.finding import Baseline, Evidence, Finding, SignatureMatch, State
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def r(name: str, value: float, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels={"server": "r:6379", **labels})


def f(kind: FailureKind, reason: str = "") -> ProbeFailure:
    labels = {"server": "r:6379", "named_by": "REDIS_URL", "reason": reason}
    return ProbeFailure(name="redis.connect", kind=kind, message="r:6379: it said so", at=AT, labels=labels)


def judge(mechanism: str, *seen: Observation) -> Finding:
    return DETECTORS[mechanism](Evidence(observations=Observations(seen), baseline=Baseline()))


CONNECTED = r("redis.connect", 0.001)
SERVER = ("redis-down", "redis-auth-wrong", "redis-maxclients-reached", "redis-maxmemory-noeviction")


def queue(length: float, *, least: float | None = None, growth: float = 0, **counts: float) -> tuple[Reading, ...]:
    where = {"database": "0"}
    return (
        r("redis.queue.length", length, queue="celery", least=str(length if least is None else least), **where),
        r("redis.queue.growth", growth, queue="celery", **where),
        *(r(f"redis.queue.{name}", value, **where) for name, value in counts.items()),
    )


@pytest.mark.parametrize(
    ("failure", "mechanism"),
    [
        (f(FailureKind.REFUSED), "redis-down"),
        (f(FailureKind.TIMEOUT), "redis-down"),
        (f(FailureKind.AUTHENTICATION, "wrong_password"), "redis-auth-wrong"),
        (f(FailureKind.EXHAUSTED, "maxclients"), "redis-maxclients-reached"),
        (f(FailureKind.PROTOCOL, "loading"), "redis-loading-dataset"),
    ],
)
def test_a_failed_connection_speaks_for_one_cause_only(failure: ProbeFailure, mechanism: str) -> None:
    states = {id_: judge(id_, failure).state for id_ in (*SERVER, "redis-loading-dataset")}

    assert [id_ for id_, state in states.items() if state is State.PRESENT] == [mechanism]


def test_a_server_that_is_well_rules_all_of_them_out() -> None:
    seen = (
        CONNECTED,
        r("redis.clients.limit", 1000),
        r("redis.clients.connected", 20),
        r("redis.memory.limit", 1e9, policy="noeviction"),
        r("redis.memory.used", 1e6),
        r("redis.errors.rate", 0.0, error="OOM"),
    )

    assert {judge(id_, *seen).state for id_ in SERVER} == {State.ABSENT}


def test_without_a_redis_nothing_is_known() -> None:
    assert {judge(id_).state for id_ in SERVER} == {State.UNKNOWN}


def test_full_memory_is_a_cause_when_writes_are_refused_and_eviction_is_none() -> None:
    full = (r("redis.memory.limit", 100, policy="noeviction"), r("redis.memory.used", 99))
    cache = (r("redis.memory.limit", 100, policy="allkeys-lru"), r("redis.memory.used", 99))
    refusing = r("redis.errors.rate", 3.0, error="OOM")

    assert (
        judge("redis-maxmemory-noeviction", *full).strength
        < judge("redis-maxmemory-noeviction", *full, refusing).strength
    )
    assert judge("redis-maxmemory-noeviction", *cache).state is State.ABSENT


def test_clients_that_were_turned_away_are_counted() -> None:
    seen = (
        r("redis.clients.limit", 50),
        r("redis.clients.connected", 49),
        r("redis.clients.rejected_rate", 2.0),
    )

    assert "2 clients a second" in judge("redis-maxclients-reached", *seen).sentence


def test_a_replica_is_a_cause_only_when_it_refuses_writes() -> None:
    replica = r("redis.role", 1, role="slave")

    assert judge("redis-readonly-replica", replica).strength < 2
    assert judge("redis-readonly-replica", replica, r("redis.errors.rate", 1, error="READONLY")).strength > 5


def test_a_file_that_cannot_be_written_is_a_cause_when_writes_are_refused() -> None:
    failed = r("redis.persistence.ok", 0, kind="rdb_last_bgsave_status")

    assert judge("redis-bgsave-failing", failed, r("redis.errors.rate", 1, error="MISCONF")).strength > 5
    assert judge("redis-bgsave-failing", r("redis.persistence.ok", 1, kind="x")).state is State.ABSENT


def test_a_ping_that_waits_is_a_slow_command() -> None:
    assert judge("redis-slow-command-blocks", r("redis.ping", 0.8)).state is State.PRESENT
    assert judge("redis-slow-command-blocks", r("redis.ping", 0.001)).state is State.ABSENT


NOBODY = queue(7, growth=1, held=0, consumers=0, listeners=0)
DEAF = queue(7, growth=1, held=0, consumers=0, listeners=1)
BUSY = queue(90, growth=4, held=2, consumers=0, listeners=1)
WELL = queue(0, held=0, consumers=1, listeners=1)


@pytest.mark.parametrize(
    ("seen", "mechanism"),
    [
        (NOBODY, "celery-no-worker"),
        (DEAF, "celery-worker-deaf-after-reconnect"),
        (BUSY, "queue-backlog-consumers-too-slow"),
        (WELL, None),
    ],
)
def test_who_is_connected_tells_three_full_queues_apart(seen: tuple[Reading, ...], mechanism: str | None) -> None:
    ids = ("celery-no-worker", "celery-worker-deaf-after-reconnect", "queue-backlog-consumers-too-slow")
    present = [id_ for id_ in ids if judge(id_, *seen).state is State.PRESENT]

    assert present == ([mechanism] if mechanism else [])


def test_a_queue_that_empties_is_no_deaf_worker() -> None:
    shrinking = queue(5, least=5, growth=-3, held=0, consumers=0, listeners=1)

    assert judge("celery-worker-deaf-after-reconnect", *shrinking).state is State.ABSENT


def test_a_message_that_comes_again_at_once_is_poison_and_one_with_pauses_is_not() -> None:
    at_once = r("redis.queue.retried", 40, task="t", id="1", rise="12")
    with_pauses = r("redis.queue.retried", 2, task="t", id="1", rise="0")

    assert judge("poison-message-requeue-loop", at_once, *WELL).strength > 5
    assert judge("poison-message-requeue-loop", with_pauses, *WELL).state is State.ABSENT


def test_two_schedulers_of_one_application_are_one_too_many() -> None:
    first = r("process.scheduler", 500, pid="7", kind="celery beat", app="shop")
    second = r("process.scheduler", 20, pid="9", kind="celery beat", app="shop")
    other = r("process.scheduler", 20, pid="9", kind="celery beat", app="farm")

    found = judge("scheduled-task-duplicated", first, second)

    assert found.state is State.PRESENT
    assert "pid 7" in found.sentence
    assert judge("scheduled-task-duplicated", first, other).state is State.ABSENT


def test_work_stalls_when_it_piles_up_or_when_the_workers_log_says_so() -> None:
    lost = SignatureMatch(
        mechanism="celery-worker-lost", weight=5.0, place="log", count=4, count_before=0, text="lost", evidence_id="E1"
    )
    piled = jobs_stall(Evidence(observations=Observations(NOBODY), baseline=Baseline()))
    failing = jobs_stall(Evidence(observations=Observations(WELL), baseline=Baseline(), signatures=(lost,)))
    well = jobs_stall(Evidence(observations=Observations(WELL), baseline=Baseline()))

    assert (piled.state, failing.state, well.state) == (State.PRESENT, State.PRESENT, State.ABSENT)
