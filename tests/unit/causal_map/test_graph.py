"""The map: no circles, no loose ends, every node can be seen or told."""

from __future__ import annotations

import pytest

from diagnostics.causal_map import CausalMap, standard_map
from diagnostics.causal_map.signatures import SIGNATURES, STORIES
from diagnostics.errors import ConfigurationError
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism
from diagnostics.model.problem import Category


def node(id_: str, *causes: tuple[str, float], kind: Kind = Kind.CAUSE) -> Mechanism:
    return Mechanism(
        id=id_,
        kind=kind,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title=id_,
        title_ru=id_,
        summary=id_,
        causes=tuple(Edge(effect=e, probability=p) for e, p in causes),
    )


def test_a_circle_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="circle among a, b"):
        CausalMap([node("a", ("b", 0.5)), node("b", ("a", 0.5))])


def test_an_edge_into_nowhere_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not on the map"):
        CausalMap([node("a", ("b", 0.5))])


def test_a_mechanism_defined_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        CausalMap([node("a"), node("a")])


def test_an_unknown_mechanism_names_the_closest() -> None:
    with pytest.raises(ConfigurationError, match="missing-index-seq-scan"):
        standard_map()["missing-index-seqscan"]


def test_reach_is_noisy_or_along_all_ways() -> None:
    built = CausalMap([node("a", ("b", 0.5), ("c", 0.5)), node("b", ("d", 1.0)), node("c", ("d", 1.0)), node("d")])

    assert built.reach("a")["d"] == pytest.approx(0.75)
    assert built.reach("a", "b")["d"] == pytest.approx(1.0)
    assert "a" not in built.reach("b")


def test_every_cause_can_be_detected_by_a_probe_or_a_text() -> None:
    told = {*SIGNATURES, *STORIES}

    blind = [n.id for n in standard_map().of_kind(Kind.CAUSE) if n.detect is None and n.id not in told]

    assert blind == []


def test_every_state_and_symptom_but_two_has_a_detector() -> None:
    blind = {n.id for n in standard_map() if n.kind is not Kind.CAUSE and n.detect is None}

    assert blind <= {"db-statement-rejected", "wrong-data", "jobs-stall"}


def test_at_least_thirty_causes_have_detectors_of_their_own() -> None:
    assert sum(n.detect is not None for n in standard_map().of_kind(Kind.CAUSE)) >= 60


def test_every_cause_leads_to_a_symptom_or_warns_before_one() -> None:
    symptoms = {n.id for n in standard_map().of_kind(Kind.SYMPTOM)}
    warnings = {"tls-cert-expires-soon"}

    lost = [n.id for n in standard_map().of_kind(Kind.CAUSE) if not symptoms & set(standard_map().reach(n.id))]

    assert set(lost) <= warnings


def test_every_node_has_titles_in_both_languages_and_every_cause_a_remedy() -> None:
    for n in standard_map():
        assert n.title
        assert n.title_ru
        assert n.title != n.title_ru
        if n.kind is Kind.CAUSE:
            assert n.remedies, n.id
            assert n.remedies[0].plan or n.remedies[0].action, n.id
