from datetime import UTC, datetime

from diagnostics.model.observation import Observations
from diagnostics.system_monitor.postgres.activity import SessionTally

AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(pid, state="idle", **more):
    found = {
        "pid": pid,
        "here": True,
        "usename": "app",
        "application_name": "web",
        "state": state,
        "query": "select 'x'",
    }
    found |= {
        "backend_type": "client backend",
        "wait_event_type": None,
        "wait_event": None,
        "xact_age": None,
        "state_age": 0.1,
    }
    return found | {"client_address": "127.0.0.1", "client_port": 5000 + pid} | more


def seen(*samples):
    tally = SessionTally(lambda row: 42)
    for sample in samples:
        tally.add(sample)
    return Observations(tally.observations(AT))


def test_a_session_seen_in_one_sample_only_is_not_lost():
    got = seen([row(1, "idle in transaction", xact_age=0.4, state_age=0.3)], [row(1)])

    (session,) = got.readings("postgres.session")
    assert session.labels["kind"] == "idle_in_transaction"
    assert session.labels["client_pid"] == "42"
    assert session.value == 0.3


def test_the_longest_state_counts():
    got = seen(
        [row(1, "active", state_age=0.6)],
        [row(1, "active", state_age=0.9)],
        [row(1, "active", state_age=0.2, xact_age=0.2)],
    )

    assert [r.value for r in got.readings("postgres.session")] == [0.9]


def test_short_statements_and_idle_sessions_are_only_counted():
    got = seen([row(1, "active"), row(2), row(3)])

    assert not got.readings("postgres.session")
    assert got.value("postgres.connections.used") == 3
    assert got.value("postgres.connections", state="idle", application="web", user="app") == 2


def test_other_databases_use_slots_but_are_not_shown():
    got = seen([row(1, "active", state_age=9.0, here=False)])

    assert got.value("postgres.connections.used") == 1
    assert not got.readings("postgres.session")


def test_background_workers_use_no_client_slot():
    assert seen([row(1, backend_type="autovacuum worker")]).value("postgres.connections.used") == 0


def test_hidden_sessions_are_counted_as_hidden():
    tally = SessionTally(lambda row: None)
    tally.add([row(1, None, backend_type=None)])

    got = Observations(tally.observations(AT))
    assert tally.hidden == 1
    assert got.value("postgres.connections", state="hidden") == 1


def test_a_thousand_sessions_give_sixty_readings():
    got = seen([row(i, "active", state_age=float(i), xact_age=float(i)) for i in range(1000)])

    values = [r.value for r in got.readings("postgres.session")]
    assert len(values) == 60
    assert max(values) == 999.0
