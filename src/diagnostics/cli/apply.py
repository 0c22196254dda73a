"""``diagnose apply``: phase 5 for the root cause of a stored session."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, format_option, option, pairs, quiet_option
from diagnostics.cli.output import Progress, printable, say
from diagnostics.cli.targets import target_from, target_options

if TYPE_CHECKING:
    from diagnostics.diagnostic_orchestrator.phases.remedying import RemedyPlan
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.safe_implementation import Watch


@click.command()
@target_options
@baseline_option
@option("--session", default="last", show_default=True, metavar="ID", help="Session whose root cause is cured.")
@option("--plan", "only_plan", is_flag=True, help="Show what would be done; change nothing.")
@option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Parameter of the remedy (columns=owner_id); repeatable.",
)
@option("--yes", is_flag=True, help="Do not ask; also consents to what cannot be undone.")
@option(
    "--confirm-within",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="The change undoes itself unless `diagnose confirm` is said in time.",
)
@option(
    "--guard",
    type=click.FloatRange(min=1),
    metavar="MINUTES",
    help="Ask --url before and after, and undo the change when it gets slower or fails more often within so long.",
)
@format_option("term", "json")
@quiet_option
def apply(
    baseline: Path | None,
    session: str,
    only_plan: bool,
    settings: tuple[str, ...],
    yes: bool,
    confirm_within: float | None,
    guard: float | None,
    form: str,
    quiet: bool,
    **flags: Any,
) -> int:
    """Plan or apply the remedy of a completed diagnosis: backup, journal, verification, rollback if it does not help.

    Give the same target flags as to `diagnose run`: passwords are not kept in sessions.
    """
    from diagnostics.causal_map import standard_map
    from diagnostics.diagnostic_orchestrator.phases.remedying import plan_remedy, run_remedy
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.change import Solution
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.runtime.clock import SYSTEM_CLOCK
    from diagnostics.system_monitor.baseline import read

    chosen = pairs(settings, "--set")
    normal = read(baseline) if baseline is not None else NO_BASELINE
    store = SessionStore()
    document = _diagnosed(store, session)
    cause = document["root_cause"]
    name = document["session_info"]["session_id"]
    target = target_from(name=document["session_info"].get("project_name", ""), **flags)
    subject = {**cause.get("subject", {}), **chosen}
    planned = plan_remedy(standard_map(), cause["mechanism"], subject, target, clock=SYSTEM_CLOCK)
    if only_plan or not planned.runs:
        say(_plan_json(planned) if form == "json" else _plan_text(cause, planned))
        if not planned.runs:
            lacking = " What is missing comes from the target flags or --set KEY=VALUE." if planned.plan is None else ""
            say(f"Nothing was changed.{lacking}", err=True)
        return Exit.OK if only_plan else Exit.INCONCLUSIVE
    assert planned.plan is not None
    if not yes and not _consents(cause, planned):
        say("Nothing was changed.", err=True)
        return Exit.INTERRUPTED
    progress = Progress(quiet=quiet)
    watch = None
    if guard is not None:
        watch = _guard(target.url, guard, progress)
    system = UltimateDiagnosticSystem(target=target, baseline=normal)
    system.watched_findings = (cause["mechanism"],)
    result = run_remedy(
        planned,
        Solution(
            description=planned.remedy.title,
            diagnosis_id=name,
            mechanism=planned.mechanism,
            remedy=planned.remedy.id,
            action=planned.remedy.action,
        ),
        target,
        still_present=lambda: system.look_again()[cause["mechanism"]],
        consent=True,
        watch=watch,
        confirm_within_seconds=None if confirm_within is None else 60 * confirm_within,
        clock=SYSTEM_CLOCK,
        progress=progress.line,
    )
    document.setdefault("performance_impact", {})["after_fix"] = dict(system.after)
    _remember(store, document, planned, result)
    from diagnostics.diagnostic_orchestrator.marking import kind_of, mark_beside

    title = f"{planned.plan.title} ({cause['mechanism']})"
    mark_beside(store.path, kind_of(str(result.status)), title, subject=name, at=SYSTEM_CLOCK.now())
    if form == "json":
        say(result.to_json())
    else:
        say(f"{result.status}: {planned.plan.title}" + (f". {result.error_message}" if result.error_message else ""))
        if result.backup_id and result.succeeded:
            if planned.plan.irreversible:
                say(f"This cannot be undone. {planned.plan.irreversible_reason}")
            else:
                say(f"To undo it: diagnose rollback {result.backup_id}")
            say(f"Next: diagnose watch --session {name} with the same target flags")
    return {"SUCCESS": Exit.OK, "UNCONFIRMED": Exit.OK, "ROLLBACK_BLOCKED": Exit.ROLLBACK_FAILED}.get(
        str(result.status), Exit.ROLLED_BACK
    )


def _guard(url: str | None, minutes: float, progress: Progress) -> Watch:
    """Measure what is normal now.

    Raises:
        click.UsageError: There is no URL to ask.
    """
    from diagnostics.safe_implementation.traffic import EndpointTraffic

    if not url:
        raise click.UsageError("--guard needs --url: what is asked before and after the change.")
    progress.line(f"guardrails: asking {url} for what is normal")
    return EndpointTraffic(url=url).watch(60 * minutes)


def _diagnosed(store: SessionStore, session: str) -> dict[str, Any]:
    """Return the session's document.

    Raises:
        DiagnosisIncompleteError: The iron law: there is no such session, or it has named no root cause.
    """
    from diagnostics.diagnostic_orchestrator.gate import missing_in_document
    from diagnostics.errors import DiagnosisIncompleteError, SessionNotFoundError

    try:
        document = store.load(session)
    except SessionNotFoundError as error:
        missing, step = missing_in_document({})
        known = "" if session == "last" else f" ({Exception.__str__(error)})"
        raise DiagnosisIncompleteError(missing, next_step=f"{step}{known}") from error
    missing, step = missing_in_document(document)
    if missing:
        raise DiagnosisIncompleteError(missing, next_step=step)
    return document


def _consents(cause: dict[str, Any], planned: RemedyPlan) -> bool:
    """Show the plan and ask a person.

    Raises:
        click.UsageError: There is nobody to ask.
    """
    assert planned.plan is not None
    say(_plan_text(cause, planned), err=True)
    question = "This cannot be undone. Apply it?" if planned.plan.irreversible else "Apply it?"
    try:
        return click.confirm(question, err=True)
    except click.Abort as error:
        if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
            raise click.UsageError(
                "There is no terminal to ask on. Look with --plan, then apply with --yes."
            ) from error
        raise


def _remember(store: SessionStore, document: dict[str, Any], planned: RemedyPlan, result: Any) -> None:
    from diagnostics.errors import DiagnosticsError
    from diagnostics.model.record import plain
    from diagnostics.runtime.clock import SYSTEM_CLOCK

    assert planned.plan is not None
    document["phases_completed"] = sorted({*document.get("phases_completed", []), "phase_5"})
    document["implementation"] = plain(result)
    document["solution"] = {
        "title": planned.plan.title,
        "risk_level": planned.assessment.get("risk_level", ""),
        "reasons": planned.assessment.get("reasons", []),
        "plan": list(planned.plan.steps),
        "backup": result.backup_id or "",
        "verification": plain(result.verification),
        "override": None,
    }
    document.setdefault("success_metrics", {})["solution_implemented"] = result.succeeded
    name, status = document["session_info"]["session_id"], document["verdict"]["status"]
    try:
        store.save(name, document, status=status, at=SYSTEM_CLOCK.now())
    except DiagnosticsError as error:
        # The journal of the change is what counts; how it ended must be said in any case.
        say(f"The session could not be updated: {error}", err=True)


def _plan_json(planned: RemedyPlan) -> str:
    from diagnostics.model.record import plain
    from diagnostics.reports.json_report import clean

    page = clean(plain(planned))
    if page.get("plan"):
        page["plan"].pop("parameters", None)
    return json.dumps(page, ensure_ascii=False, indent=2, allow_nan=False)


def _plan_text(cause: dict[str, Any], planned: RemedyPlan) -> str:
    cause = printable(cause)
    lines = [f"{click.style(cause['title'], bold=True)} ({cause['mechanism']}, {cause['posterior']:.0%})"]
    if planned.plan is None:
        lines.append(f"  {planned.remedy.title}: {planned.reason}")
        lines.extend(f"  {number}. {step}" for number, step in enumerate(planned.remedy.plan, 1))
        return "\n".join(lines)
    plan, risk = planned.plan, planned.assessment
    lines.append(f"  Remedy: {plan.title}")
    lines.append(
        f"  Risk: {risk.get('risk_level', '?')} (score {risk.get('complexity_score', '?')}), "
        f"rollback {risk.get('rollback_difficulty', '?')}, takes {risk.get('estimated_time', '?')}"
    )
    if plan.reason:
        lines.append(f"  Not applicable: {plan.reason}")
    if plan.irreversible:
        lines.append(f"  Cannot be undone: {plan.irreversible_reason}")
    for title, items in (("Steps", plan.steps), ("Runs", plan.commands), ("Undo", plan.undo_commands)):
        if items:
            lines.append(f"  {title}:")
            lines.extend(f"    - {printable(item)}" for item in items)
    if plan.dry_run:
        lines.append("  Now:")
        lines.extend(f"    {printable(line)}" for line in plan.dry_run.splitlines())
    if plan.applicable:
        lines.append("  It stays only when the finding flips; otherwise it is rolled back.")
    return "\n".join(lines)
