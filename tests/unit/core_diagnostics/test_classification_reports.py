"""Triage of labelled reports: of those that were read while the signatures were written, and of those that were not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.core_diagnostics.classification import classify, problem_of
from diagnostics.model.problem import Category, Severity

DATA = Path(__file__).parents[2] / "data"
STEPS = list(Severity)


def _reports(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


PHRASES = _reports("triage_phrases.jsonl")
OWN = _reports("triage_reports.jsonl")


@pytest.mark.parametrize("report", PHRASES, ids=lambda report: report["problem_description"] or report["id"])
def test_a_report_that_was_read_is_understood(report):
    triage = classify(problem_of(report))

    assert triage.category == report["category"], triage.reason
    if triage.category is Category.BENIGN:
        assert triage.severity is Severity.LOW
        assert triage.candidates == ()
    elif triage.category is Category.UNKNOWN:
        assert triage.severity in (Severity.MEDIUM, Severity.HIGH)
    else:
        assert triage.candidates
        assert triage.probe_first


@pytest.mark.parametrize("part", ["work", "check"])
def test_our_own_reports_reach_the_floors(part):
    reports = [report for report in OWN if report["part"] == part]
    answers = [classify(problem_of(report)) for report in reports]
    pairs = list(zip(reports, answers, strict=True))

    right = [report["category"] == triage.category for report, triage in pairs]
    away = [abs(STEPS.index(Severity(report["severity"])) - STEPS.index(triage.severity)) for report, triage in pairs]
    first_three = [
        report["root_cause_candidates"][0] in [candidate.mechanism for candidate in triage.candidates[:3]]
        for report, triage in pairs
        if report["root_cause_candidates"]
    ]

    assert sum(right) / len(right) >= 0.90
    assert away.count(0) / len(away) >= 0.65
    assert sum(step <= 1 for step in away) / len(away) >= 0.93
    assert sum(first_three) / len(first_three) >= 0.88


def test_our_own_reports_seldom_raise_a_false_alarm_or_claim_too_much():
    answers = [(report["category"], classify(problem_of(report)).category) for report in OWN]
    benign = [said for truth, said in answers if truth == Category.BENIGN]
    unknown = [said for truth, said in answers if truth == Category.UNKNOWN]

    assert sum(said not in (Category.BENIGN, Category.UNKNOWN) for said in benign) <= 0.12 * len(benign)
    assert sum(said is not Category.UNKNOWN for said in unknown) <= 0.15 * len(unknown)


def test_our_own_reports_have_every_label_and_causes_of_the_map():
    known = {node.id for node in standard_map()}

    assert {report["category"] for report in OWN} == {category.value for category in Category}
    assert {cause for report in OWN for cause in report["root_cause_candidates"]} <= known
    assert sum(report["part"] == "check" for report in OWN) >= 100
