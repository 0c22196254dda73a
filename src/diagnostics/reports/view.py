"""From the report's plain dict to what is shown: one model for HTML and Markdown (pure).

Any key may be missing or have an unexpected shape; then its section says that nothing was recorded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diagnostics.model.record import plain
from diagnostics.reports import charts, formats
from diagnostics.reports.json_report import clean
from diagnostics.texts import whys
from diagnostics.texts.report import labels

#: Observations that nothing cites; all of them are in the JSON report.
MAX_UNCITED = 300

#: A shape and a colour for each answer: colour is never the only sign.
_TONES = {
    "good": (
        "healthy", "supported", "supports", "present", "better", "pass", "committed", "success", "resolved",
        "low", "completed", "verified",
    ),
    "bad": (
        "root_cause_identified", "critical", "fail", "failed", "worse", "contradicted", "contradicts",
        "high", "needs_person", "firing", "rollback_blocked",
    ),
    "warn": (
        "unknown", "inconclusive", "warn", "warning", "medium", "rolled_back", "assumed", "degraded",
        "pending",
    ),
}  # fmt: skip
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words}
SHAPES = {"good": "✓", "bad": "✕", "warn": "?", "": "•"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A word with its shape and tone."""

    word: str
    tone: str
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A reference to evidence; ``anchor`` is empty when the report does not hold it."""

    id: str
    anchor: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One observation."""

    id: str
    anchor: str
    name: str
    value: str
    baseline: str
    at: str
    iso: str
    labels: tuple[tuple[str, str], ...]
    source: str
    failed: bool


