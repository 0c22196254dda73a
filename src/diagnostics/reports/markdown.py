"""The report as Markdown that pastes cleanly into an issue or a chat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from diagnostics.reports.view import Badge, Chip, EvidenceRow, build

#: Without anything that cites evidence, so many observations are shown; all are in the JSON report.
MAX_EVIDENCE = 60
#: Characters that would start markup inside a sentence.
_MARKUP = re.compile(r"([\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w))")


def render(report: Mapping[str, Any], *, lang: str = "en") -> str:
    """Return the report as GitHub-flavoured Markdown.

    Raises:
        ValueError: The language is unknown.
    """
    view = build(report, lang)
    t: Mapping[str, str] = view["t"]
    parts = [
        _verdict(view, t),
        *_section(t, "whys", _whys(view["root"], view["tree"], t)),
        *_section(t, "impact", _impact(view["bars"], t)),
        *(_section(t, "series", _series(view["lines"])) if view["lines"] else ()),
        *_section(t, "timeline", _timeline(view["timeline"], t)),
        *_section(t, "hypotheses", _hypotheses(view["hypotheses"], t)),
        *_section(t, "solution", _solution(view["solution"], t)),
        *_section(t, "implementation", _implementation(view["implementation"], t)),
        *_section(t, "monitoring", _monitoring(view["monitoring"], t)),
        *_section(t, "evidence", _evidence(view, t)),
        *_section(t, "could_not_look", _could_not_look(view, t)),
        *_section(t, "environment", _pairs([*view["environment"], *view["session"]])),
        f"---\n\n*{t['footer']}*",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def text(value: object) -> str:
    """Return text so that Markdown shows it as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(str(value).split()))


def code(value: str) -> str:
    """Return inline code; longer fences where the text holds backticks."""
    flat = " ".join(value.split())
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def _block(value: str) -> str:
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{value.rstrip()}\n{fence}"


def _section(t: Mapping[str, str], key: str, body: str) -> tuple[str, str]:
    return f"## {t[key]}", body or f"*{t.get(f'missing.{key}', t['missing'])}*"


def _verdict(view: Mapping[str, Any], t: Mapping[str, str]) -> str:
    head = view["head"]
    lines = [f"# {text(head['headline'])}"]
    said = [f"**{_badge(head['status'])}**"] if head["status"] else []
    if head["posterior"]:
        said.append(f"{t['confidence']} **{head['posterior']}**")
    lines.append(" · ".join(said))
    lines.append(" · ".join(f"{name}: **{text(value)}**" for name, value in view["facts"]))
    if head["problem"]:
        lines.append(f"**{t['problem']}:** {text(head['problem'])}")
    if head["error"]:
        lines.append(f"**{t['error_message']}:**\n\n{_block(head['error'])}")
    lines.append(_points(t["would_refute"], head["would_refute"]))
    return "\n\n".join(line for line in lines if line)


def _whys(root: Mapping[str, Any], tree: Mapping[str, Any], t: Mapping[str, str]) -> str:
    lines = [text(root["summary"])] if root["summary"] else []
    steps = []
    for number, why in enumerate(root["whys"], start=1):
        question = f"*{text(why['question'])}*  \n   " if why["question"] else ""
        proof = _chips(why["chips"]) or f"*{t['no_evidence']}*"
        state = f" · {_badge(why['state'])}" if why["state"] else ""
        name = f" · {code(why['mechanism'])}" if why["mechanism"] else ""
        steps.append(f"{number}. {question}**{text(why['answer'])}**  \n   {proof}{state}{name}")
    if steps:
        lines.append("\n".join(steps))
    lines.append(_points(t["against"], root["against"]))
    lines.append(_points(t["contributing"], root["contributing"]))
    if root["subject"]:
        lines.append(f"**{t['subject']}:** " + ", ".join(f"{text(k)} {code(v)}" for k, v in root["subject"]))
    if tree["mermaid"]:
        lines.append(f"```mermaid\n{tree['mermaid']}```")
    if tree["stop"]:
        lines.append(f"> {text(tree['stop'])}")
    lines.extend(_points(t[key], tree[key]) for key in ("unnoticed", "prevention"))
    return "\n\n".join(line for line in lines if line)


def _impact(bars: Iterable[Any], t: Mapping[str, str]) -> str:
    rows = [
        (
            text(bar.label),
            bar.before,
            bar.after,
            " ".join(filter(None, (bar.change, t.get(bar.direction, "")))),
        )
        for bar in bars
    ]
    return _table((t["metric"], t["before"], t["after"], t["change"]), rows, right=(1, 2))


def _series(lines: Iterable[Any]) -> str:
    shown = []
    for line in lines:
        marks = "".join(f"\n  - {mark.at} {text(mark.text)}" for mark in line.markers)
        shown.append(f"- **{text(line.name)}**: {line.summary} ({line.start} – {line.end}){marks}")
    return "\n".join(shown)


