"""Detectors of what hosts, waits and refused sessions show: what speaks for them, what against, and who only looks alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.finding import Baseline, Evidence, Finding, State, Summary
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CONNECTED = Reading(name="postgres.connect", value=0.01, unit=Unit.SECONDS, at=AT)


def r(name: str, value: float, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def f(name: str, kind: FailureKind, message: str, **labels: str) -> ProbeFailure:
    return ProbeFailure(name=name, kind=kind, message=message, at=AT, labels=labels)


def judge(mechanism: str, *seen: Observation, baseline: Baseline | None = None) -> Finding:
    return DETECTORS[mechanism](Evidence(observations=Observations(seen), baseline=baseline or Baseline()))


def usual(reading: Reading, value: float) -> Baseline:
    summary = Summary(n=10, median=value, mad=0.0, p05=value, p95=value, minimum=value, maximum=value)
    return Baseline(summaries={Baseline.key(reading.name, reading.labels): summary}, recorded_at=AT)


def wait(waiter: int, blocker: int, seconds: float, **labels: str) -> Reading:
    usual_labels = {
        "waiter_pid": str(waiter),
        "blocker_pid": str(blocker),
        "waiter_query": "UPDATE slots SET free = free - ? WHERE id = ?",
        "wait_event": "tuple",
        "blocker_kind": "active",
        "blocker_xact_age": "0.2",
        "relation": "slots",
    }
    return r("postgres.lock.wait", seconds, **(usual_labels | labels))


def disk(name: str, ratio: float, used_by: str = "root+app") -> Reading:
    return r(f"host.disk.{name}", ratio, mount="/", path="/srv", used_by=used_by)


# --- inodes and space


def test_no_inodes_beside_free_space_is_not_a_full_volume() -> None:
    seen = (disk("inodes_free_ratio", 0.0), disk("free_ratio", 0.6))

    inodes, space = judge("inodes-exhausted", *seen), judge("disk-full-app-volume", *seen)

    assert inodes.state is State.PRESENT
    assert "60 % of its space" in inodes.sentence
    assert space.state is State.ABSENT


def test_no_space_beside_free_inodes_is_a_full_volume() -> None:
    seen = (disk("inodes_free_ratio", 0.9), disk("free_ratio", 0.001))

    assert judge("inodes-exhausted", *seen).state is State.ABSENT
    assert judge("disk-full-app-volume", *seen).state is State.PRESENT


def test_space_alone_says_nothing_about_inodes() -> None:
    assert judge("inodes-exhausted", disk("free_ratio", 0.0)).state is State.UNKNOWN


def test_a_big_filesystem_with_few_inodes_left_is_less_certain_than_one_without_any() -> None:
    few, none = (
        judge("inodes-exhausted", disk("inodes_free_ratio", 0.005)),
        judge("inodes-exhausted", disk("inodes_free_ratio", 0.0)),
    )

    assert 0 < few.strength < none.strength


# --- memory of the host

GIB = 1024.0**3


def test_a_host_without_memory_that_stalls_is_exhausted() -> None:
    found = judge(
        "host-memory-exhausted",
        r("host.memory.total", 8 * GIB),
        r("host.memory.available", 0.1 * GIB),
        r("host.pressure.memory.some", 0.3),
    )

    assert found.state is State.PRESENT
    assert (
        found.strength
        > judge(
            "host-memory-exhausted", r("host.memory.total", 8 * GIB), r("host.memory.available", 0.1 * GIB)
        ).strength
    )


@pytest.mark.parametrize(("available", "strongly"), [(6.0, True), (0.9, False)])
def test_memory_that_is_available_speaks_against_exhaustion(available: float, strongly: bool) -> None:
    found = judge("host-memory-exhausted", r("host.memory.total", 8 * GIB), r("host.memory.available", available * GIB))

    assert found.state is State.ABSENT
    assert (found.strength < -4) is strongly


# --- listen queue


def test_drops_at_our_own_full_queue_are_an_overflow() -> None:
    found = judge(
        "listen-backlog-overflow",
        r("host.network.listen_overflow_rate", 12.0),
        r("process.listen_backlog", 16.0, pid="7", port="8000"),
        r("host.cpu.utilization", 0.2),
    )

    assert found.state is State.PRESENT
    assert found.subject["port"] == "8000"


def test_a_busy_service_that_drops_nothing_does_not_overflow() -> None:
    found = judge(
        "listen-backlog-overflow",
        r("host.network.listen_overflow_rate", 0.0),
        r("process.listen_backlog", 9.0, pid="7", port="8000"),
        r("host.cpu.utilization", 0.99),
    )

    assert found.state is State.ABSENT


def test_drops_at_somebody_elses_socket_are_not_ours() -> None:
    found = judge(
        "listen-backlog-overflow",
        r("host.network.listen_overflow_rate", 12.0),
        r("process.listen_backlog", 0.0, pid="7", port="8000"),
    )

    assert found.state is State.ABSENT


def test_drops_that_were_there_when_all_was_well_are_not_the_cause() -> None:
    rate = r("host.network.listen_overflow_rate", 2.0)
    queue = r("process.listen_backlog", 9.0, pid="7", port="8000")

    assert judge("listen-backlog-overflow", rate, queue, baseline=usual(rate, 2.5)).state is State.ABSENT
    assert judge("listen-backlog-overflow", rate, queue, baseline=usual(rate, 0.0)).state is State.PRESENT


# --- hot rows


def test_a_queue_for_one_row_behind_changing_holders_is_a_hot_row() -> None:
    crowd = [wait(waiter, 100 + waiter % 3, 0.25) for waiter in range(8)]

    found = judge("hot-row-contention", CONNECTED, *crowd)

    assert found.state is State.PRESENT
    assert found.subject["table"] == "slots"


def test_a_queue_behind_one_old_transaction_is_no_hot_row() -> None:
    crowd = [wait(w, 100, 0.8, blocker_kind="idle_in_transaction", blocker_xact_age="45") for w in range(8)]

    assert judge("hot-row-contention", CONNECTED, *crowd).state is State.ABSENT
    assert judge("idle-in-transaction-blocks-writers", CONNECTED, *crowd).state is State.PRESENT


def test_a_few_short_waits_of_a_healthy_busy_service_are_no_hot_row() -> None:
    few = [wait(1, 100, 0.01), wait(2, 101, 0.015, waiter_query="UPDATE users SET seen = ?"), wait(3, 102, 0.01)]

    assert judge("hot-row-contention", CONNECTED, *few).state is State.ABSENT


def test_a_queue_that_one_of_six_samples_saw_is_no_lasting_contention() -> None:
    crowd = [wait(waiter, 100 + waiter % 3, 0.05) for waiter in range(8)]
    samples = [r("postgres.lock.longest", 0.05 if i == 2 else 0.0, sample=str(i)) for i in range(6)]

    assert judge("hot-row-contention", CONNECTED, *crowd, *samples).state is State.ABSENT


def test_waiting_for_a_table_is_no_hot_row() -> None:
    crowd = [wait(waiter, 100 + waiter % 3, 0.25, wait_event="relation") for waiter in range(8)]

    assert judge("hot-row-contention", CONNECTED, *crowd).state is State.ABSENT


# --- advisory locks


def test_an_advisory_lock_that_an_idle_session_keeps_is_named_with_its_holder() -> None:
    found = judge(
        "advisory-lock-held",
        CONNECTED,
        wait(1, 100, 30.0, wait_event="advisory", blocker_kind="idle", blocker_xact_age=""),
    )

    assert found.state is State.PRESENT
    assert found.subject["backend_pid"] == "100"


def test_short_turns_at_an_advisory_lock_are_its_purpose() -> None:
    assert judge("advisory-lock-held", CONNECTED, wait(1, 100, 0.1, wait_event="advisory")).state is State.ABSENT


def test_waits_for_rows_say_that_no_advisory_lock_is_held() -> None:
    assert judge("advisory-lock-held", CONNECTED, wait(1, 100, 30.0)).state is State.ABSENT


# --- vacuum


def session(age: str, **labels: str) -> Reading:
    known = {"backend_pid": "55", "application": "report", "kind": "active", "xact_age": age}
    return r("postgres.session", 5.0, **(known | labels))


def table(dead: float, live: float, since_autovacuum: float | None, enabled: float = 1.0) -> list[Reading]:
    readings = [
        r("postgres.table.dead_rows", dead, table="events"),
        r("postgres.table.live_rows", live, table="events"),
        r("postgres.table.autovacuum_enabled", enabled, table="events"),
    ]
    if since_autovacuum is not None:
        readings.append(r("postgres.table.since_autovacuum", since_autovacuum, table="events"))
    return readings


def test_dead_rows_that_autovacuum_cannot_remove_behind_an_old_transaction() -> None:
    found = judge("vacuum-blocked-by-old-xmin", CONNECTED, session("7200"), *table(900_000, 1_000_000, 60))

    assert found.state is State.PRESENT
    assert found.subject["backend_pid"] == "55"
    assert found.subject["table"] == "events"
    assert "although autovacuum came by" in found.sentence


@pytest.mark.parametrize(
    ("xact_age", "dead", "since", "enabled"),
    [
        ("12", 900_000, 60, 1.0),
        ("7200", 150_000, None, 1.0),
        ("7200", 3_000, 60, 1.0),
        ("7200", 900_000, None, 0.0),
    ],
    ids=["young transaction", "below autovacuum's own threshold", "few dead rows", "autovacuum is off"],
)
def test_without_both_an_old_transaction_and_rows_in_its_way_vacuum_is_free(
    xact_age: str, dead: float, since: float | None, enabled: float
) -> None:
    found = judge("vacuum-blocked-by-old-xmin", CONNECTED, session(xact_age), *table(dead, 1_000_000, since, enabled))

    assert found.state is State.ABSENT


def test_an_old_transaction_without_a_count_of_dead_rows_decides_nothing() -> None:
    assert judge("vacuum-blocked-by-old-xmin", CONNECTED, session("7200")).state is State.UNKNOWN


def test_our_own_long_session_is_not_accused() -> None:
    found = judge(
        "vacuum-blocked-by-old-xmin", CONNECTED, session("7200", application="diagnostics"), *table(900_000, 1e6, 60)
    )

    assert found.state is State.ABSENT


# --- wait events of sessions


@pytest.mark.parametrize(
    ("mechanism", "event", "count"),
    [
        ("synchronous-standby-missing", "SyncRep", 2),
        ("track-commit-slow-fsync", "WALSync", 3),
        ("subtransaction-overflow", "SubtransSLRU", 4),
    ],
)
def test_sessions_that_wait_for_the_same_event_name_the_cause(mechanism: str, event: str, count: int) -> None:
    many = [r("postgres.session", 4.0, kind="active", wait_event=event, backend_pid=str(i)) for i in range(count)]
    short = [r("postgres.session", 0.1, kind="active", wait_event=event, backend_pid=str(i)) for i in range(count)]

    assert judge(mechanism, CONNECTED, *many).state is State.PRESENT
    assert judge(mechanism, CONNECTED, *short).state is State.ABSENT


# --- sessions that are refused


def test_a_server_that_starts_is_not_a_server_that_is_down() -> None:
    refused = f("postgres.connect", FailureKind.REFUSED, "FATAL: the database system is starting up", sqlstate="57P03")

    assert judge("pg-starting-up", refused).state is State.PRESENT
    assert judge("pg-server-down", refused).state is State.ABSENT


def test_a_port_where_nobody_listens_is_a_server_that_is_down() -> None:
    refused = f("postgres.connect", FailureKind.REFUSED, "connection to 127.0.0.1:5432: Connection refused")

    assert judge("pg-starting-up", refused).state is State.ABSENT
    assert judge("pg-server-down", refused).state is State.PRESENT


@pytest.mark.parametrize("message", ['FATAL: role "app" does not exist', 'ВАЖНО: роль "app" не существует'])
def test_a_role_that_does_not_exist_is_not_a_wrong_password(message: str) -> None:
    refused = f("postgres.connect", FailureKind.AUTHENTICATION, message, sqlstate="28000")

    assert judge("db-role-missing", refused).state is State.PRESENT
    assert judge("db-password-wrong", refused).state is State.ABSENT


def test_a_refused_password_leaves_open_whether_the_role_exists() -> None:
    refused = f(
        "postgres.connect",
        FailureKind.AUTHENTICATION,
        'password authentication failed for user "app"',
        sqlstate="28P01",
    )

    assert judge("db-role-missing", refused).state is State.UNKNOWN
    assert judge("db-password-wrong", refused).state is State.PRESENT


def test_a_server_without_tls_refuses_a_client_that_needs_it() -> None:
    refused = f("postgres.connect", FailureKind.TLS, "server does not support SSL, but SSL was required")

    assert judge("db-tls-required-or-refused", refused).state is State.PRESENT
    assert judge("db-tls-required-or-refused", CONNECTED).state is State.ABSENT


# --- services


def test_payment_required_is_a_used_up_quota_and_no_rate_limit() -> None:
    answer = r("service.status", 402.0, service="maps")

    assert judge("external-quota-exhausted", answer).state is State.PRESENT
    assert judge("external-api-rate-limited", answer).state is State.ABSENT


def test_a_handshake_without_end_after_a_fast_connect_was_interrupted() -> None:
    connected = r("service.connect", 0.01, service="pay")
    hangs = f("service.tls", FailureKind.TIMEOUT, "no answer to ClientHello within 5 s", service="pay")

    assert judge("tls-handshake-interrupted", connected, hangs).state is State.PRESENT
    assert judge("tcp-port-filtered", connected, hangs).state is State.ABSENT
