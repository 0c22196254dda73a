"""``diagnose check``: one look, with the exit codes that monitoring knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.options import baseline_option, format_option, option
from diagnostics.cli.output import printable, say
from diagnostics.cli.targets import target_from, target_options

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
_WORDS = {OK: "OK", WARNING: "WARNING", CRITICAL: "CRITICAL", UNKNOWN: "UNKNOWN"}


@click.command()
@click.argument("names", nargs=-1, metavar="[MECHANISM]...")
@target_options
@baseline_option
@option(
    "--deadline",
    type=click.FloatRange(min=1.0, max=600.0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="For the whole look.",
)
@format_option("term", "json")
def check(names: tuple[str, ...], baseline: Path | None, deadline: float, form: str, **flags: Any) -> int:
    """Look once at the given mechanisms and symptoms (all symptoms when none is given). No data is never OK.

    Exit codes are those of monitoring plug-ins: 0 ok, 1 warning, 2 critical, 3 unknown.
    """
    from diagnostics.causal_map import standard_map
    from diagnostics.diagnostic_orchestrator.phases import looking
    from diagnostics.model.finding import NO_BASELINE, State
    from diagnostics.model.mechanism import Kind
    from diagnostics.model.problem import Problem
    from diagnostics.runtime.clock import SYSTEM_CLOCK
    from diagnostics.system_monitor.baseline import read

    known = standard_map()
    wanted = [known[name].id for name in names] or [node.id for node in known.of_kind(Kind.SYMPTOM)]
    normal = read(baseline) if baseline is not None else NO_BASELINE
    observations = looking.observe(
        target_from(**flags),
        engine=None,
        baseline=normal,
        clock=SYSTEM_CLOCK,
        deadline_seconds=deadline,
        window_seconds=1.0,
    )
    evidence = looking.evidence_of(
        observations, problem=Problem(), triage=None, baseline=normal, now=SYSTEM_CLOCK.now()
    )
    found = {f.mechanism: f for f in looking.findings_of(known, evidence, None)}
    rows = [found[id_] for id_ in wanted]
    present = [f for f in rows if f.state is State.PRESENT]
    looked = [f for f in rows if f.state is not State.UNKNOWN]
    symptoms = {node.id for node in known.of_kind(Kind.SYMPTOM)}
    if any(f.mechanism in symptoms or f.strength >= 5 for f in present):
        code = CRITICAL
    elif present:
        code = WARNING
    elif not looked or (names and len(looked) < len(rows)):
        code = UNKNOWN
    else:
        code = OK
    if form == "json":
        page = {
            "status": _WORDS[code].lower(),
            "checks": [{"name": f.mechanism, "state": f.state, "detail": f.sentence} for f in rows],
        }
        say(json.dumps(page, ensure_ascii=False, indent=2))
    else:
        said = printable("; ".join(f.sentence for f in (present or looked or rows)[:3]))
        say(f"{_WORDS[code]} - {said}")
    return code
