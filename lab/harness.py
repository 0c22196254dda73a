"""Run one scenario: start a backend under load, make it sick by real means, diagnose it, compare with the truth."""

from __future__ import annotations

import importlib
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from examples.support.load import Load
from examples.support.postgres import Postgres
from examples.support.stack import Stack, running_stack

from diagnostics.diagnostic_orchestrator import recording as recordings
from diagnostics.model.observation import Observation, Observations, ProbeFailure
from lab.means import CannotInject
from lab.scenario import HEALTHY, SCENARIOS, Scenario, scenarios

__all__ = [
    "BACKENDS",
    "HEALTHY",
    "LOOKS",
    "SCENARIOS",
    "CannotInject",
    "Lab",
    "Outcome",
    "Scenario",
    "run",
    "scenarios",
]

BACKENDS = ("meeting_scheduler", "parcels", "bookshop")
#: From outside with nothing recorded before; from outside with a baseline; instrumented, with a baseline.
LOOKS = ("outside", "baseline", "inside")


@dataclass(slots=True)
class Lab:
    """What a fault may use."""

    stack: Stack
    load: Load
    random: random.Random
    services: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one look at one run."""

    scenario: Scenario
    seed: int
    backend: str
    look: str
    status: str
    named: tuple[str, ...]
    posterior: float
    seconds: float
    wall_seconds: float
    triage_seconds: float
    success_rate: float
    p95: float
    reason: str
    document: dict[str, Any] = field(repr=False)

    @property
    def right(self) -> bool:
        return self.scenario.is_right(self.status, self.named)

    @property
    def top(self) -> str:
        return self.named[0] if self.named else ""

    @property
    def name(self) -> str:
        return f"{self.scenario.id}@{self.backend}@{self.look}@{self.seed}"


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
    backend: str = BACKENDS[0],
    postgres: Postgres | None = None,
    looks: Sequence[str] = LOOKS[:1],
    keep: Path | None = None,
    record: Path | None = None,
) -> list[Outcome]:
    """Run one scenario once, and diagnose it in each way of looking.

    Args:
        scenario: What is done.
        seed: Of the load, the services' jitter and the fault's own chance.
        backend: One of ``BACKENDS``.
        postgres: A cluster to share, for scenarios that need none of their own.
        looks: Of ``LOOKS``, in this order.
        keep: Folder for the documents of ``diagnose run``.
        record: Folder for recordings, to be replayed.

    Raises:
        CannotInject: This machine does not allow the fault.
    """
    own = postgres if not scenario.postgres else None
    chance = random.Random(f"{scenario.id}/{seed}")
    kind: type[Stack] = importlib.import_module(f"examples.{backend}.stack").Stack
    load_of: type[Load] = importlib.import_module(f"examples.{backend}.load").Load
    outcomes = []
    with running_stack(
        kind,
        release=scenario.release if backend == BACKENDS[0] else None,
        postgres_settings=scenario.postgres or None,
        env=scenario.env,
        tls=scenario.tls,
        seed=seed,
        postgres=own,
        instrumented="inside" in looks,
    ) as stack:
        load = load_of(stack.base_url, rate=scenario.rate, seed=seed)
        load.start()
        try:
            time.sleep(scenario.warm_seconds + chance.uniform(0, 3))
            lab = Lab(stack=stack, load=load, random=chance, services=stack.service_addresses)
            baseline = _record(lab) if set(looks) - {"outside"} else None
            with _fault(scenario)(lab):
                time.sleep(scenario.sick_seconds + chance.uniform(0, 3))
                felt = load.snapshot(5.0)
                for look in looks:
                    began = time.monotonic()
                    document, recording = _diagnose(scenario, lab, look, None if look == "outside" else baseline)
                    outcomes.append(
                        Outcome(
                            scenario=scenario,
                            seed=seed,
                            backend=backend,
                            look=look,
                            wall_seconds=time.monotonic() - began,
                            success_rate=felt.success_rate,
                            p95=felt.p95,
                            **_answer(document),
                        )
                    )
                    _save(outcomes[-1], recording, keep, record, stack.workdir)
        finally:
            load.stop()
    return outcomes


def _target(lab: Lab, look: str) -> Iterator[str]:
    stack = lab.stack
    for pid in stack.pids:
        yield from ("--pid", str(pid))
    yield from ("--db", stack.database_url, "--url", stack.base_url, "--repo", str(stack.repository))
    for log in stack.log_files:
        yield from ("--log", str(log))
    if look == "inside":
        yield from ("--log", str(stack.diagnostics_file))
    for service in lab.services:
        yield from ("--service", service)


def _record(lab: Lab) -> Path:
    path = lab.stack.workdir / "baseline.json"
    _call("record", *_target(lab, "baseline"), "-o", str(path), "--seconds", "8", "--interval", "2.5", "-q")
    return path


def _diagnose(
    scenario: Scenario, lab: Lab, look: str, baseline: Path | None
) -> tuple[dict[str, Any], recordings.Recording]:
    with tempfile.TemporaryDirectory() as folder:
        out, seen = Path(folder) / "out.json", Path(folder) / "seen.json"
        arguments = ["run", scenario.problem, "--error", scenario.error, *_target(lab, look)]
        if baseline is not None:
            arguments += ["--baseline", str(baseline)]
        arguments += ["--deadline", "20", "--format", "json", "-o", str(out), "--recording", str(seen)]
        done = _call(*arguments, "--no-store", "-q")
        if not out.exists():
            raise RuntimeError(f"diagnose ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return json.loads(out.read_text()), recordings.read(seen)


def _call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diagnostics", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def _answer(document: dict[str, Any]) -> dict[str, Any]:
    causes = document["root_causes"]
    return {
        "status": document["status"],
        "named": tuple(c["mechanism"] for c in causes),
        "posterior": causes[0]["posterior"] if causes else 0.0,
        "seconds": document["elapsed_seconds"],
        "triage_seconds": document["triage"].get("elapsed_seconds", 0.0),
        "reason": document["reason"],
        "document": document,
    }


def _save(
    outcome: Outcome, recording: recordings.Recording, keep: Path | None, record: Path | None, workdir: Path
) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{outcome.name}.json").write_text(json.dumps(outcome.document, ensure_ascii=False, indent=1))
    if record is not None:
        record.mkdir(parents=True, exist_ok=True)
        labels = {
            "scenario": outcome.scenario.id,
            "backend": outcome.backend,
            "look": outcome.look,
            "seed": str(outcome.seed),
            "seconds": f"{outcome.seconds:.2f}",
            "triage_seconds": f"{outcome.triage_seconds:.3f}",
            "version": version("ultimate-diagnostics"),
        }
        recordings.write(neutral(replace(recording, labels=labels), workdir), record / f"{outcome.name}.json.gz")


def neutral(recording: recordings.Recording, workdir: Path) -> recordings.Recording:
    """Return a recording without the paths of this machine and without what else runs on it: nobody's business elsewhere."""
    places = {
        str(workdir): "/srv/app",
        sys.prefix: "/srv/venv",
        str(SCENARIOS.parents[1]): "/srv/lab",
        tempfile.gettempdir(): "/tmp",
    }

    def clean(text: str) -> str:
        for path, name in places.items():
            text = text.replace(path, name)
        return text

    def tidy(item: Observation) -> Observation:
        labels = {key: clean(value) for key, value in item.labels.items()}
        if labels.get("ours") == "false":
            labels["command"] = "somebody else's process"
        if isinstance(item, ProbeFailure):
            return replace(item, labels=labels, message=clean(item.message), source="", hint="")
        return replace(item, labels=labels, source="")

    normal = recording.baseline
    return replace(
        recording,
        observations=Observations(tidy(item) for item in recording.observations),
        baseline=replace(
            normal,
            summaries={clean(key): value for key, value in normal.summaries.items() if "ours=false" not in key},
            facts={clean(key): clean(value) for key, value in normal.facts.items()},
        ),
        could_not_look=tuple(
            replace(gap, what=clean(gap.what), why=clean(gap.why), hint=clean(gap.hint))
            for gap in recording.could_not_look
        ),
    )
