"""The tree of whys: evidence on every link, where it stops, forks, why nobody noticed, what prevents it; and its drawings."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.causal_map import standard_map
from diagnostics.causal_map.graph import CausalMap
from diagnostics.hypothesis_testing import FiveWhysAnalyzer
from diagnostics.hypothesis_testing.whys.tree import grow
from diagnostics.hypothesis_testing.whys.walk import diagnose
from diagnostics.model.finding import Baseline, Finding, State, Summary
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism
from diagnostics.model.observation import Observations, Reading, Unit
from diagnostics.model.problem import Category
from diagnostics.model.whys import LinkState
from diagnostics.texts import whys as drawing

MAP = standard_map()
IDS = [node.id for node in MAP]
ROOT = "idle-in-transaction-blocks-writers"


def seen(id_: str, *evidence: str, strength: float = 8.0) -> Finding:
    return Finding(
        mechanism=id_, state=State.PRESENT, strength=strength, sentence=f"saw {id_}", evidence=evidence or ("E1",)
    )


def not_seen(id_: str) -> Finding:
    return Finding(mechanism=id_, state=State.ABSENT, strength=-5.0, sentence=f"no {id_}", evidence=("E2",))


def open_(id_: str, needs: str) -> Finding:
    return Finding(mechanism=id_, state=State.UNKNOWN, strength=0.0, sentence=needs)


LOCKED = [seen("requests-slow", "E1"), seen("db-lock-wait", "E2"), seen(ROOT, "E3", "E4")]


def test_every_link_that_is_observed_cites_its_evidence() -> None:
    tree = grow(MAP, LOCKED, ROOT)

    assert (tree.symptom, tree.symptom_evidence) == ("requests-slow", ("E1",))
    assert [(k.mechanism, k.state, k.evidence) for k in tree.links] == [
        ("db-lock-wait", LinkState.OBSERVED, ("E2",)),
        (ROOT, LinkState.OBSERVED, ("E3", "E4")),
    ]
    assert (tree.stops_at, tree.stop_reason) == (0, "")
    assert tree.carried == tree.links


def test_a_link_without_evidence_stops_the_chain_and_says_what_would_carry_it() -> None:
    needs = "needs the sessions of the database (--db)"
    tree = grow(MAP, [LOCKED[0], open_("db-lock-wait", needs), LOCKED[2]], ROOT)

    assert tree.stops_at == 1
    assert tree.links[0].would_carry == needs
    assert "stops at why 1" in tree.stop_reason
    assert needs in tree.stop_reason
    # What lies beyond is shown, and not claimed.
    assert tree.links[1].state is LinkState.OBSERVED
    assert tree.carried == ()


def test_a_link_that_was_looked_for_and_not_there_is_contradicted() -> None:
    tree = grow(MAP, [LOCKED[0], not_seen("db-lock-wait"), LOCKED[2]], ROOT)

    if tree.links[0].mechanism == "db-lock-wait":
        assert tree.links[0].state is LinkState.CONTRADICTED
        assert "not there" in tree.stop_reason


def test_what_is_present_without_anything_to_show_is_an_assumption() -> None:
    bare = Finding(mechanism="db-lock-wait", state=State.PRESENT, strength=3.0, sentence="reported")

    assert grow(MAP, [LOCKED[0], bare, LOCKED[2]], ROOT).links[0].state is LinkState.ASSUMED


def test_without_a_root_cause_the_walk_goes_as_far_as_the_evidence_and_names_what_nobody_looked_at() -> None:
    findings = [seen("requests-slow"), seen("db-lock-wait", "E2"), open_(ROOT, "needs --db")]

    tree = grow(MAP, findings, posteriors={ROOT: 0.4})

    assert [k.mechanism for k in tree.links] == ["db-lock-wait"]
    assert "needs --db" in tree.stop_reason
    assert [f.role for f in tree.forks if f.mechanism == ROOT] == ["open"]


def test_where_no_symptom_was_seen_there_is_nothing_to_ask() -> None:
    tree = grow(MAP, [not_seen("requests-slow")])

    assert (tree.symptom, tree.links) == ("", ())
    assert "no symptom" in tree.stop_reason
    assert drawing.markdown(tree.to_dict()).startswith("Nothing was seen")


def test_other_causes_of_the_same_effect_are_forks_contributing_or_ruled_out() -> None:
    other = next(p for p, _ in MAP.parents("requests-slow") if MAP[p].kind is Kind.CAUSE and p not in MAP.reach(ROOT))
    third = next(
        p
        for p, _ in MAP.parents("requests-slow")
        if MAP[p].kind is Kind.CAUSE and p not in (other, ROOT) and p not in MAP.reach(ROOT)
    )

    tree = grow(MAP, [*LOCKED, seen(other, "E9", strength=5.0), not_seen(third)], ROOT)

    roles = {f.mechanism: (f.role, f.evidence) for f in tree.forks}
    assert roles[other] == ("contributing", ("E9",))
    assert roles[third] == ("ruled out", ("E2",))
    assert [f.mechanism for f in tree.contributing] == [other]


def test_why_nobody_noticed_comes_from_what_showed_it_and_what_was_watched() -> None:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    readings = [
        Reading(name=n, value=1.0, unit=Unit.COUNT, at=at)
        for n in ("endpoint.latency", "postgres.locks.waiting", "postgres.session.idle_in_transaction", "log.lines")
    ]
    normal = Summary(n=9, median=0, mad=0, p05=0, p95=0, minimum=0, maximum=0)
    baseline = Baseline(summaries={Baseline.key("postgres.locks.waiting", {}): normal})

    tree = grow(MAP, LOCKED, ROOT, observations=Observations(readings), baseline=baseline, watched=["db-lock-wait"])
    nobody_knows = grow(MAP, LOCKED, ROOT, observations=Observations(readings))

    upstream, lock = tree.unnoticed
    assert (upstream.mechanism, upstream.watched, upstream.had_baseline) == (ROOT, False, False)
    assert upstream.readings == ("postgres.session.idle_in_transaction", "log.lines")
    assert "nothing watched postgres.session.idle_in_transaction" in upstream.sentence
    assert "diagnose record" in upstream.sentence
    assert (lock.watched, lock.had_baseline) == (True, True)
    assert "is watched" in lock.sentence
    assert {u.watched for u in nobody_knows.unnoticed} == {None}


def test_what_would_have_prevented_it_is_the_maps_and_names_the_link_that_it_breaks() -> None:
    tree = grow(MAP, LOCKED, ROOT)

    assert (tree.prevention[0].mechanism, tree.prevention[0].breaks) == (ROOT, "db-lock-wait")
    assert tree.prevention[0].sentence == MAP[ROOT].prevention


def test_every_cause_of_the_map_has_something_that_prevents_it() -> None:
    assert [n.id for n in MAP.of_kind(Kind.CAUSE) if not n.prevention] == []


def test_the_analyzer_draws_its_tree_in_three_forms() -> None:
    result = FiveWhysAnalyzer(diagnosis=diagnose(MAP, LOCKED)).analyze_problem("Saving hangs")

    assert "**Why did we not notice?**" in result.to_markdown()
    assert "\\[E3\\], \\[E4\\]" in result.to_markdown()
    assert result.to_mermaid().startswith("flowchart BT\n")
    assert '-->|"E3, E4"|' in result.to_mermaid()
    assert "Почему не заметили" in result.to_markdown("ru")
    assert ET.fromstring(result.to_svg()).tag == "{http://www.w3.org/2000/svg}svg"
    with pytest.raises(ValueError, match="en or ru"):
        result.to_svg("de")


def test_a_silent_answer_of_the_user_says_what_would_carry_it() -> None:
    findings = [*LOCKED, open_("cpu-starved", "needs --pid")]

    result = FiveWhysAnalyzer(findings=findings).analyze_problem("Saving hangs", ["The CPU is overloaded"])

    assert result.answers[0].would_carry == "needs --pid"
    assert result.conclusion.endswith("it would be carried by: needs --pid")


def node(id_: str, kind: Kind, *effects: str, title: str = "") -> Mechanism:
    return Mechanism(
        id=id_,
        kind=kind,
        layer=Layer.HOST,
        category=next(iter(Category)),
        title=title or id_,
        title_ru=title or id_,
        summary=f"summary of {id_}",
        causes=tuple(Edge(effect=e, probability=0.9) for e in effects),
        prevention="care",
    )


HOSTILE = '<script>alert("x")</script> & ]]> `|[x](y)` \x00\x1b[31m "q" #35; end'


def test_hostile_text_stays_text_in_every_drawing() -> None:
    small = CausalMap([node("s", Kind.SYMPTOM, title=HOSTILE), node("c", Kind.CAUSE, "s", title=HOSTILE)])
    bad = [
        Finding(mechanism=i, state=State.PRESENT, strength=5.0, sentence=HOSTILE * 5, evidence=("E1<b>",)) for i in "sc"
    ]
    tree = grow(small, bad, "c").to_dict()

    picture, chart, page = drawing.svg(tree), drawing.mermaid(tree), drawing.markdown(tree)

    root = ET.fromstring(picture)
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {"svg", "title", "desc", "rect", "path", "text"}
    assert "<script" not in chart
    assert chart.count('"') % 2 == 0
    assert "<script" not in page.replace("\\<script", "")
    assert "\x1b" not in picture + chart + page


def test_the_svg_is_accessible_and_stands_alone() -> None:
    tree = grow(MAP, [LOCKED[0], open_("db-lock-wait", "needs --db"), LOCKED[2]], ROOT).to_dict()
    root = ET.fromstring(drawing.svg(tree))
    ns = "{http://www.w3.org/2000/svg}"

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "whys-title whys-desc"
    assert root.find(f"{ns}title").text == "Five whys"
    spoken = root.find(f"{ns}desc").text
    assert all(link["answer"][:30] in spoken for link in tree["links"])
    words = " ".join(t.text or "" for t in root.iter(f"{ns}text"))
    # Told by sign and word, and by a dashed frame; colour only repeats it.
    assert "? assumed" in words
    assert "✓ observed" in words
    assert any(r.get("stroke-dasharray") for r in root.iter(f"{ns}rect"))
    assert not any(k.endswith("href") or k == "style" for e in root.iter() for k in e.attrib)
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    for e in root.iter(f"{ns}rect"):
        assert float(e.get("x")) + float(e.get("width")) <= width
        assert float(e.get("y")) + float(e.get("height")) <= height


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(list(State)), max_size=40),
    st.one_of(st.none(), st.sampled_from([n.id for n in MAP.of_kind(Kind.CAUSE)])),
)
def test_no_findings_whatever_break_the_laws_of_the_tree(states: dict[str, State], root: str | None) -> None:
    strength = {State.PRESENT: 4.0, State.ABSENT: -4.0, State.UNKNOWN: 0.0}
    findings = [
        Finding(mechanism=i, state=s, strength=strength[s], sentence=f"about {i}", evidence=("E1",))
        for i, s in states.items()
    ]

    tree = grow(MAP, findings, root)

    for number, link in enumerate(tree.links, start=1):
        assert (link.state is LinkState.OBSERVED) == (states.get(link.mechanism) is State.PRESENT)
        assert bool(link.would_carry) == (link.state is not LinkState.OBSERVED)
        assert link.carried == (not tree.stops_at or number < tree.stops_at)
        assert any(e.effect == link.effect for e in MAP[link.mechanism].causes)
    on_way = {tree.symptom, *(link.mechanism for link in tree.links)}
    assert not on_way & {f.mechanism for f in tree.forks}
    assert len({f.mechanism for f in tree.forks}) == len(tree.forks)
    ET.fromstring(drawing.svg(tree.to_dict()))
    drawing.mermaid(tree.to_dict())
    drawing.markdown(tree.to_dict(), "ru")
