"""Inference: explaining away, "nothing is wrong" and "not on the map" in the race."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.causal_map import standard_map
from diagnostics.hypothesis_testing.inference import NOTHING, OFF_MAP, marginal, rank
from diagnostics.hypothesis_testing.whys.walk import chain, diagnose
from diagnostics.model.diagnosis import CouldNotLook, Status
from diagnostics.model.finding import Finding, State

MAP = standard_map()
IDS = [node.id for node in MAP]


def seen(id_: str, strength: float = 6.0, *evidence: str) -> Finding:
    return Finding(
        mechanism=id_, state=State.PRESENT, strength=strength, sentence=f"saw {id_}", evidence=evidence or ("E1",)
    )


def not_seen(id_: str, strength: float = -4.0) -> Finding:
    return Finding(mechanism=id_, state=State.ABSENT, strength=strength, sentence=f"no {id_}")


findings = st.lists(
    st.tuples(st.sampled_from(IDS), st.floats(-9, 9).filter(lambda s: abs(s) > 0.1)),
    max_size=12,
    unique_by=lambda p: p[0],
).map(lambda pairs: [seen(i, s) if s > 0 else not_seen(i, s) for i, s in pairs])


@given(findings)
def test_posteriors_are_a_distribution_in_order(found: list[Finding]) -> None:
    ranking = rank(MAP, found)

    assert sum(r.posterior for r in ranking) == pytest.approx(1.0)
    assert all(a.posterior >= b.posterior for a, b in pairwise(ranking))
    assert {NOTHING, OFF_MAP} <= {r.name for r in ranking}


@given(findings, st.sampled_from([n.id for n in MAP if n.kind == "cause"]))
def test_seeing_a_cause_itself_never_makes_it_less_likely(found: list[Finding], cause: str) -> None:
    others = [f for f in found if f.mechanism != cause]

    before = marginal(rank(MAP, others, pairs=0)).get(cause, 0.0)
    after = marginal(rank(MAP, [*others, seen(cause, 3.0)], pairs=0)).get(cause, 0.0)

    assert after >= before - 1e-9


@given(findings)
def test_the_order_of_findings_does_not_matter(found: list[Finding]) -> None:
    there = {r.name: r.posterior for r in rank(MAP, found)}
    back = {r.name: r.posterior for r in rank(MAP, list(reversed(found)))}

    assert all(math.isclose(there[name], back[name], abs_tol=1e-9) for name in there)


def test_without_findings_nothing_is_wrong_leads_and_is_not_called_healthy() -> None:
    assert rank(MAP, [])[0].name == NOTHING
    assert diagnose(MAP, []).status is Status.UNKNOWN


def test_a_quiet_system_that_was_looked_at_is_healthy() -> None:
    result = diagnose(MAP, [not_seen("requests-fail", -5), not_seen("requests-slow", -5), not_seen("service-down", -5)])

    assert result.status is Status.HEALTHY
    assert result.root_causes == ()


def test_a_saturated_pool_behind_one_lock_is_no_root_cause() -> None:
    found = [
        seen("requests-slow", 8),
        seen("db-pool-exhausted", 8),
        seen("pool-too-small", 3),
        seen("db-lock-wait", 8),
        seen("idle-in-transaction-blocks-writers", 8),
    ]

    result = diagnose(MAP, found)

    assert result.root_cause is not None
    assert result.root_cause.mechanism == "idle-in-transaction-blocks-writers"
    assert {"db-lock-wait", "db-pool-exhausted", "requests-slow"} <= set(result.root_cause.explains)


def test_the_walk_gives_whys_from_the_symptom_to_the_cause_with_evidence() -> None:
    found = [
        seen("requests-slow", 8, "E1"),
        seen("db-pool-exhausted", 8, "E2"),
        seen("db-lock-wait", 8, "E3"),
        seen("idle-in-transaction-blocks-writers", 8, "E4"),
    ]

    cause = diagnose(MAP, found).root_cause

    assert cause is not None
    assert [w.mechanism for w in cause.whys] == [
        "db-pool-exhausted",
        "db-lock-wait",
        "idle-in-transaction-blocks-writers",
    ]
    assert all(w.evidence and w.state == "observed" for w in cause.whys)


def test_a_link_that_nobody_saw_is_marked_as_assumed() -> None:
    cause = diagnose(MAP, [seen("requests-slow", 8), seen("idle-in-transaction-blocks-writers", 9)]).root_cause

    assert cause is not None
    assert "assumed" in [w.state for w in cause.whys]


def test_symptoms_without_any_cause_are_unknown_and_say_what_would_help() -> None:
    gap = CouldNotLook(what="--db", why="not given", hint="give --db URL")

    result = diagnose(MAP, [seen("requests-fail", 8), seen("requests-slow", 8)], could_not_look=(gap,))

    assert result.status is Status.UNKNOWN
    assert result.missing == ("--db: give --db URL",)


def test_a_cause_that_only_the_report_speaks_for_is_not_named() -> None:
    only_said = Finding(
        mechanism="tls-cert-expired", state=State.PRESENT, strength=9.0, sentence="the report says so", evidence=()
    )

    result = diagnose(MAP, [only_said, seen("requests-fail", 5), not_seen("requests-slow")])

    assert result.status is Status.UNKNOWN
    assert "only the report" in result.reason


def test_two_independent_faults_are_both_named() -> None:
    found = [
        seen("requests-fail", 8),
        seen("requests-slow", 8),
        seen("tls-cert-expired", 9),
        seen("external-call-fails", 8),
        seen("missing-index-seq-scan", 9),
        seen("db-queries-slow", 8),
    ]

    named = [c.mechanism for c in diagnose(MAP, found).root_causes[:2]]

    assert set(named) == {"tls-cert-expired", "missing-index-seq-scan"}


def test_the_chain_prefers_what_was_seen() -> None:
    found = {f.mechanism: f for f in [seen("external-call-slow"), seen("requests-slow")]}

    assert chain(MAP, "external-api-slow", found) == ("external-api-slow", "external-call-slow", "requests-slow")


@pytest.mark.parametrize(
    "error", ["alembic-multiple-heads", "alembic-revision-missing", "migration-partially-applied", "module-missing"]
)
def test_the_error_that_ends_each_start_is_named_before_the_crash_loop(error: str) -> None:
    found = [
        seen("crash-loop-on-boot", 5.5),
        seen("app-process-down", 8.0),
        seen("service-down", 8.0),
        seen(error, 6.0),
    ]

    assert rank(MAP, found)[0].mechanisms == (error,)
    assert diagnose(MAP, found).root_causes[0].mechanism == error


def test_without_such_an_error_the_crash_loop_itself_is_named() -> None:
    found = [seen("crash-loop-on-boot", 5.5), seen("app-process-down", 8.0), seen("service-down", 8.0)]

    assert diagnose(MAP, found).root_causes[0].mechanism == "crash-loop-on-boot"
