"""Everything that changed, each with its moment, held against the onset (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.model.observation import Observations, Reading
from diagnostics.model.record import Record

#: Reading whose value is an age in seconds -> kind of change, and the sentence with its labels.
AGED: Mapping[str, tuple[str, str]] = {
    "change.commit": ("commit", "commit {sha}: {subject}"),
    "change.head_moved": ("checkout", "the working copy moved from {from} to {to} ({action})"),
    "change.file": ("file", "{path} was edited and not committed"),
    "change.migration": ("migration", "migration {revision}: {message}"),
    "postgres.migration.applied": ("migration", "migration {revision} was applied"),
    "change.process_restart": ("restart", "process {pid} started"),
    "change.packages_installed": ("package", "{count} packages were installed: {packages}"),
    "change.container_started": ("container", "the container {container} of image {image} started"),
    "change.certificate": ("certificate", "{service}{variable} has a certificate since then ({subject})"),
    "change.certificate_expired": ("certificate", "the certificate of {service}{variable} expired ({subject})"),
    "change.credential_file": ("credential", "the file that {variable} names was written"),
    "change.token_issued": ("token", "the token in {variable} was issued"),
    "change.token_expired": ("token", "the token in {variable} expired"),
    "change.traffic": ("traffic", "requests {path}: {said}"),
    "postgres.uptime": ("restart", "PostgreSQL started"),
    "redis.uptime": ("restart", "Redis {server} started"),
}
#: Reading that only says that something differs from the last known good -> kind, sentence.
TIMELESS: Mapping[str, tuple[str, str]] = {
    "change.package": ("package", "{package}: {from} became {to}"),
    "change.environment": ("environment", "variable {name} was {kind}"),
    "change.setting": ("setting", "PostgreSQL's {setting}: {from} became {to}"),
    "change.container_image": ("container", "the image changed from {from} to {to}"),
    "change.release": ("release", "{variable}: {from} became {to}"),
}
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(Record):
    """One change.

    Attributes:
        kind: ``commit``, ``checkout``, ``file``, ``migration``, ``restart``, ``package``, ``container``, ``release``,
            ``certificate``, ``credential``, ``token``, ``environment``, ``setting``, ``traffic``.
        at: When; None when it is only known to lie after the last known good. A change of a process's variables, of its
            packages or of its image takes effect when the process starts: then that is its moment.
        before_onset: Seconds by which it came before the onset; negative: after it; None without an onset or a moment.
        evidence: Id of the reading, such as ``E17``.
    """

    kind: str
    what: str
    at: datetime | None
    before_onset: float | None
    evidence: str


def timeline(
    seen: Observations, *, onset: datetime | None = None, most_seconds: float = _DAY, slack: float = 60.0
) -> tuple[Happening, ...]:
    """Return the changes of the last day, those that may have brought about the onset first.

    First come changes before the onset, the closest first (a cause is usually the last change), then those whose moment is
    not known, then those after the onset by more than ``slack``, which cannot be its cause.

    Args:
        seen: What the probes saw, the changes probe's conclusion among it.
        onset: When the trouble began; the earliest lasting step in the logs when not given.
        most_seconds: Older changes are left out.
        slack: Clocks of logs and files differ, and an onset is found a little late.
    """
    began = onset or onset_in(seen)
    starts = {reading.labels.get("pid", ""): _moment(reading) for reading in seen.readings("process.age")}
    found = [*_aged(seen, began, most_seconds), *_timeless(seen, began, starts)]

    def rank(item: Happening) -> tuple[int, float]:
        if item.at is None:
            return 1, 0.0
        if began is None or item.before_onset is None:
            return 0, -item.at.timestamp()
        return (0, item.before_onset) if item.before_onset >= -slack else (2, -item.before_onset)

    return tuple(sorted(_once(found), key=rank))


def onset_in(seen: Observations) -> datetime | None:
    """Return the earliest lasting step that the logs show."""
    moments = [reading.value for reading in seen.readings("log.onset")]
    if not moments:
        return None
    zone = seen.readings("log.onset")[0].at.tzinfo
    return datetime.fromtimestamp(min(moments), zone)


def _moment(reading: Reading) -> datetime:
    return reading.at - timedelta(seconds=reading.value)


def _aged(seen: Observations, onset: datetime | None, most_seconds: float) -> Iterator[Happening]:
    for name, (kind, sentence) in AGED.items():
        for evidence, reading in seen.indexed(name):
            if not 0 <= reading.value <= most_seconds:
                continue
            yield _happening(kind, sentence, reading, _moment(reading), onset, evidence)


def _timeless(seen: Observations, onset: datetime | None, starts: Mapping[str, datetime]) -> Iterator[Happening]:
    for name, (kind, sentence) in TIMELESS.items():
        for evidence, reading in seen.indexed(name):
            if reading.labels.get("kind") == "empty":
                continue  # a state, no change
            at = starts.get(reading.labels.get("pid", "")) if kind in {"environment", "container", "release"} else None
            yield _happening(kind, sentence, reading, at, onset, evidence)


def _happening(
    kind: str, sentence: str, reading: Reading, at: datetime | None, onset: datetime | None, evidence: str
) -> Happening:
    gap = (onset - at).total_seconds() if at is not None and onset is not None else None
    what = sentence.format_map(_Labels(reading.labels)).strip()
    return Happening(kind=kind, what=what, at=at, before_onset=gap, evidence=evidence)


class _Labels(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _once(found: Iterable[Happening]) -> Iterator[Happening]:
    """Yield each change once, though several processes may show it."""
    known: set[tuple[str, str]] = set()
    for item in found:
        if (item.kind, item.what) not in known:
            known.add((item.kind, item.what))
            yield item
