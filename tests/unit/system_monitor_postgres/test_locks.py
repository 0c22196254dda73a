from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.observation import Observations
from diagnostics.system_monitor.postgres.locks import LockTally, blocker_kind, chains

AT = datetime(2026, 1, 1, tzinfo=UTC)


def pairs(edges, ddl=()):
    return {(wait.waiter, wait.blocker) for wait in chains(edges, frozenset(ddl))}


def session(pid, **more):
    row = {
        "pid": pid,
        "backend_type": "client backend",
        "state": "active",
        "query": "select 1",
        "application_name": "app",
    }
    row |= {
        "wait_event": "relation",
        "xact_age": 5.0,
        "query_age": 2.0,
        "client_address": None,
        "client_port": None,
    }
    return row | more


def lock(pid, *blockers, **more):
    row = {"pid": pid, "locktype": "relation", "mode": "ShareLock", "relation": "t", "tuple_relation": None}
    return row | {"waited": 1.0, "blockers": list(blockers)} | more


def test_a_chain_ends_at_its_root():
    assert pairs({1: [2], 2: [3], 3: [4]}) == {(1, 4), (2, 4), (3, 4)}


def test_a_waiting_ddl_is_named_beside_the_root():
    assert pairs({1: [2], 2: [3]}, ddl=[2]) == {(1, 2), (1, 3), (2, 3)}


def test_a_cycle_names_the_direct_blockers():
    assert pairs({1: [2], 2: [1]}) == {(1, 2), (2, 1)}


def test_a_prepared_transaction_is_a_root():
    assert pairs({1: [0]}) == {(1, 0)}


@given(st.dictionaries(st.integers(1, 12), st.lists(st.integers(0, 12), min_size=1, max_size=4), max_size=12))
def test_any_graph_ends_and_leaves_no_waiter_without_a_blocker(edges):
    found = pairs(edges)

    assert {waiter for waiter, _ in found} == set(edges)


def test_kinds_of_blockers():
    assert blocker_kind(0, None, None) == "prepared"
    assert blocker_kind(1, session(1, state="idle in transaction"), None) == "idle_in_transaction"
    assert blocker_kind(1, session(1, state="idle in transaction (aborted)"), None) == "idle_in_transaction"
    assert blocker_kind(1, session(1, query="alter table t add x int"), None) == "ddl"
    assert blocker_kind(1, session(1, query="update t set x=1"), None) == "active"
    assert blocker_kind(1, session(1), "AccessExclusiveLock") == "ddl"
    assert blocker_kind(1, session(1, backend_type="autovacuum worker"), None) == "autovacuum"
    assert blocker_kind(1, session(1, state="idle"), None) == "idle"
    assert blocker_kind(1, session(1, backend_type=None), None) == "hidden"


def test_the_longest_wait_of_all_samples_is_kept():
    tally = LockTally(lambda row: 77)
    activity = {1: session(1, query="update t set a='x'"), 2: session(2, state="idle in transaction")}

    tally.add(1, [lock(1, 2, waited=0.5)], activity, [])
    tally.add(1, [lock(1, 2, waited=0.9)], activity, [])
    tally.add(0, [], {}, [])

    seen = Observations(tally.observations(AT))
    (wait,) = seen.readings("postgres.lock.wait")
    assert wait.value == 0.9
    assert wait.labels["blocker_client_pid"] == "77"
    assert wait.labels["blocker_kind"] == "idle_in_transaction"
    assert wait.labels["waiter_query"] == "update t set a=?"
    assert [r.value for r in seen.readings("postgres.lock.longest")] == [0.5, 0.9, 0.0]
    assert seen.value("postgres.lock.waiting") == 1


def test_before_14_the_age_of_the_statement_stands_for_the_wait():
    tally = LockTally(lambda row: None)

    tally.add(1, [lock(1, 2, waited=None)], {1: session(1, query_age=3.0), 2: session(2)}, [])

    assert Observations(tally.observations(AT)).value("postgres.lock.wait") == 3.0


def test_without_samples_nobody_waits():
    assert Observations(LockTally(lambda row: None).observations(AT)).value("postgres.lock.waiting") == 0
