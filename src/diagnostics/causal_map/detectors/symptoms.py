"""What users see: failing, slow or unreachable requests, from the logs and from our own requests."""

from __future__ import annotations

from diagnostics.causal_map.detect import (
    CERTAIN,
    RULED_OUT,
    STRONG,
    TYPICAL,
    UNLIKELY,
    absent,
    cite,
    excess,
    failure_of,
    label_number,
    percent,
    present,
    seconds,
    unknown,
)
from diagnostics.model.finding import Evidence, Finding
from diagnostics.model.observation import FailureKind, Reading

#: Share of requests that may fail without anybody calling it a problem (an SLO of 99 %).
ERROR_BUDGET = 0.01
#: An interactive request that takes longer is slow for people (Nielsen's one second).
SLOW_SECONDS = 1.0
#: A wait before the work begins that people notice (Nielsen's tenth of a second, with room for a short burst).
QUEUE_SECONDS = 0.3


def requests_fail(evidence: Evidence) -> Finding:
    """5xx answers and unanswered requests, against what was normal before."""
    failed_here = [(i, r) for i, r in evidence.observations.indexed("endpoint.status") if r.value >= 500]
    requests = _window(evidence, "log.access.requests", "recent")
    errors = _window(evidence, "log.access.errors", "recent")
    before_requests = _window(evidence, "log.access.requests", "before")
    before_errors = _window(evidence, "log.access.errors", "before")
    looked = bool(requests) or bool(evidence.observations.indexed("endpoint.status"))
    ratio = errors / requests if requests else 0.0
    ratio_before = before_errors / before_requests if before_requests else 0.0
    ids = [i for name in ("log.access.errors", "log.access.requests") for i, _ in evidence.observations.indexed(name)]
    if requests >= 5 and errors >= 2 and ratio > ERROR_BUDGET and ratio > 2 * ratio_before:
        strength = STRONG if ratio < 0.05 else CERTAIN
        said = f"{percent(ratio)} of {requests:.0f} requests fail (before: {percent(ratio_before)})"
        return present(strength if errors >= 4 else TYPICAL, said, ids)
    if requests >= 5 and errors >= 3 and ratio > ERROR_BUDGET:
        said = f"{percent(ratio)} of {requests:.0f} requests fail, as they did before ({percent(ratio_before)})"
        return present(TYPICAL, said, ids)
    if failed_here:
        paths = sorted({r.labels.get("path", "") for _, r in failed_here})
        return present(
            STRONG,
            f"our own requests get {failed_here[0][1].value:.0f} from {', '.join(paths)}",
            [i for i, _ in failed_here],
        )
    refused = newly_refused(evidence)
    if refused:
        _, worst = refused[0]
        count = sum(r.value for _, r in refused)
        labels = worst.labels
        said = (
            f"{worst.value:.0f} of {labels.get('requests')} requests of {labels.get('path')} are refused with "
            f"{labels.get('status')} (before: {labels.get('before')} of {labels.get('before_requests')})"
        )
        return present(STRONG if count >= 5 else TYPICAL, said, [i for i, _ in refused])
    tracebacks = _window(evidence, "log.errors", "recent")
    tracebacks_before = _window(evidence, "log.errors", "before")
    if tracebacks >= 3 and tracebacks > 3 * (tracebacks_before + 0.5):
        ids = [i for i, _ in evidence.observations.indexed("log.errors")]
        said = f"{tracebacks:.0f} errors in the log's last minute (before: {tracebacks_before:.0f})"
        return present(TYPICAL, said, ids)
    if failure_of(evidence, "endpoint.connect", FailureKind.REFUSED, FailureKind.RESET):
        return present(TYPICAL, "nobody answers at the service's address", cite(evidence, "endpoint.connect"))
    if looked:
        said = f"{errors:.0f} of {requests:.0f} requests failed lately" if requests else "our own requests are answered"
        return absent(RULED_OUT if requests >= 20 else UNLIKELY, said, ids)
    return unknown("no access log and no --url: cannot see whether requests fail")


