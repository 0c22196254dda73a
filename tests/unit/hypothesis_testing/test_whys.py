"""The user's own whys, judged by what was found."""

from __future__ import annotations

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.hypothesis_testing import FiveWhysAnalyzer
from diagnostics.hypothesis_testing.whys.walk import diagnose
from diagnostics.model.finding import Finding, State

MAP = standard_map()


def seen(id_: str, strength: float = 8.0) -> Finding:
    return Finding(mechanism=id_, state=State.PRESENT, strength=strength, sentence=f"saw {id_}", evidence=("E1",))


def not_seen(id_: str) -> Finding:
    return Finding(mechanism=id_, state=State.ABSENT, strength=-5.0, sentence=f"no {id_}", evidence=("E2",))


LOCKED = [
    seen("requests-slow"),
    seen("db-lock-wait"),
    seen("idle-in-transaction-blocks-writers"),
    not_seen("traffic-spike-over-capacity"),
]


def test_each_answer_is_supported_contradicted_or_silent() -> None:
    analyzer = FiveWhysAnalyzer(diagnosis=diagnose(MAP, LOCKED))

    result = analyzer.analyze_problem(
        "Saving hangs",
        ["Requests time out", "Sessions are blocked by a lock", "High traffic volume", "Mercury is retrograde"],
    )

    assert [a.judgement for a in result.answers] == ["supported", "supported", "contradicted", "silent"]
    assert result.stops_at == 3
    assert "traffic" in result.conclusion.lower()
    assert result["root_cause"] == "Sessions are blocked by a lock"
    assert result.confidence_score == 0.5


def test_an_answer_cites_the_evidence_that_judges_it() -> None:
    result = FiveWhysAnalyzer(findings=LOCKED).analyze_problem("Saving hangs", ["A session is idle in transaction"])

    assert result.answers[0].evidence == ("E1",)
    assert result.answers[0].because == "saw idle-in-transaction-blocks-writers"


def test_without_findings_every_answer_is_silent_and_the_chain_carries_nothing() -> None:
    result = FiveWhysAnalyzer().analyze_problem("Saving hangs", ["the pool", "the lock"])

    assert {a.judgement for a in result.answers} == {"silent"}
    assert result.root_cause == ""
    assert result.confidence_score == 0.0


def test_without_answers_the_derived_chain_is_the_answer() -> None:
    result = FiveWhysAnalyzer(diagnosis=diagnose(MAP, LOCKED)).analyze_problem("Saving hangs")

    assert result.derived[-1].mechanism == "idle-in-transaction-blocks-writers"
    assert "saw idle-in-transaction-blocks-writers" in result.root_cause


@pytest.mark.parametrize("answer", ["", " ", "?" * 5000, "процессор перегружен", "\x00"])
def test_any_text_is_an_answer(answer: str) -> None:
    assert len(FiveWhysAnalyzer(findings=LOCKED).analyze_problem("x", [answer]).answers) == 1
