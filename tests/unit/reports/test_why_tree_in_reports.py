"""The tree of whys in the reports: drawn in HTML, as a diagram in Markdown, and never a reason to fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.reports import html, markdown

TREE: dict[str, Any] = {
    "symptom": "requests-slow",
    "symptom_title": "Requests are slow",
    "symptom_evidence": ["E1"],
    "stops_at": 1,
    "stop_reason": "the evidence stops at why 1: “Sessions wait for a lock” was not seen; it would be carried by: needs --db",
    "links": [
        {
            "question": "Why: requests are slow?",
            "answer": "Sessions wait for a lock: <b>summary</b>",
            "effect": "requests-slow",
            "mechanism": "db-lock-wait",
            "state": "assumed",
            "evidence": [],
            "would_carry": "needs --db",
            "carried": False,
        }
    ],
    "forks": [
        {
            "effect": "requests-slow",
            "mechanism": "cpu-starved",
            "title": "The application waits for a CPU",
            "role": "ruled out",
            "because": "5 % used",
            "evidence": ["E2"],
        }
    ],
    "unnoticed": [{"title": "A lock", "sentence": "nothing watched postgres.locks.waiting"}],
    "prevention": [{"title": "A lock", "sentence": "short transactions"}],
}


def test_the_page_holds_the_drawing_and_both_questions() -> None:
    page = html.render({"why_tree": TREE})

    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert "<b>summary</b>" not in page
    assert "&lt;b&gt;summary&lt;/b&gt;" in page
    assert "Why did we not notice?" in page
    assert "nothing watched postgres.locks.waiting" in page
    assert "What would have prevented it?" in page
    assert "Что предотвратило бы это?" in html.render({"why_tree": TREE}, lang="ru")


def test_markdown_holds_the_diagram() -> None:
    page = markdown.render({"why_tree": TREE})

    assert "```mermaid\nflowchart BT\n" in page
    assert page.count("```") == 2
    assert "> the evidence stops at why 1" in page
    assert "**What would have prevented it?:**" in page or "What would have prevented it?" in page


def test_without_a_tree_nothing_is_drawn() -> None:
    assert "<svg xmlns" not in html.render({})
    assert "mermaid" not in markdown.render({})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TREE, "state", "role"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(list(TREE)), JUNK, max_size=8))
def test_no_tree_whatever_breaks_a_report(tree: dict[str, Any]) -> None:
    html.render({"why_tree": {**TREE, **tree}})
    markdown.render({"why_tree": {**TREE, **tree}})


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_state_and_role_has_its_word(lang: str) -> None:
    for state in ("observed", "assumed", "contradicted"):
        for role in ("contributing", "ruled out", "open"):
            tree = {
                **TREE,
                "links": [{**TREE["links"][0], "state": state}],
                "forks": [{**TREE["forks"][0], "role": role}],
            }
            assert "<svg" in html.render({"why_tree": tree}, lang=lang)
