"""``diagnose rank``: where did it begin, among many services?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, lang_option, option
from diagnostics.cli.output import check_writable, mark, printable, write
from diagnostics.cli.words import words

if TYPE_CHECKING:
    from diagnostics.hypothesis_testing.fleet import Answer

_FILE = click.Path(path_type=Path, dir_okay=False)
#: Nodes that a person is shown.
SHOWN = 5


@click.command()
@option(
    "--metrics",
    type=_FILE,
    metavar="FILE",
    help="The time in question: Parquet or CSV, a column ts and columns node|metric|stat.",
)
@option("--normal", type=_FILE, metavar="FILE", help="Fault-free times of the same metrics.")
@option(
    "--graph",
    "calls",
    type=_FILE,
    metavar="FILE",
    help='Who calls whom, JSON: {"nodes": [...], "edges": [[caller, called], ...]}; from the spans when not given.',
)
@option("--target", metavar="NODE|METRIC", help="Where the symptom was seen; looked for when not given.")
@option("--onset", metavar="TIME", help="When it began, Unix seconds or ISO 8601 in UTC; looked for when not given.")
@option("--logs", type=_FILE, metavar="FILE", help="Log lines: trace, span, pod, ts_ns, message.")
@option("--traces", type=_FILE, metavar="FILE", help="Spans: trace, span, parent, pod, op, start_ns, dur_ns.")
@lang_option
@format_option("term", "json")
@option(
    "-o",
    "--output",
    "out",
    type=_FILE,
    metavar="FILE",
    help="Write the answer there instead of to stdout.",
)
def rank(
    metrics: Path | None,
    normal: Path | None,
    calls: Path | None,
    target: str | None,
    onset: str | None,
    logs: Path | None,
    traces: Path | None,
    lang: str,
    form: str,
    out: Path | None,
) -> int:
    """Say where trouble began among many services: node, and which metric, log template or operation of it.

    Or that nothing is abnormal. Exit codes: 0 nothing abnormal, 1 a cause was found.
    """
    check_writable(out)
    if metrics is None and traces is None:
        raise click.UsageError("Give --metrics or --traces: without either there is nothing to compare.")
    if logs is not None and traces is None:
        raise click.UsageError("--logs needs --traces: a line is known by the span that wrote it.")
    from diagnostics.hypothesis_testing.fleet.answer import as_json
    from diagnostics.hypothesis_testing.fleet.files import Files, answer_of

    files = Files(metrics=metrics, normal=normal, graph=calls, logs=logs, traces=traces)
    answer = answer_of(files, target=target or None, onset=moment(onset))
    text = json.dumps(as_json(answer), ensure_ascii=False, indent=2) if form == "json" else term(answer, lang)
    write(text, out)
    return Exit.FOUND if answer.is_abnormal else Exit.OK


def moment(text: str | None) -> float | None:
    """Return a moment in Unix seconds.

    Raises:
        click.UsageError: It is neither a number nor a time.
    """
    if not text:
        return None
    from datetime import UTC, datetime

    try:
        return float(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        said = f"--onset takes Unix seconds or a time such as 2026-11-25T10:40, not {text!r}."
        raise click.UsageError(said) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def term(answer: Answer, lang: str) -> str:
    """Return the answer for a screen: the headline, then nodes with their reasons."""
    if not answer.is_abnormal:
        return f"{mark('healthy')} {click.style(words('Nothing abnormal', lang), bold=True)}  ({printable(answer.headline)})"
    said = words("It began at", lang)
    first = answer.ranking.ranked[0]
    lines = [
        f"{mark('root_cause_identified')} {said} {click.style(printable(first.node), bold=True)}: {printable(first.inner)}",
        f"  {printable(answer.headline)}",
        "",
    ]
    shown: Mapping[str, float] = answer.ranking.nodes
    for place, node in enumerate(list(shown)[:SHOWN], start=1):
        entry = next(r for r in answer.ranking.ranked if r.node == node)
        lines.append(f"{place:>3}. {shown[node]:>5.1%}  {printable(node)}  {printable(entry.inner)}")
        lines.extend(f"            {printable(reason)}" for reason in entry.reasons)
    off = words("none of these nodes", lang)
    lines.append(f"     {answer.ranking.unknown:>5.1%}  {off}")
    return "\n".join(lines)
