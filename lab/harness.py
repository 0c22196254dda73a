"""Run one scenario: start the example under load, make it sick by real means, diagnose it from outside, compare with the truth."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.meeting_scheduler.load import Load
from examples.meeting_scheduler.stack import Stack, running_stack
from examples.support.postgres import Postgres

SCENARIOS = Path(__file__).parent / "scenarios"
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is done to the example, and what a right answer is.

    Attributes:
        truth: Id of the mechanism, or ``healthy``.
        also: Ids that name the same fault as rightly (stated in scenario.toml with the reason).
        postgres: Settings of a cluster of its own; the shared one is used when empty.
    """

    id: str
    title: str
    truth: str
    problem: str
    error: str = ""
    also: tuple[str, ...] = ()
    release: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    postgres: dict[str, Any] = field(default_factory=dict)
    tls: bool = False
    rate: float = 20.0
    warm_seconds: float = 12.0
    sick_seconds: float = 14.0

    @property
    def is_healthy(self) -> bool:
        return self.truth == HEALTHY


@dataclass(slots=True)
class Lab:
    """What a fault may use."""

    stack: Stack
    load: Load
    random: random.Random
    services: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run."""

    scenario: str
    seed: int
    truth: str
    status: str
    named: tuple[str, ...]
    posterior: float
    right: bool
    seconds: float
    wall_seconds: float
    triage_seconds: float
    success_rate: float
    p95: float
    reason: str
    document: dict[str, Any] = field(repr=False)

    @property
    def top(self) -> str:
        return self.named[0] if self.named else ""


def scenarios() -> list[Scenario]:
    """Return all scenarios, faults first."""
    found = []
    for folder in sorted(SCENARIOS.iterdir()):
        description = folder / "scenario.toml"
        if description.exists():
            values = tomllib.loads(description.read_text(encoding="utf-8"))
            values["also"] = tuple(values.get("also", ()))
            found.append(Scenario(id=folder.name, **values))
    return sorted(found, key=lambda s: (s.is_healthy, s.id))


def _fault(scenario: Scenario) -> Callable[[Lab], AbstractContextManager[None]]:
    path = SCENARIOS / scenario.id / "fault.py"
    spec = importlib.util.spec_from_file_location(f"lab_fault_{scenario.id}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fault  # type: ignore[no-any-return]


def run(
    scenario: Scenario,
    seed: int,
    *,
    postgres: Postgres | None = None,
    baseline: bool = False,
    keep: Path | None = None,
) -> Outcome:
    """Run one scenario once."""
    own = postgres if not scenario.postgres else None
    chance = random.Random(f"{scenario.id}/{seed}")
    with running_stack(
        release=scenario.release,
        postgres_settings=scenario.postgres or None,
        env=scenario.env,
        tls=scenario.tls,
        seed=seed,
        postgres=own,
    ) as stack:
        load = Load(stack.base_url, rate=scenario.rate, seed=seed)
        load.start()
        try:
            time.sleep(scenario.warm_seconds + chance.uniform(0, 3))
            suffix = "_tls" if scenario.tls else ""
            services = [stack.fakes.addresses[f"{name}{suffix}"] for name in ("calendar", "telegram")]
            lab = Lab(stack=stack, load=load, random=chance, services=services)
            recorded = _record(lab) if baseline else None
            with _fault(scenario)(lab):
                time.sleep(scenario.sick_seconds + chance.uniform(0, 3))
                felt = load.snapshot(5.0)
                document, wall = _diagnose(scenario, lab, recorded)
        finally:
            load.stop()
    outcome = _outcome(scenario, seed, document, wall, felt.success_rate, felt.p95)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{scenario.id}-{seed}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1))
    return outcome


def _target(lab: Lab) -> Iterator[str]:
    stack = lab.stack
    yield from ("--pid", str(stack.app_pid), "--db", stack.database_url, "--url", stack.base_url)
    yield from ("--log", str(stack.log_file), "--repo", str(stack.repository))
    if stack.output_file.exists() and stack.output_file.stat().st_size > 0:
        yield from ("--log", str(stack.output_file))
    for service in lab.services:
        yield from ("--service", service)


def _record(lab: Lab) -> Path:
    path = lab.stack.workdir / "baseline.json"
    _call("record", *_target(lab), "-o", str(path), "--seconds", "10", "--interval", "2.5", "-q")
    return path


def _diagnose(scenario: Scenario, lab: Lab, recorded: Path | None) -> tuple[dict[str, Any], float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        arguments = ["run", scenario.problem, "--error", scenario.error, *_target(lab)]
        if recorded is not None:
            arguments += ["--baseline", str(recorded)]
        began = time.monotonic()
        done = _call(*arguments, "--deadline", "20", "--format", "json", "-o", str(out), "--no-store", "-q")
        wall = time.monotonic() - began
        if not out.exists():
            raise RuntimeError(f"diagnose ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return json.loads(out.read_text()), wall


def _call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diagnostics", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def _outcome(
    scenario: Scenario, seed: int, document: dict[str, Any], wall: float, success: float, p95: float
) -> Outcome:
    status = document["status"]
    causes = document["root_causes"]
    named = tuple(c["mechanism"] for c in causes)
    if scenario.is_healthy:
        right = status != "root_cause_identified"
    else:
        right = status == "root_cause_identified" and named[:1] != () and named[0] in (scenario.truth, *scenario.also)
    return Outcome(
        scenario=scenario.id,
        seed=seed,
        truth=scenario.truth,
        status=status,
        named=named,
        posterior=causes[0]["posterior"] if causes else 0.0,
        right=right,
        seconds=document["elapsed_seconds"],
        wall_seconds=wall,
        triage_seconds=document["triage"].get("elapsed_seconds", 0.0),
        success_rate=success,
        p95=p95,
        reason=document["reason"],
        document=document,
    )
