"""A stratified sample of the laboratory: real faults of four layers and healthy controls, diagnosed from outside."""

from __future__ import annotations

import pytest
from examples.support.postgres import Postgres
from lab.harness import run, scenarios

SAMPLE = (
    "idle-in-transaction-blocks-writers",
    "missing-index-seq-scan",
    "external-api-5xx",
    "bad-deploy-code-regression",
    "app-process-down",
    "healthy-quiet",
    "healthy-deploy",
)
KNOWN = {scenario.id: scenario for scenario in scenarios()}


@pytest.mark.lab
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", SAMPLE)
def test_the_sample_is_diagnosed_rightly_and_in_time(name: str, postgres: Postgres) -> None:
    (outcome,) = run(KNOWN[name], 101, postgres=postgres)

    assert outcome.right, (outcome.status, outcome.named, outcome.reason)
    assert outcome.seconds < 20.0


def test_every_scenario_names_a_mechanism_of_the_map_and_has_a_fault() -> None:
    from lab.harness import SCENARIOS

    from diagnostics.causal_map import standard_map

    for scenario in KNOWN.values():
        assert scenario.truth in ("healthy", "unknown") or scenario.truth in standard_map()
        assert not scenario.second or scenario.second in standard_map()
        assert all(also in standard_map() for also in scenario.also)
        assert (SCENARIOS / scenario.id / "fault.py").exists()


def test_there_are_at_least_fifteen_faults_over_all_layers_and_ten_controls() -> None:
    from diagnostics.causal_map import standard_map

    faults = [s for s in KNOWN.values() if s.kind in ("fault", "double")]

    assert len(faults) >= 15
    assert sum(s.is_healthy for s in KNOWN.values()) >= 10
    assert len({standard_map()[s.truth].layer for s in faults}) >= 7
