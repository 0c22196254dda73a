"""``diagnose rollback``: undo a committed change of phase 5."""

from __future__ import annotations

from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import option, quiet_option
from diagnostics.cli.output import Progress, say


@click.command()
@click.argument("change", required=False)
@option("--list", "only_list", is_flag=True, help="List the changes of the store.")
@option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Store of changes; .diagnostics/changes when not given.",
)
@option("--force", is_flag=True, help="Also when somebody else wrote since; a copy of what is there is kept.")
@quiet_option
def rollback(change: str | None, only_list: bool, store: Path | None, force: bool, quiet: bool) -> int:
    """Restore what CHANGE (the newest committed one when not given) had changed, and verify the restore."""
    from diagnostics.model.change import ChangeState
    from diagnostics.safe_implementation import default_store, list_changes, rollback_change

    changes = list_changes(store or default_store())
    if only_list:
        for record in changes:
            say(f"{record.change_id:<34} {record.state or 'CORRUPT':<18} {record.description}")
        if not changes:
            say("No changes yet.")
        return Exit.OK
    if change is None:
        done = [record for record in changes if record.state is ChangeState.COMMITTED]
        undone = {record.revert_of for record in done}
        committed = [record for record in done if not record.revert_of and record.change_id not in undone]
        if not committed:
            raise click.ClickException(
                "there is no committed change to roll back; `diagnose rollback --list` shows all"
            )
        change = committed[-1].change_id
    progress = Progress(quiet=quiet)
    result = rollback_change(store, change, on_foreign_writes="restore" if force else "block", progress=progress.line)
    if result.succeeded:
        from diagnostics.diagnostic_orchestrator.marking import mark_beside
        from diagnostics.diagnostic_orchestrator.store import default_path
        from diagnostics.model.event import EventKind
        from diagnostics.runtime.clock import SYSTEM_CLOCK

        mark_beside(default_path(), EventKind.ROLLBACK, f"rollback of {change}", subject=change, at=SYSTEM_CLOCK.now())
    said = "rolled back" if result.succeeded else str(result.status)
    say(f"{change}: {said}" + (f". {result.error_message}" if result.error_message else ""))
    for step in result.steps:
        if step.detail:
            say(f"  {step.detail}")
    return Exit.OK if result.succeeded else Exit.ROLLBACK_FAILED
