"""Findings: what was measured, what the logs say, what was reported, and how they add up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnostics.causal_map import CausalMap, standard_map
from diagnostics.causal_map.detect import absent, present, unknown
from diagnostics.model.finding import Evidence, SignatureMatch, State
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism
from diagnostics.model.observation import Observations, Reading, Unit
from diagnostics.model.problem import Candidate, Category, Severity, Triage
from diagnostics.system_monitor.examine import examine, signature_matches

AT = datetime(2026, 11, 25, tzinfo=UTC)


def node(detect=None, id_: str = "cause") -> Mechanism:
    return Mechanism(
        id=id_,
        kind=Kind.CAUSE,
        layer=Layer.CODE,
        category=Category.CODE_DEFECT,
        title="t",
        title_ru="т",
        summary="s",
        causes=(Edge(effect="symptom", probability=0.9),),
        detect=detect,
    )


SYMPTOM = Mechanism(
    id="symptom", kind=Kind.SYMPTOM, layer=Layer.USER, category=Category.UNKNOWN, title="t", title_ru="т", summary="s"
)


def text(place: str = "log", count: int = 5, before: int = 0, weight: float = 6.0) -> SignatureMatch:
    return SignatureMatch(
        mechanism="cause", weight=weight, place=place, count=count, count_before=before, text="boom", evidence_id="E1"
    )


def found(detect, *texts: SignatureMatch, logs: bool = False):
    lines = [Reading(name="log.lines", value=10, unit=Unit.COUNT, at=AT)] if logs else []
    evidence = Evidence(observations=Observations(lines), signatures=texts)
    return next(f for f in examine(CausalMap([node(detect), SYMPTOM]), evidence) if f.mechanism == "cause")


def test_a_new_text_in_the_log_is_enough_for_a_mechanism_without_probes() -> None:
    finding = found(None, text())

    assert finding.state is State.PRESENT
    assert finding.evidence == ("E1",)
    assert "boom" in finding.sentence


def test_a_text_that_was_always_there_says_little() -> None:
    assert found(None, text(count=50, before=50)).strength < found(None, text(count=50, before=0)).strength / 3


def test_a_report_alone_cites_no_evidence_and_counts_less_than_a_log() -> None:
    reported, logged = found(None, text("report")), found(None, text())

    assert reported.evidence in ((), ("E1",))
    assert reported.strength < logged.strength


def test_what_was_measured_beats_what_was_said() -> None:
    finding = found(lambda _: absent(-5.0, "measured"), text("report"), text())

    assert finding.state is State.ABSENT


def test_measurement_and_text_add_up() -> None:
    alone = found(lambda _: present(3.0, "measured", ["E9"]))
    both = found(lambda _: present(3.0, "measured", ["E9"]), text())

    assert both.strength > alone.strength
    assert both.evidence == ("E9", "E1")


def test_nothing_at_all_is_unknown() -> None:
    assert found(lambda _: unknown("not looked")).state is State.UNKNOWN


def test_silence_of_a_log_that_was_read_speaks_against_what_would_be_loud() -> None:
    known = standard_map()
    lines = Observations([Reading(name="log.lines", value=100, unit=Unit.COUNT, at=AT)])

    findings = {f.mechanism: f for f in examine(known, Evidence(observations=lines))}

    assert findings["async-lazy-load-missing-greenlet"].state is State.ABSENT


def test_signatures_come_from_logs_and_from_the_triage() -> None:
    reading = Reading(
        name="log.signature",
        value=4,
        unit=Unit.COUNT,
        at=AT,
        labels={"mechanism": "fd-leak", "weight": "6.0", "text": "EMFILE", "before": "0.5"},
    )
    triage = Triage(
        category=Category.APP_RUNTIME,
        severity=Severity.HIGH,
        candidates=(Candidate(mechanism="fd-leak", strength=3.0, because="“Too many open files”"),),
        confidence=0.9,
        reason="r",
    )

    matches = signature_matches(Observations([reading]), triage)

    assert [(m.place, m.weight, m.count) for m in matches] == [("log", 6.0, 4), ("report", 3.0, 1)]


@pytest.mark.parametrize("labels", [{}, {"mechanism": "x", "weight": "nonsense", "before": "?"}])
def test_a_broken_signature_reading_hurts_nobody(labels: dict[str, str]) -> None:
    reading = Reading(name="log.signature", value=1, unit=Unit.COUNT, at=AT, labels=labels)

    assert signature_matches(Observations([reading]), None)[0].weight == 0.0