def newly_refused(evidence: Evidence) -> list[tuple[str, Reading]]:
    """Return the paths whose requests are refused (401, 403, 422, …) now and were served before, the most refused first.

    A path that refuses many at any time (a login) or that nobody asked for before (a scanner's) is none of them.
    """
    found = []
    for evidence_id, reading in evidence.observations.indexed("log.access.path_refused"):
        requests, asked = label_number(reading, "requests"), label_number(reading, "before_requests")
        share = reading.value / requests if requests else 0.0
        share_before = label_number(reading, "before") / asked if asked else 1.0
        enough = share >= 0.2 if asked >= 20 else share >= 0.5 and asked >= 2
        if reading.value >= 3 and enough and share > 3 * share_before:
            found.append((evidence_id, reading))
    return sorted(found, key=lambda pair: -pair[1].value)


def requests_slow(evidence: Evidence) -> Finding:
    """Latency against the baseline or the time before; without either, against what people call slow."""
    observations = evidence.observations
    timeouts = [i for i, f in observations.failures("endpoint.latency") if f.kind is FailureKind.TIMEOUT]
    if timeouts:
        return present(CERTAIN, f"{len(timeouts)} of our own requests got no answer in time", timeouts)
    worst: tuple[float, str, list[str]] = (0.0, "", [])
    looked = False
    recent = observations.indexed("log.access.p95", window="recent")
    for quantile in ("p50", "p95"):
        name = f"log.access.{quantile}"
        before = {r.labels.get("file", ""): r for r in observations.readings(name, window="before")}
        for evidence_id, reading in observations.indexed(name, window="recent"):
            looked = True
            found = _slower(evidence, quantile, reading, before.get(reading.labels.get("file", "")))
            worst = max(worst, (found[0], found[1], [evidence_id]))
    for evidence_id, reading in observations.indexed("log.access.path_p95", window="recent"):
        path = reading.labels.get("path", "")
        earlier = observations.value("log.access.path_p95", None, path=path, window="before")
        if earlier is not None and reading.value > 4 * earlier and reading.value - earlier > 0.03:
            said = f"p95 of {path} is {seconds(reading.value)}, a while ago it was {seconds(earlier)}"
            worst = max(worst, (TYPICAL if reading.value - earlier > 0.1 else 2.0, said, [evidence_id]))
    samples: dict[str, list[tuple[str, Reading]]] = {}
    for evidence_id, reading in observations.indexed("endpoint.latency"):
        looked = True
        samples.setdefault(reading.labels.get("path", ""), []).append((evidence_id, reading))
    for path, seen in samples.items():
        middle = sorted(seen, key=lambda pair: pair[1].value)[len(seen) // 2]
        sigma = excess(evidence, middle[1], floor=0.05)
        if sigma is not None and sigma > 4 and middle[1].value > 0.15:
            normal = evidence.baseline.of(middle[1])
            assert normal is not None
            said = f"GET {path} takes {seconds(middle[1].value)}, normal is {seconds(normal.median)}"
            worst = max(worst, (min(CERTAIN, 2 + sigma / 4), said, [i for i, _ in seen]))
        elif middle[1].value > SLOW_SECONDS:
            worst = max(worst, (STRONG, f"GET {path} takes {seconds(middle[1].value)}", [i for i, _ in seen]))
    if worst[0] > 0:
        return present(*worst)
    hanging = [(i, r) for i, r in observations.indexed("postgres.lock.wait") if r.value > 1.0]
    if hanging:
        # A request that still waits is in no access log yet.
        longest = max(r.value for _, r in hanging)
        said = (
            f"{len(hanging)} session(s) wait for a lock for up to {seconds(longest)}: their requests have not ended yet"
        )
        return present(TYPICAL, said, [i for i, _ in hanging[:4]])
    queued = _time_in_queue(evidence)
    if queued is not None and queued[0] > QUEUE_SECONDS:
        wait, backlog, ids = queued
        said = f"requests wait about {seconds(wait)} until somebody takes them ({backlog:.0f} connections are queued)"
        return present(STRONG if wait > SLOW_SECONDS else TYPICAL, said, ids)
    compared = bool(observations.readings("log.access.p95", window="before")) or any(
        evidence.baseline.of(reading) is not None for _, reading in recent
    )
    if looked and compared:
        return absent(RULED_OUT if recent else UNLIKELY, "requests are as fast as before")
    if looked:
        # Slower than usual may still be fast for people; and time in a queue is in no access log.
        return absent(UNLIKELY, "requests are fast; how fast they were before is not known")
    return unknown("no access log and no --url: cannot see how long requests take")


def _time_in_queue(evidence: Evidence) -> tuple[float, float, list[str]] | None:
    """Return how long requests wait to be accepted, by Little's law; that time is in no access log."""
    requests = _window(evidence, "log.access.requests", "recent")
    length = max((r.value for r in evidence.observations.readings("log.window", window="recent")), default=0.0)
    waiting = max(evidence.observations.indexed("process.listen_backlog"), key=lambda pair: pair[1].value, default=None)
    if waiting is None or requests < 5 or length <= 0:
        return None
    return waiting[1].value * length / requests, waiting[1].value, [waiting[0]]


def nobody_waits(evidence: Evidence) -> bool:
    """Whether many requests were measured, by the access log, and are as fast as before."""
    requests = _window(evidence, "log.access.requests", "recent")
    return requests >= 20 and requests_slow(evidence).strength <= RULED_OUT


def _slower(evidence: Evidence, quantile: str, reading: Reading, earlier: Reading | None) -> tuple[float, str]:
    """Return how strongly a quantile of the access log says "slow", and in which words; 0 when it does not."""
    found: list[tuple[float, str]] = [(0.0, "")]
    normal = evidence.baseline.of(reading)
    sigma = excess(evidence, reading, floor=max(0.01, 0.3 * normal.median)) if normal is not None else None
    if normal is not None and sigma is not None:
        if sigma > 3 and reading.value > 1.8 * normal.median and reading.value - normal.median > 0.025:
            said = f"{quantile} of requests is {seconds(reading.value)}, normal is {seconds(normal.median)}"
            found.append((min(CERTAIN, 2 + sigma / 3), said))
    elif (
        earlier is not None
        and reading.value > 2.5 * earlier.value
        and reading.value - earlier.value > (0.012 if quantile == "p50" else 0.05)
    ):
        said = f"{quantile} of requests is {seconds(reading.value)}, a while ago it was {seconds(earlier.value)}"
        found.append((STRONG if reading.value > 4 * earlier.value else TYPICAL, said))
    if reading.value > SLOW_SECONDS:
        found.append((STRONG if reading.value > 2 else TYPICAL, f"{quantile} of requests is {seconds(reading.value)}"))
    return max(found)


def service_down(evidence: Evidence) -> Finding:
    """Nobody listens, or nobody answers."""
    refused = failure_of(evidence, "endpoint.connect", FailureKind.REFUSED, FailureKind.RESET)
    if refused:
        return present(CERTAIN, f"the service's own address refuses connections: {refused[1].message}", [refused[0]])
    answered = evidence.observations.readings("endpoint.status")
    if answered:
        return absent(RULED_OUT, "the service answers")
    gone = failure_of(evidence, "process", FailureKind.NOT_FOUND)
    if gone:
        return present(STRONG, f"the process is gone: {gone[1].message}", [gone[0]])
    if failure_of(evidence, "endpoint.connect"):
        return present(TYPICAL, "the service cannot be reached", cite(evidence, "endpoint.connect"))
    if evidence.observations.readings("process.alive"):
        return absent(UNLIKELY, "the process is alive")
    return unknown("neither --url nor --pid: cannot see whether the service is up")


def _window(evidence: Evidence, name: str, window: str) -> float:
    return sum(r.value for r in evidence.observations.readings(name, window=window))
