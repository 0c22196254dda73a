"""Ranking of a fleet: the call graph, explaining away, and what must not matter."""

from __future__ import annotations

import math

import pytest
from benchmarks.rca.score import recall
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.hypothesis_testing.fleet import Clue, Graph, Kind, Ranking, rank

#: A shop: the front calls search and pay, pay calls the bank and the database, search calls the database.
EDGES = (("front", "search"), ("front", "pay"), ("pay", "bank"), ("pay", "db"), ("search", "db"))
SHOP = Graph.of(EDGES)
NODES = SHOP.nodes


def clue(node: str, score: float, inner: str = "latency|Average") -> Clue:
    return Clue(node=node, inner=inner, kind=Kind.METRIC, score=score, reason=f"{node} {inner}")


def said(**scores: float) -> list[Clue]:
    """Clues of all nodes: those that are not named looked well."""
    return [clue(node, scores.get(node, -2.0)) for node in NODES]


clues = st.lists(
    st.tuples(st.sampled_from(NODES), st.floats(-3, 20), st.sampled_from(["a|p99", "b|Sum", "c"])),
    min_size=1,
    max_size=12,
    unique_by=lambda c: (c[0], c[2]),
).map(lambda found: [clue(*c) for c in found])


def test_the_deepest_sick_node_explains_its_callers() -> None:
    assert next(iter(rank(said(front=8, pay=8, db=8), SHOP, "front").nodes)) == "db"


def test_a_sick_caller_whose_callees_are_well_is_the_cause_itself() -> None:
    assert next(iter(rank(said(front=8, pay=8), SHOP, "front").nodes)) == "pay"


def test_nothing_is_wrong_when_everybody_looks_well() -> None:
    found = rank(said(), SHOP)

    assert not found.is_abnormal
    assert found.nothing > 0.5


def test_a_callee_that_lost_too_little_does_not_explain_its_caller() -> None:
    seen = said(front=9, search=5, pay=9)

    blind = rank(seen, SHOP, "front")
    counted = rank(seen, SHOP, "front", excess={"front": 60.0, "search": 58.0, "pay": 5.0, "db": 0.5})

    assert blind.nodes["pay"] > blind.nodes["search"]
    assert next(iter(counted.nodes)) == "search"


def test_a_node_that_the_symptom_does_not_call_is_no_candidate() -> None:
    found = rank([*said(front=6), clue("elsewhere", 20.0)], SHOP, "front")

    assert "elsewhere" not in found.nodes


def test_a_caller_off_the_way_says_nothing_by_being_well() -> None:
    wide = Graph.of((*EDGES, *((f"batch-{i}", "db") for i in range(9))))
    quiet = [clue(f"batch-{i}", -2.0) for i in range(9)]

    found = rank([*said(front=9, search=7, pay=7, db=7), *quiet], wide, "front")

    assert next(iter(found.nodes)) == "db"


def test_without_a_graph_the_symptom_is_not_the_only_candidate() -> None:
    found = rank([clue("a", 3.0), clue("b", 9.0)], Graph(), "a")

    assert set(found.nodes) == {"a", "b"}


def test_calls_may_be_circular() -> None:
    circle = Graph.of([("a", "b"), ("b", "c"), ("c", "a")])

    found = rank([clue(n, 6.0) for n in "abc"], circle, "a")

    assert set(found.nodes) == {"a", "b", "c"}
    assert all(math.isfinite(p) for p in found.nodes.values())


@settings(max_examples=40, deadline=None)
@given(clues, st.sampled_from([None, "front"]))
def test_posteriors_are_a_distribution(found: list[Clue], target: str | None) -> None:
    answer = rank(found, SHOP, target)

    assert sum(answer.nodes.values()) + answer.nothing + answer.unknown == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(clues, st.permutations(NODES), st.sampled_from([None, "front"]))
def test_the_names_of_nodes_do_not_matter(found: list[Clue], names: list[str], target: str | None) -> None:
    renamed = {old: f"n-{new}" for old, new in zip(NODES, names, strict=True)}
    graph = Graph.of([(renamed[a], renamed[b]) for a, b in EDGES], [renamed[n] for n in NODES])

    here = rank(found, SHOP, target)
    there = rank([clue(renamed[c.node], c.score, c.inner) for c in found], graph, renamed[target] if target else None)

    assert {renamed[n]: p for n, p in here.nodes.items()} == pytest.approx(dict(there.nodes))


@settings(max_examples=40, deadline=None)
@given(clues, st.randoms(use_true_random=False))
def test_the_order_of_clues_and_calls_does_not_matter(found: list[Clue], random: object) -> None:
    mixed, edges = list(found), list(EDGES)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    random.shuffle(edges)  # type: ignore[attr-defined]

    assert entries(rank(mixed, Graph.of(edges, NODES), "front")) == entries(rank(found, SHOP, "front"))


@settings(max_examples=40, deadline=None)
@given(clues, st.sampled_from(NODES), st.floats(0.1, 5.0))
def test_a_stronger_clue_never_makes_its_node_less_likely(found: list[Clue], node: str, more: float) -> None:
    one = [*(c for c in found if c.node != node), clue(node, 1.0)]
    two = [*(c for c in found if c.node != node), clue(node, 1.0 + more)]

    assert rank(two, SHOP, "front").nodes[node] >= rank(one, SHOP, "front").nodes[node] - 1e-9


@settings(max_examples=40, deadline=None)
@given(clues, st.floats(0.01, 100.0))
def test_the_unit_of_what_was_lost_does_not_matter(found: list[Clue], unit: float) -> None:
    lost = {"front": 40.0, "search": 31.0, "pay": 3.0, "db": 1.0, "bank": -2.0}

    here = rank(found, SHOP, "front", excess=lost)
    there = rank(found, SHOP, "front", excess={n: e * unit for n, e in lost.items()})

    assert dict(here.nodes) == pytest.approx(dict(there.nodes))


def test_the_best_inner_cause_of_a_node_carries_its_posterior() -> None:
    found = rank([clue("db", 9.0, "cpu"), clue("db", 8.0, "latency|p99"), *said(front=6)[:1]], SHOP, "front")

    best = next(r for r in found.ranked if r.node == "db")
    assert (best.inner, best.score) == ("cpu", found.nodes["db"])
    assert next(r for r in found.ranked if r.inner == "latency|p99").score == pytest.approx(best.score * math.exp(-1))


def test_nodes_that_look_alike_get_the_same_score_and_half_the_credit_each() -> None:
    twins = Graph.of([("front", "a"), ("front", "b")])
    found = rank([clue("front", 6.0), clue("a", 6.0), clue("b", 6.0)], twins, "front")

    ranked = [(r.node, r.score) for r in found.ranked]
    assert recall(ranked, "a", 1) == recall(ranked, "b", 1) == 0.5
    assert recall(ranked, "a", 3) == 1.0


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        clue("a", math.nan)


def entries(found: Ranking) -> list[tuple[str, str, float]]:
    return [(r.node, r.inner, r.score) for r in found.ranked]
