"""Detectors of who asks how much: clients that ask for what the API does not know, and ourselves where we do not let go."""

from __future__ import annotations

import re

from diagnostics.causal_map.detect import CERTAIN, STRONG, TYPICAL, absent, label_number, present, unknown
from diagnostics.causal_map.detectors.symptoms import newly_refused
from diagnostics.model.finding import Evidence, Finding

#: What a log says when one call to somebody else went wrong.
_FAILED_CALL = re.compile(
    r"\b(?:HTTP|status)\b\D{0,12}(?:429|5\d\d)\b|\bretr(?:y|ies|ying)\b|\battempt\b|tim(?:ed|e) ?-?out|connection refused|"
    r"reset by peer|service unavailable|too many requests",
    re.IGNORECASE,
)
#: A call fails so much more often than anybody asks for anything: nobody's traffic does that.
_TRIES_PER_REQUEST = 1.5
_MANY = 40
#: Statuses of a request whose shape is wrong.
_WRONG_SHAPE = frozenset({"400", "415", "422"})


def retries(evidence: Evidence) -> Finding:
    """One call fails several times for each request that users send."""
    observations = evidence.observations
    requests = sum(r.value for r in observations.readings("log.access.requests", window="recent"))
    if not requests:
        return unknown("no access log: cannot compare calls with requests")
    worst = 0.0
    for evidence_id, reading in observations.indexed("log.template"):
        labels = reading.labels
        text = labels.get("example", "") or labels.get("template", "")
        tries = reading.value / requests
        worst = max(worst, tries)
        grew = reading.value > 3 * (label_number(reading, "before") + 1)
        if reading.value < _MANY or tries < _TRIES_PER_REQUEST or not grew or not _FAILED_CALL.search(text):
            continue
        said = f"{reading.value:.0f} failed calls for {requests:.0f} requests, {tries:.1f} for each: {text[:120]}"
        return present(CERTAIN if tries > 3 else STRONG, said, [evidence_id])
    return absent(-3.0, f"no call fails more than {worst:.2g} times for each request")


def payload_mismatch(evidence: Evidence) -> Finding:
    """Requests of a path are refused for their shape now, and were served before."""
    refused = [pair for pair in newly_refused(evidence) if pair[1].labels.get("status", "") in _WRONG_SHAPE]
    if refused:
        evidence_id, worst = refused[0]
        labels = worst.labels
        said = f"{worst.value:.0f} of {labels.get('requests')} requests of {labels.get('path')} are refused with "
        said += f"{labels.get('status')} (before: {labels.get('before')} of {labels.get('before_requests')})"
        clear = labels.get("status") != "400" and worst.value >= 5
        return present(STRONG if clear else TYPICAL, said, [evidence_id], {"path": labels.get("path", "")})
    if evidence.observations.readings("log.access.requests"):
        return absent(-2.0, "no path refuses requests for their shape that it served before")
    return unknown("no access log: cannot see what is refused")


DETECTORS = {
    "retry-without-backoff-amplification": retries,
    "payload-validation-mismatch": payload_mismatch,
}
