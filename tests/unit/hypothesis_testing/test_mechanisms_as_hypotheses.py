"""CommonHypotheses for every mechanism: generated from the map, supported, refuted or not tested by what a look shows."""

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import CommonHypotheses, HypothesisTester, Look, Verdict
from diagnostics.model.finding import Finding, State
from diagnostics.model.observation import Observations

MAP = standard_map()


def present(id_, strength=5.0):
    return Finding(mechanism=id_, state=State.PRESENT, strength=strength, sentence=f"{id_} was seen", evidence=("E1",))


def absent(id_):
    return Finding(mechanism=id_, state=State.ABSENT, strength=-4.0, sentence=f"{id_} was not seen")


def look_at(*findings):
    calls = []

    def look():
        calls.append(1)
        return Look(observations=Observations(), findings=findings)

    look.calls = calls
    return look


@pytest.mark.parametrize("id_", CommonHypotheses.mechanisms())
def test_every_mechanism_of_the_map_is_a_hypothesis_that_its_own_signs_support(id_):
    everything = [present(n) for n in MAP.reach(id_)]
    look = look_at(*everything)

    result = HypothesisTester().test_hypothesis(id_, CommonHypotheses.for_mechanism(id_, look))

    assert result.verdict is Verdict.SUPPORTED
    assert result.posterior > 0.5
    assert len(look.calls) == 1


@pytest.mark.parametrize("id_", ["idle-in-transaction-blocks-writers", "pool-too-small", "host-memory-exhausted"])
def test_what_shows_no_sign_is_refuted(id_):
    if id_ not in MAP:
        pytest.skip("not on this map")
    result = HypothesisTester().test_hypothesis(
        id_, CommonHypotheses.for_mechanism(id_, look_at(*(absent(n.id) for n in MAP)))
    )

    assert result.verdict is Verdict.REFUTED
    assert result.posterior < 0.1
    assert "was not seen" in result.conclusion


def test_what_nobody_could_look_at_is_inconclusive():
    result = HypothesisTester().test_hypothesis("h", CommonHypotheses.for_mechanism("pool-too-small", look_at()))

    assert result.verdict is Verdict.INCONCLUSIVE
    assert "nobody could look" in result.conclusion


def test_a_rival_that_shows_itself_louder_refutes():
    id_ = "sqlalchemy-pool-exhausted-by-leak"
    rival = "idle-in-transaction-blocks-writers"
    assert rival in MAP[id_].confusable_with
    seen = [present(n, 2.0) for n in MAP.reach(id_)]

    result = HypothesisTester().test_hypothesis(
        id_, CommonHypotheses.for_mechanism(id_, look_at(*seen, present(rival, 7.0)))
    )

    assert result.verdict is Verdict.REFUTED
    assert result.posterior <= result.prior
    assert "what excludes it was observed" in result.conclusion
    assert rival in result.conclusion


def test_a_mechanism_that_does_not_exist_is_refused_with_the_closest():
    with pytest.raises(ConfigurationError, match="pool-too-small"):
        CommonHypotheses.for_mechanism("pool-to-small", look_at())
