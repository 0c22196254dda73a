"""What detectors share: findings in one line, comparison with a baseline, people's units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from diagnostics.model.finding import Evidence, Finding, State
from diagnostics.model.observation import FailureKind, ProbeFailure, Reading

#: Log-likelihood ratios (nats) that detectors use; the lab's calibration checks that they mean what they say.
CERTAIN = 8.0
STRONG = 5.5
TYPICAL = 3.0
HINT = 1.2
UNLIKELY = -2.0
RULED_OUT = -5.0


def present(
    strength: float, sentence: str, evidence: Iterable[str] = (), subject: Mapping[str, str] | None = None
) -> Finding:
    """Return a finding that speaks for its mechanism; without evidence it is never named as a root cause."""
    return Finding(
        state=State.PRESENT,
        strength=strength,
        sentence=sentence,
        evidence=tuple(evidence),
        subject=dict(subject or {}),
    )


def cite(evidence: Evidence, *names: str) -> list[str]:
    """Return the ids of the latest reading, or of the latest failure, of each name: what a sentence about them rests on."""
    found: list[str] = []
    for name in names:
        seen = [id_ for id_, _ in evidence.observations.indexed(name)]
        seen = seen or [id_ for id_, _ in evidence.observations.failures(name)]
        found += seen[-1:]
    return found


def absent(strength: float, sentence: str, evidence: Iterable[str] = ()) -> Finding:
    """Return a finding that speaks against its mechanism."""
    return Finding(state=State.ABSENT, strength=strength, sentence=sentence, evidence=tuple(evidence))


def unknown(sentence: str) -> Finding:
    """Return a finding for what could not be looked at."""
    return Finding(state=State.UNKNOWN, strength=0.0, sentence=sentence)


def seconds(value: float) -> str:
    """Return a duration as people say it."""
    if value < 0.0995:
        return f"{value * 1000:.2g} ms" if value < 0.01 else f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.3g} s"
    if value < 7200:
        return f"{value / 60:.0f} min"
    if value < 172800:
        return f"{value / 3600:.0f} h"
    return f"{value / 86400:.0f} days"


def size(value: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TiB"


def percent(ratio: float) -> str:
    """Return a ratio as a percentage."""
    return f"{ratio * 100:.3g} %"


def excess(evidence: Evidence, reading: Reading, *, floor: float) -> float | None:
    """Return by how many robust standard deviations a reading lies above what was normal.

    The scale is the largest of 1.4826 MAD, half of the distance from the median to the 95th percentile, and ``floor`` (in the
    reading's unit: the smallest difference that matters). None when there is no baseline for it.
    """
    normal = evidence.baseline.of(reading)
    if normal is None or normal.n < 3:
        return None
    scale = max(1.4826 * normal.mad, (normal.p95 - normal.median) / 2, floor)
    return (reading.value - normal.median) / scale


def normal_value(evidence: Evidence, reading: Reading) -> float | None:
    """Return the median of the baseline, or None."""
    summary = evidence.baseline.of(reading)
    return None if summary is None else summary.median


def logistic_strength(value: float, *, start: float, full: float, strongest: float) -> float:
    """Return a strength that grows with the logarithm of ``value`` from 0 at ``start`` to ``strongest`` at ``full``."""
    if value <= start:
        return 0.0
    return strongest * min(1.0, math.log(value / start) / math.log(full / start))


def total(readings: Iterable[Reading]) -> float:
    """Return the sum of the values."""
    return sum(reading.value for reading in readings)


def label_number(reading: Reading, label: str) -> float:
    """Return a label that holds a number; 0 where it holds none."""
    try:
        number = float(reading.labels.get(label, "") or 0)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def failure_of(evidence: Evidence, name: str, *kinds: FailureKind) -> tuple[str, ProbeFailure] | None:
    """Return the first failure of that name and of one of those kinds, with its evidence id."""
    failures = connect_failures(evidence) if name == "postgres.connect" else evidence.observations.failures(name)
    for evidence_id, failure in failures:
        if not kinds or failure.kind in kinds:
            return evidence_id, failure
    return None


def connect_failures(evidence: Evidence) -> list[tuple[str, ProbeFailure]]:
    """Return attempts at a database session that failed; not that a probe which had its session ran out of time later."""
    return [
        (evidence_id, failure)
        for evidence_id, failure in evidence.observations.failures("postgres.connect")
        if failure.labels or not database_was_read(evidence)
    ]


def database_was_read(evidence: Evidence) -> bool:
    """Whether the database answered, so that what was not seen there is not there."""
    return evidence.observations.last("postgres.connect") is not None


def text_strength(evidence: Evidence, mechanism: str) -> float:
    """Return how strongly texts in logs speak for a mechanism now; a text that was as frequent before says little."""
    strongest = 0.0
    for match in evidence.signatures:
        if match.mechanism != mechanism or match.place != "log" or match.count == 0:
            continue
        rise = (match.count + 0.5) / (match.count_before + 0.5)
        strongest = max(strongest, match.weight * min(1.0, 0.25 + 0.25 * math.log(max(rise, 1.0))))
    return strongest


def log_evidence(evidence: Evidence, mechanism: str) -> tuple[str, ...]:
    """Return the ids of the log observations that carry a text for a mechanism."""
    return tuple(m.evidence_id for m in evidence.signatures if m.mechanism == mechanism and m.evidence_id)


def pool_text(evidence: Evidence) -> float:
    """Return how strongly logs say that requests gave up waiting for a pooled connection, whatever the cause."""
    return max(text_strength(evidence, m) for m in ("sqlalchemy-pool-exhausted-by-leak", "pool-too-small"))


_LOOP_FRAMES = ("_run_once (", "_run (asyncio", "run_forever (", "run_until_complete (", "serve_forever (")


def at_work(reading: Reading) -> bool:
    """Whether a stack's application frame does the work, and is not merely where the program entered its event loop."""
    function = reading.labels.get("function", "")
    if not function:
        return False
    frames = [frame.strip() for frame in reading.labels.get("trace", "").split(" < ")]
    own = max((i for i, frame in enumerate(frames) if frame.startswith(f"{function} (")), default=len(frames))
    loop = max((i for i, frame in enumerate(frames) if frame.startswith(_LOOP_FRAMES)), default=-1)
    return own > loop
