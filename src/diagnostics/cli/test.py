"""``diagnose test``: hypotheses by their predictions and falsifiers; reads only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, format_option, option
from diagnostics.cli.output import check_writable, mark, printable, write
from diagnostics.cli.targets import target_from, target_options

if TYPE_CHECKING:
    from diagnostics.model.hypothesis import HypothesisResult


@click.command()
@click.argument("names", nargs=-1, metavar="[HYPOTHESIS]...")
@option(
    "--hypotheses",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="TOML file with hypotheses of your own; it may name Python functions, so trust who wrote it.",
)
@target_options
@baseline_option
@option(
    "--deadline",
    type=click.FloatRange(min=1.0, max=600.0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For each hypothesis.",
)
@format_option("term", "json")
@option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write the result there instead of to stdout.",
)
def test(
    names: tuple[str, ...],
    file: Path | None,
    baseline: Path | None,
    deadline: float,
    form: str,
    out: Path | None,
    **flags: Any,
) -> int:
    """Test each HYPOTHESIS: a mechanism of the causal map, a common one, one of FILE or of a plug-in.

    Without names, all of FILE (or of the plug-ins). Exit code 1 when one is supported, 0 when all are refuted, else 4.
    """
    check_writable(out)
    from diagnostics.diagnostic_orchestrator.phases import hypotheses, looking
    from diagnostics.hypothesis_testing.tester import HypothesisTester
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.model.hypothesis import Verdict
    from diagnostics.plugins.registry import full_map
    from diagnostics.runtime.clock import SYSTEM_CLOCK
    from diagnostics.system_monitor.baseline import read

    target, known = target_from(**flags), full_map()
    normal = read(baseline) if baseline is not None else NO_BASELINE

    def look() -> Any:
        return looking.look_once(
            target, causal_map=known, baseline=normal, clock=SYSTEM_CLOCK, deadline_seconds=min(8.0, deadline / 2)
        )

    chosen = hypotheses.resolve(
        names,
        file=file,
        target=target,
        look=look,
        causal_map=known,
        engine=_engine(target.database_url) if "database_connectivity_issues" in names else None,
        service=next((url for url in target.services if url.startswith("http")), None),
    )
    tester = HypothesisTester()
    results = [tester.test(h, deadline_seconds=deadline) for h in chosen]
    if form == "json":
        page = {"schema_version": 1, "hypotheses": [r.to_dict() for r in results]}
        write(json.dumps(page, ensure_ascii=False, indent=2), out)
    else:
        write("\n\n".join(_shown(r) for r in results), out)
    verdicts = {r.verdict for r in results}
    if Verdict.SUPPORTED in verdicts:
        return Exit.FOUND
    return Exit.OK if verdicts == {Verdict.REFUTED} else Exit.INCONCLUSIVE


def _engine(url: str | None) -> Any:
    if url is None:
        return None
    from sqlalchemy import create_engine

    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))


def _shown(result: HypothesisResult) -> str:
    lines = [
        click.style(result.hypothesis, bold=True)
        + f": {result.verdict}, posterior {result.posterior:.0%} (prior {result.prior:.0%})",
        f"  {printable(result.conclusion)}",
    ]
    for c in result.conditions:
        state = {True: "healthy", False: "root_cause_identified", None: "unknown"}[c.passed]
        kind = "falsifier, " if c.refutes else ""
        times = f" {c.successes}/{c.trials}" if c.trials > 1 else ""
        said = c.error if c.passed is None else c.actual
        corrected = f" (p {c.p_value:.2g}, corrected for {c.tests} tests)" if c.p_value is not None else ""
        lines.append(f"  {mark(state)} {kind}{printable(c.name)}{times}: {printable(said)}{corrected}")
    lines += [f"  → {printable(advice)}" for advice in result.recommendations[:3]]
    return "\n".join(lines)
