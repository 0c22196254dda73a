"""The nodes: every mechanism that texts can name is on the map, complete, and leads somewhere."""

from __future__ import annotations

import re

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.causal_map.signatures import SIGNATURES, STORIES
from diagnostics.causal_map.signatures.categories import CATEGORY
from diagnostics.model.mechanism import Kind, Mechanism

CAUSES = standard_map().of_kind(Kind.CAUSE)


def test_every_mechanism_that_texts_can_speak_for_is_on_the_map() -> None:
    named = {*CATEGORY, *SIGNATURES, *STORIES}

    assert sorted(id_ for id_ in named if id_ not in standard_map()) == []


def test_node_and_classification_agree_on_the_category() -> None:
    differing = {n.id for n in CAUSES if n.id in CATEGORY and n.category != CATEGORY[n.id]}

    # A text alone does not decide the category of these; the node says so, the classification guesses the most likely.
    assert differing <= {
        "app-process-down",
        "data-growth-crossed-threshold",
        "external-api-slow",
        "gunicorn-worker-timeout",
        "pool-too-small",
        "replication-slot-retains-wal",
    }


@pytest.mark.parametrize("node", CAUSES, ids=lambda n: n.id)
def test_a_cause_is_complete(node: Mechanism) -> None:
    assert node.summary.endswith(".")
    assert node.recognised_by
    assert node.prevention.endswith(".")
    assert len(node.prevention) > 30
    assert re.search("[а-яА-Я]", node.title_ru), "the Russian title is Russian"
    assert not node.title.endswith(".")
    assert 1.0 <= node.prior <= 3.0
    assert node.prior_source
    assert all(remedy.id.startswith(f"{node.id}/") for remedy in node.remedies)
    assert all(step.strip() == step and step for remedy in node.remedies for step in remedy.plan)


@pytest.mark.parametrize("node", list(standard_map()), ids=lambda n: n.id)
def test_neighbours_and_effects_are_other_nodes_of_the_map_named_once(node: Mechanism) -> None:
    effects = [edge.effect for edge in node.causes]

    assert all(other in standard_map() for other in node.confusable_with)
    assert node.id not in node.confusable_with
    assert len(set(node.confusable_with)) == len(node.confusable_with)
    assert len(set(effects)) == len(effects)


def test_titles_are_unique_in_both_languages() -> None:
    for titles in ([n.title for n in standard_map()], [n.title_ru for n in standard_map()]):
        doubled = {title for title in titles if titles.count(title) > 1}
        assert doubled == set()
