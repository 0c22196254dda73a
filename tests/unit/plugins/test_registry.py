"""Plug-ins by entry points: good ones are used, broken ones are reported, the rest go on."""

from __future__ import annotations

from importlib.metadata import EntryPoint

from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism
from diagnostics.model.problem import Category
from diagnostics.model.target import Target
from diagnostics.plugins import registry

HERE = __name__

QUOTA = Mechanism(
    id="license-quota-reached",
    kind=Kind.CAUSE,
    layer=Layer.SERVICE,
    category=Category.EXTERNAL_SERVICE,
    title="The licence quota is reached",
    title_ru="Лицензионная квота исчерпана",
    summary="The licence server refuses further users.",
    causes=(Edge(effect="requests-fail", probability=0.8),),
)


class Nothing:
    name = "nothing"
    deadline_seconds = 1.0

    def observe(self, clock: object) -> list[object]:
        return []


def make(target: Target) -> Nothing | None:
    return Nothing() if target.pids else None


def point(name: str, what: str, group: str) -> EntryPoint:
    return EntryPoint(name=name, value=what, group=group)


def test_a_mechanism_of_a_plug_in_is_on_the_map(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "their_plugin", sys.modules[HERE])
    found = [point("quota", "their_plugin:QUOTA", registry.MECHANISMS)]

    grown = registry.full_map(found=found)

    assert "license-quota-reached" in grown
    assert grown.reach("license-quota-reached")["requests-fail"] == 0.8


def test_without_plug_ins_the_shipped_map_itself_is_returned() -> None:
    from diagnostics.causal_map import standard_map

    assert registry.full_map(found=[]) is standard_map()


def test_a_broken_plug_in_is_reported_and_the_rest_go_on(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "their_plugin", sys.modules[HERE])
    found = [
        point("broken", "there_is_no_such_module:X", registry.PROBES),
        point("good", "their_plugin:make", registry.PROBES),
    ]

    loaded = registry.load(registry.PROBES, found=found)

    assert [name for name, _ in loaded.values] == ["good"]
    assert "there_is_no_such_module" in str(loaded.broken[0])
    assert [p.name for p in registry.probes(Target(pids=(1,)), found=found)] == ["nothing"]
    assert registry.probes(Target(), found=found) == ()


def test_two_plug_ins_of_one_name_are_an_error_of_both(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "their_plugin", sys.modules[HERE])
    found = [point("same", "their_plugin:make", registry.PROBES)] * 2

    loaded = registry.load(registry.PROBES, found=found)

    assert loaded.values == ()
    assert len(loaded.broken) == 2
