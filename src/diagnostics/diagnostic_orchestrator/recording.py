"""What a diagnosis was made from, in one file; and the diagnosis made again from it, in a moment and without any I/O but the file.

A recording holds what was reported, what was seen, and what was normal: enough to ask "what would today's map say?", to measure the
inference on hundreds of real faults in seconds, and to attach to a bug report. Everything in it was redacted when it was read.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from diagnostics.causal_map.graph import CausalMap
from diagnostics.core_diagnostics.classification import classify
from diagnostics.diagnostic_orchestrator.phases import looking
from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.whys.walk import diagnose
from diagnostics.model.diagnosis import CouldNotLook, Diagnosis
from diagnostics.model.finding import NO_BASELINE, Baseline, Summary
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit
from diagnostics.model.problem import Problem
from diagnostics.runtime.files import write_atomic

SCHEMA_VERSION = 1
_MOST_BYTES = 256 << 20
#: Observations that exist only because the probe could compare with a baseline.
_FROM_BASELINE = ("change.environment", "change.package", "change.setting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a diagnosis was made from.

    Attributes:
        problem: What was reported.
        observations: All that was seen, experiments included.
        at: When the evidence was weighed.
        baseline: What was normal; empty when nothing was recorded before.
        could_not_look: What was not given or could not be read.
        labels: What else belongs to it: in the laboratory the truth, the seed, the versions.
    """

    problem: Problem
    observations: Observations
    at: datetime
    baseline: Baseline = NO_BASELINE
    could_not_look: tuple[CouldNotLook, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def without_baseline(self) -> Recording:
        """Return what would have been known had nobody recorded what is normal."""
        kept = Observations(
            o for o in self.observations if o.name not in _FROM_BASELINE or o.labels.get("kind") == "empty"
        )
        return Recording(
            problem=self.problem,
            observations=kept,
            at=self.at,
            could_not_look=self.could_not_look,
            labels=self.labels,
        )


def replay(recording: Recording, causal_map: CausalMap) -> Diagnosis:
    """Return what the map says to what was seen then; no experiments are run."""
    triage = classify(recording.problem)
    evidence = looking.evidence_of(
        recording.observations,
        problem=recording.problem,
        triage=triage,
        baseline=recording.baseline,
        now=recording.at,
    )
    findings = looking.findings_of(causal_map, evidence, triage)
    return diagnose(causal_map, findings, could_not_look=recording.could_not_look)


class _Item(msgspec.Struct, array_like=True, omit_defaults=True):
    """One observation; the unit of a reading, or the kind of a failure, says which it is."""

    name: str
    offset: float
    labels: dict[str, str]
    value: float | None = None
    unit: str = ""
    kind: str = ""
    message: str = ""
    elapsed_seconds: float = 0.0


class _File(msgspec.Struct, kw_only=True, omit_defaults=True):
    schema_version: int
    at: datetime
    labels: dict[str, str] = {}
    description: str = ""
    error_message: str = ""
    context: dict[str, str] = {}
    reported_at: datetime | None = None
    could_not_look: list[tuple[str, str, str]] = []
    observations: list[_Item] = []
    summaries: dict[str, tuple[int, float, float, float, float, float, float]] = {}
    facts: dict[str, str] = {}
    baseline_at: datetime | None = None


def write(recording: Recording, path: str | Path) -> None:
    """Write a recording, compressed when the name ends with ``.gz``.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    content = _File(
        schema_version=SCHEMA_VERSION,
        at=recording.at,
        labels=dict(recording.labels),
        description=recording.problem.description,
        error_message=recording.problem.error_message,
        context=dict(recording.problem.context),
        reported_at=recording.problem.reported_at,
        could_not_look=[(gap.what, gap.why, gap.hint) for gap in recording.could_not_look],
        observations=[_item(o, recording.at) for o in recording.observations],
        summaries={
            key: (s.n, s.median, s.mad, s.p05, s.p95, s.minimum, s.maximum)
            for key, s in sorted(recording.baseline.summaries.items())
        },
        facts=dict(sorted(recording.baseline.facts.items())),
        baseline_at=recording.baseline.recorded_at,
    )
    data = msgspec.json.encode(content)
    if str(path).endswith(".gz"):
        data = gzip.compress(data, mtime=0)  # the same content makes the same file
    try:
        write_atomic(Path(path), data)
    except OSError as error:
        raise ConfigurationError(f"The recording {path} cannot be written: {error.strerror or error}.") from error


def read(path: str | Path) -> Recording:
    """Return the recording in a file.

    Raises:
        ConfigurationError: It is missing, unreadable, or no recording of this version.
    """
    hint = "A recording is written by diagnose run … --recording FILE."
    try:
        with gzip.open(path) if str(path).endswith(".gz") else Path(path).open("rb") as stream:
            data = stream.read(_MOST_BYTES)
        content = msgspec.json.decode(data, type=_File)
    except OSError as error:
        raise ConfigurationError(
            f"The recording {path} cannot be read: {error.strerror or error}.", hint=hint
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, EOFError) as error:
        raise ConfigurationError(f"{path} is no recording: {error}.", hint=hint) from error
    if content.schema_version != SCHEMA_VERSION:
        raise ConfigurationError(
            f"The recording {path} has format {content.schema_version}; this version reads format {SCHEMA_VERSION}.",
            hint=hint,
        )
    summaries = {
        key: Summary(n=n, median=median, mad=mad, p05=p05, p95=p95, minimum=minimum, maximum=maximum)
        for key, (n, median, mad, p05, p95, minimum, maximum) in content.summaries.items()
    }
    return Recording(
        problem=Problem(
            description=content.description,
            error_message=content.error_message,
            context=content.context,
            reported_at=content.reported_at,
        ),
        observations=Observations(_observation(item, content.at) for item in content.observations),
        at=content.at,
        baseline=Baseline(summaries=summaries, facts=content.facts, recorded_at=content.baseline_at)
        if content.baseline_at is not None
        else NO_BASELINE,
        could_not_look=tuple(CouldNotLook(what=a, why=b, hint=c) for a, b, c in content.could_not_look),
        labels=content.labels,
    )


def _item(observation: Observation, at: datetime) -> _Item:
    offset = round((observation.at - at).total_seconds(), 3)
    labels = dict(observation.labels)
    if isinstance(observation, Reading):
        return _Item(observation.name, offset, labels, observation.value, str(observation.unit))
    return _Item(
        observation.name,
        offset,
        labels,
        kind=str(observation.kind),
        message=observation.message,
        elapsed_seconds=round(observation.elapsed_seconds, 4),
    )


def _observation(item: _Item, at: datetime) -> Observation:
    moment = at + timedelta(seconds=item.offset)
    if item.value is not None:
        return Reading(name=item.name, value=item.value, unit=Unit(item.unit), at=moment, labels=item.labels)
    return ProbeFailure(
        name=item.name,
        kind=FailureKind(item.kind),
        message=item.message,
        at=moment,
        labels=item.labels,
        elapsed_seconds=item.elapsed_seconds,
    )
