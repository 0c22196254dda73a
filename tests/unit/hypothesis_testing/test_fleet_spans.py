"""Root cause from spans, logs and pod metrics, on a small shop whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.unit.hypothesis_testing.fleet_shop import BEGIN, CART, FRONT, MINUTES, SICK, STORE, Shop

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.fleet import Clue, Graph, Kind, habits, incident, links, logs, pods, trail
from diagnostics.hypothesis_testing.fleet.culprits import NETWORK, culprits
from diagnostics.hypothesis_testing.fleet.files import Files, answer_of
from diagnostics.hypothesis_testing.fleet.incident import Slots

NOW = Slots(now=frozenset([str(SICK)]))


def first(shop: Shop) -> tuple[str, str]:
    ranking = trail.at(shop.told(), [SICK])
    return (ranking.ranked[0].node, ranking.ranked[0].inner) if ranking.nothing < 0.5 else ("", "")


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("16:44:08.620 INFO  c.s.ContactsServiceImpl#31 FIND CONTACTS BY ID: 415d1665", "c.s.ContactsServiceImpl#31"),
        ("16:43:26 ERROR o.a.c.c.C.[.[.[.[servlet]#175 threw exception", "o.a.c.c.C.[.[.[.[servlet]#175"),
        ("2026-01-01 WARN shop/views.py:118 cart of user 7 is empty", "shop/views.py:118"),
        (
            '{"http.req.id":"7","message":"Serving product page started","severity":"info"}',
            "Serving product page started",
        ),
        ("05:19:26.961 INFO  - Received ad request (context_words=[gardening])", "Received ad request"),
        ("05:19:26.961 INFO  - No context provided. Constructed at random", "No context provided"),
        ('{"message":"Query product with name 6E92ZMYYFZ","severity":"info"}', "Query product with name"),
        ("[GetQuote] received request", "[GetQuote] received request"),
        ("7 of 9", "of"),
        ("{}", "{}"),
        ("", ""),
    ],
)
def test_a_line_is_named_by_the_place_in_the_code_that_wrote_it(message: str, name: str) -> None:
    assert pl.DataFrame({"message": [message]}).select(logs.place("message")).item() == name


def test_a_handler_that_stops_half_way_is_named_by_the_lines_around_the_break() -> None:
    for pod in (FRONT, CART, STORE):
        name = pod.split("-", maxsplit=1)[0]
        assert first(Shop(breaks=pod)) == (pod, f"{name}.views#10_{name}.views#20"), pod


def test_only_the_head_of_a_broken_chain_speaks() -> None:
    told = Shop(breaks=CART).told()
    found = [b for b in habits.broken(told.counts, NOW.now, frozenset()) if habits.speaks(b.sigmas) > 0]
    assert {(b.pod, b.chain) for b in found} == {(CART, "logs"), (CART, "calls")}
    lines = next(b for b in found if b.chain == "logs")
    assert (lines.after, lines.missing, lines.instead) == ("cart.views#10", "cart.views#20", "cart.views#13")
    assert (lines.seen, lines.share, lines.excess) == (20, 0.0, pytest.approx(20, abs=0.2))


def test_more_or_less_traffic_is_no_broken_habit() -> None:
    told = Shop(requests={SICK: 2, BEGIN + 4: 25, BEGIN + 5: 5}).told()
    assert not [b for b in habits.broken(told.counts, NOW.now, frozenset()) if habits.speaks(b.sigmas) > 0]


def test_habits_need_several_slots_to_be_known() -> None:
    told = Shop(breaks=CART).told()
    others = {str(minute) for minute in range(BEGIN, BEGIN + MINUTES)} - NOW.now
    assert habits.broken(told.counts, NOW.now, frozenset(sorted(others)[2:])) == []
    assert habits.broken(told.counts, NOW.now, frozenset(others)) == []


def test_a_slow_network_is_told_from_a_busy_handler() -> None:
    assert first(Shop(late={STORE: 80})) == (STORE, NETWORK)
    assert first(Shop(late={CART: 80})) == (CART, NETWORK)
    assert first(Shop(busy={CART: 80})) == (CART, "/cart")


def test_a_starved_processor_explains_what_is_slow_in_its_pod() -> None:
    assert first(Shop(cpu={CART: 97}, late={CART: 60}, busy={CART: 40})) == (CART, "CpuUsageRate(%)")


def test_a_processor_far_from_its_limit_explains_nothing() -> None:
    assert first(Shop(cpu={STORE: 25}, breaks=CART))[0] == CART
    assert first(Shop(cpu={STORE: 25})) == ("", "")


def test_a_calm_day_has_no_incident() -> None:
    assert trail.incidents(Shop().told()) == []
    assert trail.strongest(Shop().told()) is None


def test_the_incident_is_found_without_being_told_when() -> None:
    for shop in (Shop(breaks=STORE), Shop(late={CART: 80}), Shop(cpu={FRONT: 99})):
        (found,) = trail.incidents(shop.told())
        assert (found.first, found.last, found.worst) == (SICK, SICK, SICK)


def test_a_given_onset_is_read_off_the_minutes_after_it() -> None:
    found = trail.since(Shop(breaks=STORE).told(), (SICK - 1) * 60 + 5.0)
    assert found is not None
    assert (found.first, found.ranking.ranked[0].node) == (SICK, STORE)
    assert trail.since(Shop().told(), (BEGIN + MINUTES) * 60.0) is None


def test_minute_files_are_slots_and_the_fault_free_one_is_only_compared_with() -> None:
    minutes = (pl.col("start_ns") // 60_000_000_000).cast(pl.String)
    spans = Shop(late={CART: 80}).spans
    calm = spans.filter(minutes == str(BEGIN)).with_columns(phase=pl.lit("normal"), minute=pl.lit("10:00"))
    rest = spans.filter(minutes != str(BEGIN)).with_columns(phase=pl.lit("fault"), minute=minutes)
    told = incident.read(pl.concat([calm, rest, rest.head(5)]))
    assert told.own["n"].sum() + told.legs["n"].sum() == len(spans)
    assert told.slot_of == {minute: f"fault {minute}" for minute in range(BEGIN + 1, BEGIN + MINUTES)}
    assert trail.at(told, [SICK]).ranked[0].node == CART


def test_times_of_calls_by_metrics_stand_in_for_spans() -> None:
    rows = [(str(m), FRONT, CART, 90.0 if m == SICK else 10.0, 8.0) for m in range(BEGIN, BEGIN + MINUTES)]
    legs = pl.DataFrame(rows, schema=["slot", "caller", "callee", "outer_ms", "inner_ms"], orient="row")
    told = replace(Shop().told(), metric_legs=legs)
    found = trail.at(told, [SICK])
    assert (found.ranked[0].node, found.ranked[0].inner) == (CART, NETWORK)
    assert [one.first for one in trail.incidents(told)] == [SICK]


def test_one_slow_call_proves_nothing() -> None:
    spans = Shop(late={STORE: 400}, requests={SICK: 1}).spans
    assert trail.incidents(incident.read(spans)) == []


@pytest.mark.parametrize(
    ("legs", "pods_"),
    [
        ({("a", "b"): 9.0, ("a", "c"): -3.0, ("d", "b"): 8.0}, {"b"}),
        ({("a", "b"): 9.0, ("a", "c"): 9.0, ("d", "b"): -3.0, ("d", "c"): -3.0}, {"a"}),
        ({("a", "b"): -3.0}, set()),
        ({("a", "b"): 9.0, ("a", "c"): -3.0, ("d", "e"): 9.0, ("d", "f"): -3.0}, {"b", "e"}),
        ({}, set()),
    ],
)
def test_slow_legs_speak_against_the_pod_that_explains_most_with_least(
    legs: dict[tuple[str, str], float], pods_: set[str]
) -> None:
    assert set(links.slow_networks(legs)) == pods_


def clue(node: str, inner: str, score: float, kind: Kind = Kind.OPERATION) -> Clue:
    return Clue(node=node, inner=inner, kind=kind, score=score)


GRAPH = Graph.of([("front", "cart"), ("cart", "store")])


def test_a_starved_callee_explains_the_broken_habits_of_its_callers() -> None:
    clues = [clue("cart", "a_b", 14.0, Kind.LOG), clue("store", "cpu", 12.0, Kind.METRIC)]
    assert [r.node for r in culprits(clues, GRAPH).ranked] == ["store", "cart"]


def test_a_weak_clue_further_down_does_not_explain_a_strong_one() -> None:
    clues = [clue("cart", "a_b", 14.0, Kind.LOG), clue("store", "/store", 2.0)]
    assert culprits(clues, GRAPH).ranked[0].node == "cart"


def test_a_starved_caller_is_not_the_work_of_somebody_it_calls() -> None:
    clues = [clue("cart", "cpu", 14.0, Kind.METRIC), clue("store", "a_b", 8.0, Kind.LOG)]
    assert culprits(clues, GRAPH).ranked[0].node == "cart"


def test_shares_add_up_and_silence_is_nothing() -> None:
    found = culprits([clue("cart", "a_b", 9.0), clue("store", "c_d", 8.0), clue("front", "x", -1.0)], GRAPH)
    assert sum(r.score for r in found.ranked) == pytest.approx(1.0)
    assert set(found.nodes) == {"cart", "store"}
    assert culprits([clue("front", "x", -1.0)], GRAPH).nothing == 1.0
    assert culprits([], Graph.of([])).ranked == ()


def metrics(column: str, values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"ts": [60 * m for m in range(len(values))], "pod": ["a-1-x"] * len(values), column: values})


@pytest.mark.parametrize(
    ("values", "speaks"),
    [
        ([1.0, 1.1, 0.9] * 6 + [10.0], False),
        ([60.0, 58.0, 63.0] * 6 + [99.0], True),
        ([5.0, 6.0, 4.0] * 6 + [88.0], True),
        ([float(v) for v in range(1, 73, 4)] + [76.0], False),
        ([80.0] * 18 + [120.0], True),
    ],
)
def test_a_resource_speaks_when_others_have_to_wait_for_it(values: list[float], speaks: bool) -> None:
    (found,) = pods.clues(metrics("CpuUsageRate(%)", values), frozenset(["18"]), frozenset())
    assert (found.score > 0) is speaks


def test_a_pod_that_stops_calling_its_only_dependent_is_named() -> None:
    rows = [(60 * m, pod, 0.0 if m == 18 and pod == "pay" else 0.5) for m in range(19) for pod in ("shop", "pay")]
    table = pl.DataFrame(rows, schema=["ts", "pod", "PodWorkload(Ops)"], orient="row")
    (found,) = pods.silent(table, {"pay": ["shop"], "shop": []}, frozenset(["18"]), frozenset())
    assert (found.node, found.inner) == ("shop", "calls to pay")
    assert found.score > 4
    (calm,) = pods.silent(table, {"pay": ["shop"]}, frozenset(["17"]), frozenset())
    assert calm.score < 0


def written(shop: Shop, folder: Path) -> Files:
    for name in ("spans", "logs", "metrics"):
        getattr(shop, name).write_parquet(folder / f"{name}.parquet")
    return Files(traces=folder / "spans.parquet", logs=folder / "logs.parquet", metrics=folder / "metrics.parquet")


def test_files_of_spans_logs_and_pods_are_answered(tmp_path: Path) -> None:
    files = written(Shop(breaks=STORE), tmp_path)
    answer = answer_of(files)
    assert (answer.ranking.ranked[0].node, answer.ranking.ranked[0].kind) == (STORE, Kind.LOG)
    assert answer.seen.onset == SICK * 60
    assert "store.views#10_store.views#20" in answer.headline
    assert answer_of(files, onset=(SICK - 1) * 60 + 1.0).ranking.ranked[0].node == STORE
    assert answer_of(replace(files, metrics=None, logs=None), target=CART).ranking.ranked == ()


def test_files_of_a_calm_day_say_so(tmp_path: Path) -> None:
    answer = answer_of(written(Shop(), tmp_path))
    assert not answer.is_abnormal
    assert answer.headline.startswith("Nothing abnormal")


def test_a_target_that_no_span_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no span is of basket"):
        answer_of(written(Shop(breaks=STORE), tmp_path), target="basket")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no column dur_ns"):
        incident.read(Shop().spans.drop("dur_ns"))


def test_metrics_by_node_and_spans_answer_together(tmp_path: Path) -> None:
    files = written(Shop(breaks=STORE, late={STORE: 60}), tmp_path)

    def table(first: int, count: int, sick: int) -> pl.DataFrame:
        rows = range(first, first + count)
        took = {
            pod: [0.02 + 0.001 * (m * 7 % 5) + (0.3 if m >= sick else 0.0) for m in rows]
            for pod in (FRONT, CART, STORE)
        }
        asked = {f"{pod}|requests|Sum": [100.0] * count for pod in took}
        return pl.DataFrame({"ts": [60 * m for m in rows]} | {f"{p}|latency|Average": took[p] for p in took} | asked)

    table(BEGIN - 400, 400, SICK).write_parquet(tmp_path / "normal.parquet")
    table(BEGIN, MINUTES, SICK).write_parquet(tmp_path / "wide.parquet")
    wide = replace(files, metrics=tmp_path / "wide.parquet", normal=tmp_path / "normal.parquet")
    answer = answer_of(wide)
    assert answer.ranking.ranked[0].node == STORE
    assert {r.kind for r in answer.ranking.ranked if r.node == STORE} == {Kind.METRIC, Kind.LOG}
