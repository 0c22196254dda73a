"""The runner: side by side, under deadlines, and never an exception."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath

import pytest

from diagnostics.errors import MissingExtraError, ProbeError
from diagnostics.model.observation import FailureKind, Observation, Observations, Reading, Unit
from diagnostics.model.target import Target
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.system_monitor.runner import could_not_look, kind_of, look, probes_for

AT = datetime(2026, 11, 25, tzinfo=UTC)


def reading(name: str, value: float = 1.0) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT)


@dataclass
class Scripted:
    """A probe that yields some readings, then raises or waits."""

    name: str
    count: int = 1
    error: BaseException | None = None
    waits_for: threading.Event | None = None
    deadline_seconds: float = 5.0
    first: str = ""
    seen: list[Observation] = field(default_factory=list)

    def observe(self, clock: Clock) -> Iterable[Observation]:
        if self.first:
            yield reading(self.first)
        for index in range(self.count):
            yield reading(f"{self.name}.{index}")
        if self.waits_for is not None:
            self.waits_for.wait(10)
            yield reading(f"{self.name}.late")
        if self.error is not None:
            raise self.error


def test_what_was_seen_before_the_failure_is_kept() -> None:
    seen = look([Scripted("a", count=2, error=ValueError("boom password=hunter2")), Scripted("b")])

    assert {"a.0", "a.1", "b.0"} <= seen.names()
    ((_, failure),) = seen.failures("a")
    assert failure.kind is FailureKind.ERROR
    assert "ValueError" in failure.message
    assert "hunter2" not in failure.message


def test_a_probe_that_hangs_is_left_behind() -> None:
    never = threading.Event()
    began = SYSTEM_CLOCK.monotonic()

    seen = look([Scripted("slow", waits_for=never, deadline_seconds=0.1), Scripted("b")])
    never.set()

    assert SYSTEM_CLOCK.monotonic() - began < 10
    assert {"slow.0", "b.0"} <= seen.names()
    ((_, failure),) = seen.failures("slow")
    assert failure.kind is FailureKind.TIMEOUT
    assert "slow.late" not in seen.names()


def test_who_got_in_and_did_not_get_through_is_not_said_to_have_failed_to_connect() -> None:
    never = threading.Event()

    seen = look([Scripted("slow", waits_for=never, deadline_seconds=0.1, first="slow")])
    never.set()

    assert seen.readings("slow")
    assert not seen.failures("slow")
    assert seen.failures("slow.unfinished")


def test_the_common_deadline_holds_for_all() -> None:
    never = threading.Event()
    began = SYSTEM_CLOCK.monotonic()

    seen = look([Scripted("slow", waits_for=never, deadline_seconds=60)], deadline_seconds=0.1)
    never.set()

    assert SYSTEM_CLOCK.monotonic() - began < 10
    assert seen.failures("slow")


def test_probes_run_side_by_side() -> None:
    barrier = threading.Barrier(3, timeout=5)

    class Meets(Scripted):
        def observe(self, clock: Clock) -> Iterable[Observation]:
            barrier.wait()
            yield reading(self.name)

    seen = look([Meets("a"), Meets("b"), Meets("c")])

    assert seen.names() == {"a", "b", "c"}


def test_a_probe_without_any_sense_is_an_observation_too() -> None:
    class Broken:
        @property
        def name(self) -> str:
            raise RuntimeError("no name")

        @property
        def deadline_seconds(self) -> float:
            raise RuntimeError("no deadline")

        def observe(self, clock: Clock) -> Iterable[Observation]:
            raise SystemExit(3)

    seen = look([Broken(), Scripted("b")])

    assert seen.failures("Broken")
    assert seen.readings("b.0")


def test_two_probes_of_one_name_are_both_kept() -> None:
    seen = look([Scripted("a", count=1), Scripted("a", count=2)])

    assert len(seen) == 3


def test_a_runaway_probe_is_cut() -> None:
    seen = look([Scripted("a", count=1_000_000)])

    assert len(seen) == 20_000


def test_a_concluding_probe_sees_what_all_others_saw() -> None:
    class Concludes(Scripted):
        def conclude(self, observations: Observations, clock: Clock) -> Iterable[Observation]:
            yield reading("total", len(observations))
            raise ValueError("and fails")

    seen = look([Concludes("a", count=2), Scripted("b", count=3)])

    assert seen.value("total") == 5
    assert seen.failures("a")


def test_no_probes_see_nothing() -> None:
    assert len(look([])) == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError("x"), FailureKind.TIMEOUT),
        (ConnectionRefusedError("x"), FailureKind.REFUSED),
        (ConnectionResetError("x"), FailureKind.RESET),
        (OSError(113, "no route"), FailureKind.UNREACHABLE),
        (OSError(24, "too many"), FailureKind.EXHAUSTED),
        (socket.gaierror(socket.EAI_NONAME, "x"), FailureKind.DNS_NOT_FOUND),
        (socket.gaierror(socket.EAI_AGAIN, "x"), FailureKind.DNS_UNAVAILABLE),
        (ssl.SSLError("x"), FailureKind.TLS),
        (PermissionError("x"), FailureKind.FORBIDDEN),
        (FileNotFoundError("x"), FailureKind.NOT_FOUND),
        (ProcessLookupError("x"), FailureKind.NOT_FOUND),
        (MissingExtraError("profile", needed_for="stacks"), FailureKind.MISSING_EXTRA),
        (ImportError("x"), FailureKind.MISSING_EXTRA),
        (MemoryError(), FailureKind.EXHAUSTED),
        (KeyError("x"), FailureKind.ERROR),
    ],
)
def test_the_kind_of_a_failure_is_that_of_its_exception(error: BaseException, kind: FailureKind) -> None:
    assert kind_of(error) is kind


def test_the_hint_of_an_error_reaches_the_person() -> None:
    target = Target(pids=(1,), database_url="postgresql:///x", url="http://x", services=("http://y",))
    seen = look([Scripted("a", error=ProbeError("no rights.", hint="Ask for them."))])

    missing = could_not_look(target, seen)

    assert [what for what, _, _ in missing] == ["logs", "recent changes of the code", "a"]
    assert missing[-1][2] == "Ask for them."


def test_whatever_was_not_given_is_listed_with_the_flag_that_gives_it() -> None:
    flags = " ".join(f"{why} {hint}" for _, why, hint in could_not_look(Target(), Observations()))

    assert all(flag in flags for flag in ("--pid", "--db", "--url", "--service", "--log", "--repo"))


def test_a_target_gets_the_probes_that_fit_it() -> None:
    target = Target(
        pids=(1,),
        database_url="postgresql://u:p@h/d",
        url="http://127.0.0.1:1",
        services=("http://127.0.0.1:1", "http://127.0.0.1:2"),
        logs=(PurePath("a.log"),),
        repository=PurePath("/nowhere"),
    )

    everything = [probe.name for probe in probes_for(target)]
    nothing = [probe.name for probe in probes_for(Target())]

    assert nothing == ["host", "change"]
    assert {"host", "process", "process.stack", "log", "change"} <= set(everything)
    assert len(everything) == 11
