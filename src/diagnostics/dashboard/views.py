"""One function for each page: reads the board, returns the template's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from diagnostics.dashboard import kpis as figures
from diagnostics.dashboard import pages
from diagnostics.dashboard.board import MARKERS, Board
from diagnostics.dashboard.drawing import page_of, style
from diagnostics.errors import ProbeError
from diagnostics.model.event import EventKind
from diagnostics.reports import formats
from diagnostics.reports.charts import Line
from diagnostics.reports.view import badge, build
from diagnostics.texts.dashboard import labels

UPTIME_DAYS = 30.0
MOST_SESSIONS_READ = 100
"""The key figures read so many sessions in full."""
ON_OVERVIEW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a visitor asked for."""

    board: Board
    lang: str
    query: Mapping[str, str]
    path: Mapping[str, str]
    may_act: bool

    @property
    def words(self) -> Mapping[str, str]:
        return labels(self.lang)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the page shows."""

    template: str
    values: dict[str, Any] = field(default_factory=dict)
    status: int = 200


View = Callable[[Asked], Found]


def overview(asked: Asked) -> Found:
    """Traffic lights, open alerts, latest diagnoses."""
    board, words = asked.board, asked.words
    now, report = board.clock.now(), board.health()
    name, status = asked.query.get("name", ""), asked.query.get("status", "")
    acknowledged = board.events(EventKind.ACKNOWLEDGED)
    return Found(
        template="overview",
        values={
            **_fresh(asked, report, now),
            "overall": pages.light(report.overall_status, words),
            "maintenance": report.maintenance,
            "could_not_look": report.could_not_look,
            "components": pages.components(report, words, now, name=name, status=status),
            "name": name,
            "status": status,
            "alerts": pages.alert_rows(report.active_alerts, acknowledged, words),
            "sessions": _session_rows(asked)[:ON_OVERVIEW],
            "may_act": asked.may_act,
        },
    )


def metrics(asked: Asked) -> Found:
    """The numbers of one check over time, with what happened meanwhile."""
    board, words = asked.board, asked.words
    now = board.clock.now()
    try:
        names = board.metrics.names()
    except ProbeError as error:
        return Found(template="metrics", values=_unasked(asked, error), status=502)
    name = asked.query.get("check") or (names[0] if names else "")
    chosen = asked.query.get("range", "24h")
    span = pages.RANGES.get(chosen, pages.RANGES["24h"])
    since, step = now - span, pages.step_of(span)
    compare = asked.query.get("compare") == "1"
    markers = board.events(*MARKERS, since=since)
    lines = []
    try:
        for metric in pages.ordered(board.metrics.metrics(name)) if name in names else ():
            buckets = board.series(name, metric, since, now, step)
            before = board.series(name, metric, since - span, since, step) if compare else []
            line = pages.figure(metric, buckets, before, markers, words, since=since, until=now, step=step)
            if line is not None:
                lines.append(line)
    except ProbeError as error:
        return Found(template="metrics", values={**_unasked(asked, error), "names": names, "name": name}, status=502)
    return Found(
        template="metrics",
        values={
            **_fresh(asked, None, now),
            "names": names,
            "name": name,
            "unknown_name": bool(name) and name not in names,
            "chosen": chosen if chosen in pages.RANGES else "24h",
            "ranges": [(key, words[f"range.{key}"]) for key in pages.RANGES],
            "compare": compare,
            "lines": lines,
        },
        status=200 if not name or name in names else 404,
    )


def _unasked(asked: Asked, error: ProbeError) -> dict[str, Any]:
    """Return the page of numbers that cannot be had, with the reason."""
    return {
        **_fresh(asked, None, asked.board.clock.now()),
        "names": [],
        "name": "",
        "unknown_name": False,
        "chosen": "24h",
        "ranges": [(key, asked.words[f"range.{key}"]) for key in pages.RANGES],
        "compare": False,
        "lines": [],
        "unasked": str(error),
    }


def alerts(asked: Asked) -> Found:
    """The history of alerts, to filter and to acknowledge."""
    board, words = asked.board, asked.words
    name, state = asked.query.get("name", ""), asked.query.get("state", "")
    rows = pages.alert_rows(board.alerts(), board.events(EventKind.ACKNOWLEDGED), words, name=name, state=state)
    return Found(
        template="alerts",
        values={
            **_fresh(asked, None, board.clock.now()),
            "alerts": rows,
            "name": name,
            "state": state,
            "may_act": asked.may_act,
            "can_silence": asked.may_act and board.monitor is not None,
        },
    )


def sessions(asked: Asked) -> Found:
    """All diagnoses."""
    values = {**_fresh(asked, None, asked.board.clock.now()), "sessions": _session_rows(asked)}
    return Found(template="sessions", values=values)


def session(asked: Asked) -> Found:
    """One diagnosis: its phases, its whys, its solution."""
    board, words = asked.board, asked.words
    session_id = asked.path["session_id"]
    document = board.session(session_id)
    values: dict[str, Any] = {**_fresh(asked, None, board.clock.now()), "session_id": session_id, "found": None}
    if document is None:
        return Found(template="session", values=values, status=404)
    answers = board.events(EventKind.ANSWERED, subject=session_id)
    values |= {
        "found": build(document, asked.lang),
        "phases": pages.phases(document, words),
        "answer": answers[-1] if answers else None,
        "answered_at": formats.moment(answers[-1].at) if answers else "",
        "may_act": asked.may_act,
    }
    return Found(template="session", values=values)


def kpis(asked: Asked) -> Found:
    """Key figures, each with its definition."""
    values = {**_fresh(asked, None, asked.board.clock.now()), "figures": _figures(asked)}
    return Found(template="kpis", values=values)


def settings(asked: Asked) -> Found:
    """What is watched and who did what; never a token."""
    board = asked.board
    now, report = board.clock.now(), board.health()
    done = board.events(EventKind.SIGNED_IN, EventKind.ACKNOWLEDGED, EventKind.SILENCED, EventKind.ANSWERED)
    return Found(
        template="settings",
        values={
            **_fresh(asked, report, now),
            "checks": [(check.name, check.critical) for check in report.checks],
            "audit": [(formats.moment(e.at), e.who, e.kind.value, e.title) for e in done[::-1][:200]],
        },
    )


def exported(asked: Asked) -> str:
    """Return overview, alerts and key figures as one file that needs no network."""
    board, words = asked.board, asked.words
    now, report = board.clock.now(), board.health()
    since = now - pages.RANGES["24h"]
    step = pages.step_of(pages.RANGES["24h"])
    markers = board.events(*MARKERS, since=since)
    lines: list[tuple[str, Line]] = []
    for check in report.checks:
        if check.status.value in ("CRITICAL", "DOWN", "DEGRADED") and len(lines) < pages.MOST_ROWS // 10:
            for metric in pages.ordered(board.history.metrics(check.name)):
                buckets = board.history.series(check.name, metric, since=since, until=now, step_seconds=step)
                line = pages.figure(metric, buckets, (), markers, words, since=since, until=now, step=step)
                if line is not None:
                    lines.append((check.name, line))
    values = {
        **_fresh(asked, report, now),
        "overall": pages.light(report.overall_status, words),
        "components": pages.components(report, words, now),
        "alerts": pages.alert_rows(board.alerts(), board.events(EventKind.ACKNOWLEDGED), words),
        "sessions": _session_rows(asked),
        "figures": _figures(asked),
        "lines": lines,
        "style": Markup(style()),  # noqa: S704 - our own files
    }
    return page_of("export", asked.lang, values)


def announcement(board: Board) -> dict[str, Any]:
    """Return what a page is told when something changed: enough to say it aloud."""
    report = board.health()
    return {
        "overall": report.overall_status.value.lower(),
        "alerts": len(report.active_alerts),
        "age": pages.age_seconds(report, board.clock.now()),
    }


def _fresh(asked: Asked, report: Any, now: Any) -> dict[str, Any]:
    known = report if report is not None else asked.board.health()
    return {
        "now": formats.moment(now),
        "age": pages.age_seconds(known, now),
        "overall_word": pages.light(known.overall_status, asked.words).word,
        "open_count": len(known.active_alerts),
    }


def _session_rows(asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "id": kept.session_id,
            "title": kept.title or kept.session_id,
            "when": formats.moment(kept.updated_at),
            "status": badge("status", kept.status, asked.words),
        }
        for kept in asked.board.sessions()
    ]


def _figures(asked: Asked) -> list[figures.Kpi]:
    board = asked.board
    documents = [board.session(kept.session_id) for kept in board.sessions()[:MOST_SESSIONS_READ]]
    critical = [check.name for check in board.health().checks if check.critical]
    return figures.figures(
        board.history.alerts(),
        board.events(EventKind.ACKNOWLEDGED),
        board.events(EventKind.ANSWERED),
        [document for document in documents if document is not None],
        board.failed_share(critical, UPTIME_DAYS),
    )


__all__ = [
    "Asked", "Found", "View", "alerts", "announcement", "exported", "kpis", "metrics", "overview", "session",
    "sessions", "settings",
]  # fmt: skip