def build(report: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Return all that the templates need, by section."""
    words = labels(lang)
    data: dict[str, Any] = clean(plain(report))
    evidence = _evidence(data, words)
    anchors = {row.id: row for row in evidence}

    def chips(ids: Any) -> list[Chip]:
        return [_chip(str(i), anchors) for i in _list(ids) if i not in (None, "")]

    cited = _cited(data)
    used = [row for row in evidence if row.id in cited]
    rest = [row for row in evidence if row.id not in cited]
    session, verdict = _mapping(data.get("session_info")), _mapping(data.get("verdict"))
    root, solution = _mapping(data.get("root_cause")), _mapping(data.get("solution"))
    return {
        "lang": lang,
        "t": words,
        "head": _head(session, verdict, root, words),
        "facts": _facts(session, _mapping(data.get("triage")), words),
        "triage": _triage(_mapping(data.get("triage")), words),
        "root": _root(root, words, chips),
        "tree": _tree(_mapping(data.get("why_tree")), lang),
        "bars": charts.bars(_mapping(data.get("performance_impact")), words),
        "lines": [drawn for series in _series(data) if (drawn := charts.line(series)) is not None],
        "timeline": _timeline(data.get("timeline"), words),
        "hypotheses": _hypotheses(data.get("hypotheses"), words, chips),
        "solution": _solution(solution, words),
        "implementation": _implementation(_mapping(data.get("implementation")), words),
        "monitoring": _monitoring(_mapping(data.get("monitoring")), words),
        "cited": used,
        "uncited": rest[:MAX_UNCITED],
        "left_out": max(0, len(rest) - MAX_UNCITED),
        "could_not_look": [
            (_text(i.get("what")), _text(i.get("why")), _text(i.get("hint")))
            if isinstance(i, Mapping)
            else (_text(i), "", "")
            for i in _list(data.get("could_not_look"))
        ],
        "looked_everywhere": "could_not_look" in data,
        "environment": _pairs(_mapping(data.get("environment")), words),
        "session": _session(data, session, words),
    }


def badge(kind: str, value: Any, words: Mapping[str, str]) -> Badge | None:
    """Return the word for an enumeration's value, translated where it is known."""
    raw = _text(value).strip()
    if not raw:
        return None
    key = raw.lower().replace(" ", "_")
    tone = _TONE_OF.get(key, "")
    shape = "!" if key == "root_cause_identified" else SHAPES[tone]
    return Badge(word=words.get(f"{kind}.{key}") or raw.replace("_", " "), tone=tone, shape=shape)


def _head(
    session: Mapping[str, Any], verdict: Mapping[str, Any], root: Mapping[str, Any], words: Mapping[str, str]
) -> dict[str, Any]:
    status = badge("status", verdict.get("status"), words)
    posterior = verdict.get("posterior", root.get("posterior"))
    share = formats.amount_of(posterior)
    return {
        "status": status,
        "headline": _text(verdict.get("headline") or root.get("title")) or words["no_headline"],
        "posterior": "" if share is None else formats.percent(share),
        "posterior_width": 0 if share is None else round(100 * min(1.0, max(0.0, share)), 1),
        "would_refute": _sentences(verdict.get("would_refute")),
        "problem": _text(session.get("problem_description")),
        "error": _text(session.get("error_message")),
        "project": _text(session.get("project_name")),
    }


def _facts(session: Mapping[str, Any], triage: Mapping[str, Any], words: Mapping[str, str]) -> list[tuple[str, str]]:
    severity = badge("severity", triage.get("severity"), words)
    facts = [
        (words["severity"], severity.word if severity else ""),
        (words["priority"], _text(triage.get("priority")).replace("_", " ")),
        (words["category"], _text(triage.get("category")).replace("_", " ")),
        (words["started_at"], formats.moment(session.get("started_at", session.get("start_time")))),
        (words["duration"], _duration(session.get("duration_seconds"))),
        (words["session_id"], _text(session.get("session_id"))),
    ]
    return [(label, value) for label, value in facts if value]


def _triage(triage: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    candidates = []
    for item in _list(triage.get("candidates")):
        if isinstance(item, Mapping):
            candidates.append((_text(item.get("mechanism")), _text(item.get("because"))))
        else:
            candidates.append((_text(item), ""))
    return {"reason": _text(triage.get("reason")), "candidates": candidates, "empty": not triage}


def _root(root: Mapping[str, Any], words: Mapping[str, str], chips: Any) -> dict[str, Any]:
    whys = []
    for item in _list(root.get("whys")):
        why = item if isinstance(item, Mapping) else {"answer": item}
        whys.append(
            {
                "question": _text(why.get("question")),
                "answer": _text(why.get("answer")),
                "mechanism": _text(why.get("mechanism")),
                "chips": chips(why.get("evidence")),
                "state": badge("state", why.get("state"), words),
            }
        )
    return {
        "empty": not root,
        "title": _text(root.get("title")),
        "mechanism": _text(root.get("mechanism")),
        "layer": _text(root.get("layer")),
        "posterior": formats.percent(root["posterior"]) if _is_number(root.get("posterior")) else "",
        "summary": _text(root.get("summary")),
        "whys": whys,
        "against": _sentences(root.get("against")),
        "contributing": _sentences(root.get("contributing")),
        "subject": _pairs(_mapping(root.get("subject")), words),
    }


def _tree(tree: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Return the tree of whys, drawn, with what was not noticed and what prevents it; empty when there is none."""
    fork_keys, link_keys = ("effect", "title", "mechanism", "because"), ("question", "answer", "effect", "mechanism")
    plain_tree = {
        "symptom": _text(tree.get("symptom")),
        "symptom_title": _text(tree.get("symptom_title")),
        "symptom_evidence": [_text(e) for e in _list(tree.get("symptom_evidence"))],
        "stops_at": tree.get("stops_at") if isinstance(tree.get("stops_at"), int) else 0,
        "stop_reason": _text(tree.get("stop_reason")),
        "links": [
            {
                **{key: _text(link.get(key)) for key in link_keys},
                "state": link["state"] if link.get("state") in ("observed", "contradicted") else "assumed",
                "evidence": [_text(e) for e in _list(link.get("evidence"))],
                "would_carry": _text(link.get("would_carry")),
                "carried": bool(link.get("carried")),
            }
            for link in map(_mapping, _list(tree.get("links")))
        ],
        "forks": [
            {
                **{key: _text(fork.get(key)) for key in fork_keys},
                "role": fork["role"] if fork.get("role") in ("contributing", "ruled out") else "open",
                "evidence": [_text(e) for e in _list(fork.get("evidence"))],
            }
            for fork in map(_mapping, _list(tree.get("forks")))
        ],
    }
    titled = [
        [f"{_text(item.get('title'))}: {_text(item.get('sentence'))}" for item in map(_mapping, _list(tree.get(key)))]
        for key in ("unnoticed", "prevention")
    ]
    shown = bool(plain_tree["symptom"] and (plain_tree["links"] or plain_tree["stop_reason"]))
    return {
        "svg": whys.svg(plain_tree, lang) if shown else "",
        "mermaid": whys.mermaid(plain_tree, lang) if shown else "",
        "stop": plain_tree["stop_reason"],
        "unnoticed": titled[0],
        "prevention": titled[1],
    }


def _timeline(items: Any, words: Mapping[str, str]) -> list[dict[str, Any]]:
    events = [i for i in _list(items) if isinstance(i, Mapping)]
    keyed = [(formats.parsed_moment(e.get("at")), n, e) for n, e in enumerate(events)]
    # Events without a readable moment keep their place at the end.
    keyed.sort(key=lambda k: (k[0] is None, k[0].timestamp() if k[0] else 0.0, k[1]))
    shown, day = [], ""
    for at, _, event in keyed:
        today = at.strftime("%Y-%m-%d") if at else ""
        kind = _text(event.get("kind"))
        shown.append(
            {
                "day": today if today != day else "",
                "at": at.strftime("%H:%M:%S") if at else _text(event.get("at")),
                "iso": at.isoformat() if at else "",
                "what": _text(event.get("what")),
                "kind": words.get(f"kind.{kind.lower()}") or kind.replace("_", " "),
                "tone": re.sub(r"[^a-z]", "", kind.lower()),
            }
        )
        day = today or day
    return shown


def _hypotheses(items: Any, words: Mapping[str, str], chips: Any) -> list[dict[str, Any]]:
    shown = []
    for item in _list(items):
        h = item if isinstance(item, Mapping) else {"title": item}
        share = formats.amount_of(h.get("posterior"))
        shown.append(
            {
                "title": _text(h.get("title") or h.get("hypothesis") or h.get("mechanism")),
                "mechanism": _text(h.get("mechanism")),
                "verdict": badge("verdict", h.get("verdict"), words),
                "posterior": "" if share is None else formats.percent(share),
                "width": 0 if share is None else round(100 * min(1.0, max(0.0, share)), 1),
                "order": 0.0 if share is None else -share,
                "reason": _text(h.get("reason") or h.get("conclusion")),
                "predicted": _sentences(h.get("predicted")),
                "against": _sentences(h.get("against")),
                "chips": chips(h.get("evidence")),
            }
        )
    return sorted(shown, key=lambda h: h["order"])


def _solution(solution: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "empty": not solution,
        "title": _text(solution.get("title")),
        "risk": badge("risk", solution.get("risk_level"), words),
        "reasons": _sentences(solution.get("reasons")),
        "plan": _sentences(solution.get("plan")),
        "backup": _free(solution.get("backup"), words),
        "verification": _free(solution.get("verification"), words),
        "override": _free(solution.get("override"), words),
    }


def _implementation(done: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    steps = []
    for item in _list(done.get("steps")):
        if isinstance(item, Mapping):
            name = (
                item.get("title") or item.get("name") or item.get("description") or item.get("what") or item.get("step")
            )
            steps.append(
                {
                    "name": _text(name),
                    "status": badge("verdict", item.get("status") or item.get("state"), words),
                    "detail": _text(item.get("detail") or item.get("error") or item.get("message")),
                    "duration": _duration(item.get("duration_seconds")),
                }
            )
        else:
            steps.append({"name": _text(item), "status": None, "detail": "", "duration": ""})
    rolled = done.get("rollback_performed")
    return {
        "empty": not done,
        "status": badge("verdict", done.get("status"), words),
        "steps": steps,
        "journal": _free(done.get("journal"), words),
        "rolled_back": "" if rolled is None else (words["yes"] if rolled else words["no"]),
        "duration": _duration(done.get("duration_seconds")),
    }


def _monitoring(seen: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    checks, alerts = [], []
    for item in _list(seen.get("checks")):
        check = item if isinstance(item, Mapping) else {"name": item}
        checks.append(
            {
                "name": _text(check.get("name")),
                "result": badge("verdict", check.get("status") or check.get("result") or check.get("verdict"), words),
                "detail": _text(check.get("detail") or check.get("message") or check.get("reason")),
            }
        )
    for item in _list(seen.get("alerts")):
        alert = item if isinstance(item, Mapping) else {"what": item}
        alerts.append(
            {
                "at": formats.moment(alert.get("at") or alert.get("timestamp")),
                "what": _text(alert.get("what") or alert.get("message") or alert.get("title")),
                "state": badge("verdict", alert.get("state") or alert.get("severity"), words),
            }
        )
    return {
        "empty": not seen,
        "verdict": badge("verdict", seen.get("verdict"), words),
        "duration": _duration(seen.get("duration_seconds")),
        "checks": checks,
        "alerts": alerts,
    }


def _evidence(data: Mapping[str, Any], words: Mapping[str, str]) -> list[EvidenceRow]:
    rows, seen = [], set()
    items = _list(data.get("evidence"))
    # The day is said where it is not the one of nearly all the others.
    days = Counter(_day(item.get("at")) for item in items if isinstance(item, Mapping))
    usual = days.most_common(1)[0][0] if days else ""
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            continue
        name = _text(item.get("id")) or f"E{number}"
        anchor = "ev-" + (re.sub(r"[^A-Za-z0-9_-]", "-", name) or str(number))
        if anchor in seen:
            anchor = f"{anchor}-{number}"
        seen.add(anchor)
        unit = _text(item.get("unit"))
        failed = item.get("value") is None and bool(item.get("message") or item.get("kind") or item.get("why"))
        value = (
            ": ".join(filter(None, (_text(item.get("kind")), _text(item.get("message") or item.get("why")))))
            if failed
            else formats.measured(item.get("value"), unit, yes=words["yes"], no=words["no"])
        )
        rows.append(
            EvidenceRow(
                id=name,
                anchor=anchor,
                name=_text(item.get("name")),
                value=value,
                baseline=_baseline(item.get("baseline"), unit, words),
                at=formats.moment(item.get("at"), day=_day(item.get("at")) != usual),
                iso=at.isoformat() if (at := formats.parsed_moment(item.get("at"))) else "",
                labels=tuple((_text(k), _text(v)) for k, v in _mapping(item.get("labels")).items()),
                source=_text(item.get("source")),
                failed=failed,
            )
        )
    return rows


def _day(value: Any) -> str:
    parsed = formats.parsed_moment(value)
    return parsed.strftime("%Y-%m-%d") if parsed else ""


def _baseline(value: Any, unit: str, words: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        low, high, middle = value.get("p05"), value.get("p95"), value.get("median")
        if _is_number(low) and _is_number(high):
            return f"{formats.measured(low, unit)} – {formats.measured(high, unit)}"
        return formats.measured(middle, unit) if _is_number(middle) else ""
    return "" if value is None else formats.measured(value, unit, yes=words["yes"], no=words["no"])


def _cited(data: Mapping[str, Any]) -> set[str]:
    """Return the ids that the chain or the hypotheses rest on."""
    found: set[str] = set()
    for why in _list(_mapping(data.get("root_cause")).get("whys")):
        found.update(str(i) for i in _list(_mapping(why).get("evidence")))
    for hypothesis in _list(data.get("hypotheses")):
        found.update(str(i) for i in _list(_mapping(hypothesis).get("evidence")))
    return found


def _chip(name: str, rows: Mapping[str, EvidenceRow]) -> Chip:
    row = rows.get(name)
    if row is None:
        return Chip(id=name, anchor="", title="")
    return Chip(id=name, anchor=row.anchor, title=f"{row.name} = {row.value}")


def _series(data: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for place in (data, _mapping(data.get("performance_impact")), _mapping(data.get("monitoring"))):
        given = place.get("series")
        for item in [given] if isinstance(given, Mapping) else _list(given):
            if isinstance(item, Mapping):
                yield item


def _session(data: Mapping[str, Any], session: Mapping[str, Any], words: Mapping[str, str]) -> list[tuple[str, str]]:
    shown = {
        "session_id": _text(session.get("session_id")),
        "project": _text(session.get("project_name")),
        "started_at": formats.moment(session.get("started_at", session.get("start_time"))),
        "duration": _duration(session.get("duration_seconds")),
        "phases_completed": ", ".join(_text(p) for p in _list(data.get("phases_completed"))),
        "schema_version": _text(data.get("schema_version")),
    }
    pairs = [(words[key], value) for key, value in shown.items() if value]
    return pairs + _pairs(_mapping(data.get("success_metrics")), words)


def _pairs(values: Mapping[str, Any], words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(str(k).replace("_", " "), _free(v, words)) for k, v in values.items() if v not in (None, "", [], {})]


def _free(value: Any, words: Mapping[str, str]) -> str:
    """Return any plain value as one line of text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if isinstance(value, float):
        return formats.number(value)
    if isinstance(value, Mapping):
        parts = (
            f"{str(k).replace('_', ' ')}: {_free(v, words)}" for k, v in value.items() if v not in (None, "", [], {})
        )
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(_free(v, words) for v in value)
    return str(value)


def _sentences(value: Any) -> list[str]:
    """Return a text, or a list of texts or records, as lines."""
    lines = []
    for item in _list(value):
        if isinstance(item, Mapping):
            main = item.get("title") or item.get("sentence") or item.get("what") or item.get("text") or item.get("name")
            main = main or item.get("mechanism")
            lines.append(_text(main) if main else "; ".join(f"{k}: {v}" for k, v in item.items()))
        else:
            lines.append(_text(item))
    return [text for text in lines if text]


def _duration(value: Any) -> str:
    amount = formats.amount_of(value)
    return "" if amount is None else formats.seconds(amount)


def _is_number(value: Any) -> bool:
    return formats.amount_of(value) is not None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]
