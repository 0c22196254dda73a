"""Whose hypotheses are tested: by name, from a file, from plug-ins; a broken plug-in stops nobody."""

from importlib.metadata import EntryPoint

import pytest

from diagnostics.causal_map import standard_map
from diagnostics.diagnostic_orchestrator.phases import hypotheses
from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import Hypothesis, Look, TestCondition
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.model.observation import Observations
from diagnostics.model.target import Target
from diagnostics.plugins.registry import HYPOTHESES
from diagnostics.runtime.clock import SYSTEM_CLOCK

FILE = '[[hypothesis]]\nname = "mine"\n[[hypothesis.condition]]\nname = "a"\npython = "os:getpid"\ngreater_than = 0\n'
TEN = Hypothesis(name="ten", statement="Ten is ten", conditions=(TestCondition("it is", lambda: 10, 10),))


def offers(target, look):
    assert target.name == "shop"
    assert look.ask("x", lambda seen: len(seen.observations)) == 0
    return [TEN]


def breaks(target, look):
    raise RuntimeError("no")


def nothing():
    return Look(observations=Observations())


def resolve(*names, file=None):
    return hypotheses.resolve(names, file=file, target=Target(name="shop"), look=nothing, causal_map=standard_map())


def test_plugins_offer_hypotheses_and_a_broken_one_is_left_out(monkeypatch, caplog):
    import sys

    module = type(sys)("plugged")
    module.offers, module.breaks, module.TEN, module.text = offers, breaks, TEN, ["no hypothesis"]
    monkeypatch.setitem(sys.modules, "plugged", module)
    found = [
        EntryPoint(name=n, value=f"plugged:{n}", group=HYPOTHESES) for n in ("offers", "breaks", "TEN", "text", "gone")
    ]

    given = hypotheses.from_plugins(Target(name="shop"), SharedLook(nothing), found=found)

    assert given == [TEN, TEN]
    assert all("plugin.broken" in r.message for r in caplog.records)
    assert len(caplog.records) == 3


def test_names_are_looked_up_in_the_file_then_among_the_common_ones_then_on_the_map(tmp_path):
    page = tmp_path / "h.toml"
    page.write_text(FILE)

    chosen = resolve("mine", "resource_exhaustion", "pool-too-small", file=page)

    assert [h.name for h in chosen] == ["mine", "resource_exhaustion", "pool-too-small"]
    assert [h.name for h in resolve(file=page)] == ["mine"]


def test_nothing_to_test_and_unknown_names_are_refused(tmp_path):
    page = tmp_path / "h.toml"
    page.write_text(FILE)

    with pytest.raises(ConfigurationError, match="nothing to test"):
        resolve()
    with pytest.raises(ConfigurationError, match="Known: mine"):
        resolve("min", file=page)
    with pytest.raises(ConfigurationError, match="pool-too-small"):
        resolve("pool-to-small")


def test_a_callers_hypotheses_become_verdicts_beside_those_of_the_map():
    verdicts = hypotheses.tested(
        [TEN, "pool-too-small", "database_connectivity_issues"],
        causal_map=standard_map(),
        engine=None,
        service=None,
        clock=SYSTEM_CLOCK,
    )
    by_name = hypotheses.tested(
        {"eleven": [TestCondition("it is", lambda: 10, 11)], "ten": TEN},
        causal_map=standard_map(),
        engine=None,
        service=None,
        clock=SYSTEM_CLOCK,
    )

    assert [(v.hypothesis, v.verdict, v.title) for v in verdicts] == [
        ("ten", "supported", "Ten is ten"),
        ("database_connectivity_issues", "inconclusive", "database connectivity issues"),
    ]
    assert [v.verdict for v in by_name] == ["refuted", "supported"]
