"""What a deploy is blamed for, and when the defect has a better name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diagnostics.causal_map.detect import CERTAIN, TYPICAL
from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.finding import Baseline, Evidence, SignatureMatch
from diagnostics.model.observation import Observations, Reading, Unit

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mechanism", "weight", "strength"),
    [
        ("sync-orm-in-async-context", 6.0, TYPICAL),
        ("none-attribute-error", 5.0, CERTAIN),
        ("attribute-or-type-bug", 3.5, CERTAIN),
    ],
)
def test_a_text_that_names_the_defect_outright_says_more_than_a_bug(
    mechanism: str, weight: float, strength: float
) -> None:
    text = "django.request Internal Server Error: /a/ shop.errors.SomeError: it said so"
    labels = {"exception": "shop.errors.SomeError", "example": text, "before": "0", "before_seconds": "300"}
    labels |= {"first_seen": str((NOW - timedelta(seconds=20)).timestamp()), "frame": "view (shop/views.py:3)"}
    seen = [
        Reading(name="change.commit", value=21.0, unit=Unit.SECONDS, at=NOW, labels={"sha": "abc", "subject": "x"}),
        Reading(name="log.template", value=9.0, unit=Unit.COUNT, at=NOW, labels=labels),
    ]
    match = SignatureMatch(
        mechanism=mechanism, weight=weight, place="log", count=9, count_before=0, text=text, evidence_id="E2"
    )
    evidence = Evidence(observations=Observations(seen), baseline=Baseline(), signatures=(match,), now=NOW)

    assert DETECTORS["bad-deploy-code-regression"](evidence).strength == strength
