"""What is normal: recorded beside a healthy system, kept as one JSON file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from diagnostics.errors import ConfigurationError
from diagnostics.model.finding import Baseline, Summary
from diagnostics.model.observation import Observations, Reading
from diagnostics.plugins.protocols import Probe
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.files import write_atomic
from diagnostics.system_monitor.runner import DEADLINE_SECONDS, look

SCHEMA_VERSION = 1
MOST_KEYS = 20_000
_MOST_BYTES = 64 << 20
#: Readings that name one moment or one text each time: no summary of them would ever be found again.
_NOT_SUMMARISED = (
    "log.template",
    "log.signature",
    "log.onset",
    "change.",
    "process.environment",
    "process.stack",
    "postgres.session",
    "postgres.lock.wait",
)


@runtime_checkable
class Remembering(Protocol):
    """A probe that knows texts which must not change by themselves."""

    def facts(self, clock: Clock) -> Mapping[str, str]:
        """Return texts by key; never a secret."""
        ...


def record(
    probes: Sequence[Probe],
    *,
    clock: Clock = SYSTEM_CLOCK,
    seconds: float = 60.0,
    interval_seconds: float = 5.0,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Baseline:
    """Look again and again for ``seconds``, at least once, and return what was normal; a probe may fail."""
    values: dict[str, list[float]] = {}
    facts: dict[str, str] = {}
    began = clock.monotonic()
    while True:
        round_began = clock.monotonic()
        seen = look(probes, clock=clock, deadline_seconds=deadline_seconds)
        collect(seen, values)
        facts.update(facts_in(seen))
        if round_began + interval_seconds - began > seconds:
            break
        clock.sleep(round_began + interval_seconds - clock.monotonic())
    for probe in probes:
        if isinstance(probe, Remembering):
            facts.update(_facts_of(probe, clock))
    summaries = {key: summarise(found) for key, found in values.items()}
    return Baseline(summaries=summaries, facts=facts, recorded_at=clock.now())


def _facts_of(probe: Remembering, clock: Clock) -> Mapping[str, str]:
    try:
        return probe.facts(clock)
    except Exception:  # noqa: BLE001 - a broken probe must not lose what the others have recorded
        return {}


def collect(seen: Observations, values: dict[str, list[float]]) -> None:
    """Add one round of readings; two of one key (two processes) count as two samples."""
    for item in seen:
        if not isinstance(item, Reading) or item.name.startswith(_NOT_SUMMARISED):
            continue
        key = Baseline.key(item.name, item.labels)
        if key in values or len(values) < MOST_KEYS:
            values.setdefault(key, []).append(item.value)


def facts_in(seen: Observations) -> dict[str, str]:
    """Return the texts among the readings that must not change by themselves: settings and revisions."""
    from diagnostics.system_monitor.probes.changes import setting_key

    facts = {}
    for reading in seen.readings("postgres.setting"):
        facts[f"postgres.setting:{setting_key(reading.labels)}"] = reading.labels.get("value", "")
    version = seen.value("postgres.version")
    if version is not None:
        facts["postgres.version"] = f"{version:.0f}"
    migration = seen.last("postgres.migration")
    if migration is not None:
        facts["postgres.revision"] = migration.labels.get("database_revision", "")
    return facts


def summarise(values: Iterable[float]) -> Summary:
    """Return the summary of at least one value."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a summary needs at least one value")
    middle = _quantile(ordered, 0.5)
    return Summary(
        n=len(ordered),
        median=middle,
        mad=_quantile(sorted(abs(value - middle) for value in ordered), 0.5),
        p05=_quantile(ordered, 0.05),
        p95=_quantile(ordered, 0.95),
        minimum=ordered[0],
        maximum=ordered[-1],
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class _File(msgspec.Struct, kw_only=True):
    schema_version: int
    recorded_at: datetime | None = None
    summaries: dict[str, Summary]
    facts: dict[str, str]


def write(baseline: Baseline, path: str | Path) -> None:
    """Write a baseline so that a reader sees the old file or the new one, never a part.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    content = _File(
        schema_version=SCHEMA_VERSION,
        recorded_at=baseline.recorded_at,
        summaries=dict(sorted(baseline.summaries.items())),
        facts=dict(sorted(baseline.facts.items())),
    )
    try:
        write_atomic(Path(path), msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    except OSError as error:
        raise ConfigurationError(f"The baseline {path} cannot be written: {error.strerror or error}.") from error


def read(path: str | Path) -> Baseline:
    """Return the baseline in a file.

    Raises:
        ConfigurationError: It is missing, unreadable, or no baseline of this version.
    """
    hint = "Record one beside the healthy system: diagnose record … -o FILE."
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{path} is too big for a baseline.", hint=hint)
        data = Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The baseline {path} cannot be read: {error.strerror or error}.", hint=hint
        ) from error
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            message = f"The baseline {path} has format {version}; this version reads format {SCHEMA_VERSION}."
            raise ConfigurationError(message, hint=hint)
        content = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no baseline: {error}.", hint=hint) from error
    recorded = content.recorded_at
    if recorded is not None and recorded.tzinfo is None:
        raise ConfigurationError(f"{path} is no baseline: recorded_at has no time zone.", hint=hint)
    return Baseline(summaries=content.summaries, facts=content.facts, recorded_at=recorded)


class _Version(msgspec.Struct):
    schema_version: int
