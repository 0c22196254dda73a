"""Observations + baseline + map -> findings (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.causal_map.graph import CausalMap
from diagnostics.causal_map.signatures import SIGNATURES
from diagnostics.model.finding import Evidence, Finding, SignatureMatch, State
from diagnostics.model.mechanism import Kind, Layer
from diagnostics.model.observation import FailureKind, Observations
from diagnostics.model.problem import Triage

#: A text in the report is one witness, not the scene: its weight counts half.
REPORT_SHARE = 0.5
REPORT_LIMIT = 2.5
#: Layers whose mechanisms come by a change of ours; how old a change may be (seconds) to be the reason; what its absence says (nats).
_CHANGED = (Layer.DEPLOY, Layer.CONFIGURATION)
RECENT_CHANGE = 3600.0
NO_CHANGE = -1.0
#: Below this a sum of weak hints is "unknown".
DECISION = 1.0


def signature_matches(observations: Observations, triage: Triage | None) -> tuple[SignatureMatch, ...]:
    """Return known texts found in logs (from ``log.signature`` readings) and in the report (from the triage)."""
    found: list[SignatureMatch] = []
    for evidence_id, reading in observations.indexed("log.signature"):
        labels = reading.labels
        found.append(
            SignatureMatch(
                mechanism=labels.get("mechanism", ""),
                weight=_number(labels.get("weight")),
                place="log",
                count=int(reading.value),
                count_before=int(_number(labels.get("before"))),
                text=labels.get("text", ""),
                evidence_id=evidence_id,
            )
        )
    if triage is not None:
        found.extend(
            SignatureMatch(
                mechanism=candidate.mechanism,
                weight=candidate.strength,
                place="report",
                count=1,
                count_before=0,
                text=candidate.because,
            )
            for candidate in triage.candidates
        )
    return tuple(found)


def examine(causal_map: CausalMap, evidence: Evidence) -> tuple[Finding, ...]:
    """Return one finding for each node of the map: its detector's conclusion and what texts add to it."""
    logs_were_read = bool(evidence.observations.readings("log.lines"))
    still = nothing_changed(evidence.observations)
    last_words = _is_down(evidence)
    by_mechanism: dict[str, list[SignatureMatch]] = {}
    for match in evidence.signatures:
        by_mechanism.setdefault(match.mechanism, []).append(match)
    found: list[Finding] = []
    for node in causal_map:
        seen = node.detect(evidence) if node.detect is not None else None
        texts = by_mechanism.get(node.id, [])
        finding = _combine(node.id, node.kind, seen, texts, logs_were_read=logs_were_read, last_words=last_words)
        if still and node.layer in _CHANGED and not texts and (seen is None or seen.state is State.UNKNOWN):
            finding = _unchanged(finding)
        found.append(finding)
    return tuple(found)


def _combine(
    id_: str,
    kind: Kind,
    seen: Finding | None,
    texts: Iterable[SignatureMatch],
    *,
    logs_were_read: bool,
    last_words: bool,
) -> Finding:
    texts = list(texts)
    logged = [m for m in texts if m.place == "log" and m.count > 0]
    reported = [m for m in texts if m.place == "report"]
    strength = seen.strength if seen is not None else 0.0
    from_logs = max((m.weight * _freshness(m, last_words=last_words) for m in logged), default=0.0)
    from_report = min(REPORT_LIMIT, max((m.weight for m in reported), default=0.0) * REPORT_SHARE)
    if strength < -1.5:
        # What was measured beats what was said: a text can name the victim.
        from_logs *= 0.4
        from_report *= 0.3
    total = strength + from_logs + from_report
    if kind is Kind.CAUSE and not texts and logs_were_read and (seen is None or seen.state is State.UNKNOWN):
        total = _silence(id_)
    evidence = tuple(
        dict.fromkeys([*(seen.evidence if seen else ()), *(m.evidence_id for m in logged if m.evidence_id)])
    )
    sentences = [seen.sentence] if seen is not None and seen.state is not State.UNKNOWN else []
    if logged:
        best = max(logged, key=lambda m: m.weight * _freshness(m, last_words=last_words))
        sentences.append(f"the log says {best.count} time(s): {best.text[:160]}")
    elif reported and not sentences:
        sentences.append(f"the report says: {reported[0].text[:160]}")
    sentence = "; ".join(sentences) or (seen.sentence if seen is not None else "nothing was seen of it")
    subject = seen.subject if seen is not None else {}
    if total >= DECISION:
        return Finding(
            mechanism=id_,
            state=State.PRESENT,
            strength=total,
            sentence=sentence,
            evidence=evidence,
            subject=subject,
        )
    if total <= -0.5:
        return Finding(mechanism=id_, state=State.ABSENT, strength=total, sentence=sentence, evidence=evidence)
    return Finding(mechanism=id_, state=State.UNKNOWN, strength=0.0, sentence=sentence, evidence=evidence)


def nothing_changed(observations: Observations) -> bool:
    """Tell whether somebody looked for changes of the source and found none in the last hour."""
    if not observations.readings("change.compared", what="repository"):
        return False
    return not any(
        reading.value < RECENT_CHANGE
        for name in ("change.commit", "change.head_moved", "change.file", "change.migration")
        for reading in observations.readings(name)
    ) and not any(observations.readings(name) for name in ("change.package", "change.environment"))


def _unchanged(finding: Finding) -> Finding:
    """What comes by a change is less likely where nothing changed; not impossible: a restart may bring in an old one."""
    strength = finding.strength + NO_CHANGE
    return Finding(
        mechanism=finding.mechanism,
        state=State.ABSENT,
        strength=strength,
        sentence=finding.sentence if finding.state is State.ABSENT else "nothing was changed in the last hour",
        evidence=finding.evidence,
    )


def _silence(id_: str) -> float:
    """Return what it says that the logs, which were read, have no text of a mechanism that nobody could look at otherwise.

    A mechanism with an unmistakable text hardly ever goes without it; one that leaves only vague texts, or none, may.
    """
    loudest = max((signature.weight for signature in SIGNATURES.get(id_, ())), default=0.0)
    return -3.0 if loudest >= 5 else -1.2 if loudest >= 3 else -0.5


def _is_down(evidence: Evidence) -> bool:
    """Whether nobody serves any more: then what was said last, even once, is what a person would read first."""
    refused = any(f.kind is FailureKind.REFUSED for _, f in evidence.observations.failures("endpoint.connect"))
    gone = any(f.kind is FailureKind.NOT_FOUND for _, f in evidence.observations.failures("process"))
    return refused or (gone and not evidence.observations.readings("process.alive"))


def _freshness(match: SignatureMatch, *, last_words: bool = False) -> float:
    """Return 1 for a text that is new or more frequent than before, down to 0.2 for one that was always there."""
    rise = (match.count + 0.5) / (match.count_before + 0.5)
    base = 1.0 if rise >= 3 else 0.6 if rise >= 1.7 else 0.2
    return base * (1.0 if match.count >= 3 or last_words else 0.8 if match.count == 2 else 0.6)


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