def _timeline(events: Iterable[Mapping[str, Any]], t: Mapping[str, str]) -> str:
    rows, day = [], ""
    for event in events:
        day = event["day"] or day
        rows.append((f"{day} {event['at']}".strip(), text(event["kind"]), text(event["what"])))
    return _table((t["time"], t["kind"], t["event"]), rows)


def _hypotheses(items: Iterable[Mapping[str, Any]], t: Mapping[str, str]) -> str:
    rows = []
    for h in items:
        title = text(h["title"]) + (f" ({code(h['mechanism'])})" if h["mechanism"] else "")
        reason = text(h["reason"]) + "".join(f"; {t['against']}: {text(a)}" for a in h["against"])
        rows.append((title, _badge(h["verdict"]), h["posterior"], reason, _chips(h["chips"])))
    return _table((t["hypothesis"], t["verdict"], t["posterior"], t["reason"], t["evidence"]), rows, right=(2,))


def _solution(solution: Mapping[str, Any], t: Mapping[str, str]) -> str:
    if solution["empty"]:
        return ""
    lines = [f"**{text(solution['title'])}**" if solution["title"] else ""]
    if solution["risk"]:
        lines.append(f"{t['risk']}: {_badge(solution['risk'])}")
    if solution["override"]:
        lines.append(f"> **{t['override']}:** {text(solution['override'])}")
    lines.append(_points(t["reasons"], solution["reasons"]))
    if solution["plan"]:
        steps = "\n".join(f"{i}. {text(step)}" for i, step in enumerate(solution["plan"], start=1))
        lines.append(f"**{t['plan']}:**\n\n{steps}")
    lines.extend(f"**{t[key]}:** {text(solution[key])}" for key in ("backup", "verification") if solution[key])
    return "\n\n".join(line for line in lines if line)


def _implementation(done: Mapping[str, Any], t: Mapping[str, str]) -> str:
    if done["empty"]:
        return ""
    pairs = [
        (t["status"], _badge(done["status"])),
        (t["duration"], done["duration"]),
        (t["rollback_performed"], done["rolled_back"]),
        (t["journal"], code(done["journal"])),
    ]
    lines = [" · ".join(f"{name}: {value}" for name, value in pairs if value)]
    steps = []
    for number, step in enumerate(done["steps"], start=1):
        extra = " · ".join(filter(None, (_badge(step["status"]), step["duration"], text(step["detail"]))))
        steps.append(f"{number}. {text(step['name'])}" + (f" ({extra})" if extra else ""))
    lines.append("\n".join(steps))
    return "\n\n".join(line for line in lines if line) or t["missing"]


def _monitoring(seen: Mapping[str, Any], t: Mapping[str, str]) -> str:
    if seen["empty"]:
        return ""
    lines = [" · ".join(filter(None, (_badge(seen["verdict"]), seen["duration"])))]
    rows = [(text(c["name"]), _badge(c["result"]), text(c["detail"])) for c in seen["checks"]]
    lines.append(_table((t["check"], t["result"], t["detail"]), rows))
    alerts = [" ".join(filter(None, (a["at"], _badge(a["state"]), text(a["what"])))) for a in seen["alerts"]]
    lines.append("\n".join(f"- {alert}" for alert in alerts) or t["no_alerts"])
    return "\n\n".join(line for line in lines if line)


def _evidence(view: Mapping[str, Any], t: Mapping[str, str]) -> str:
    cited: Sequence[EvidenceRow] = view["cited"]
    rows = cited or view["uncited"][:MAX_EVIDENCE]
    total = len(cited) + len(view["uncited"]) + view["left_out"]
    body = _table(
        (t["id"], t["what"], t["value"], t["baseline"], t["concerns"], t["at"]),
        [
            (
                text(row.id),
                code(row.name),
                text(row.value),
                text(row.baseline),
                ", ".join(f"{text(k)}={code(v)}" for k, v in row.labels),
                row.at,
            )
            for row in rows
        ],
        right=(2, 3),
    )
    more = total - len(rows)
    return f"{body}\n\n*{more} {t['left_out']}*" if more > 0 else body


def _could_not_look(view: Mapping[str, Any], t: Mapping[str, str]) -> str:
    rows = [(text(what), text(why), text(hint)) for what, why, hint in view["could_not_look"]]
    fallback = t["everything_looked"] if view["looked_everywhere"] else ""
    return _table((t["what"], t["why"], t["hint"]), rows) or fallback


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {text(name)}: {text(value)}" for name, value in pairs)


def _points(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    if len(items) == 1:
        return f"**{title}:** {text(items[0])}"
    return f"**{title}:**\n\n" + "\n".join(f"- {text(item)}" for item in items)


def _badge(badge: Badge | None) -> str:
    return "" if badge is None else f"{badge.shape} {text(badge.word)}"


def _chips(chips: Iterable[Chip]) -> str:
    return ", ".join(f"[{text(chip.id)}]" for chip in chips)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    if not rows:
        return ""
    rule = ["---:" if i in right else "---" for i in range(len(header))]
    # A bar inside code is not escaped by backslashes outside of tables, but in tables it is.
    cells = [[cell.replace("\\|", "|").replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *cells])
