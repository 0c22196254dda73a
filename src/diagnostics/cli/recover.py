"""``diagnose recover``: after a crash in the middle of a change."""

from __future__ import annotations

from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import option
from diagnostics.cli.output import say


@click.command()
@option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Store of changes; .diagnostics/changes when not given.",
)
@option("--change", metavar="ID", help="A change that waits for a person's decision.")
@option("--keep", "decision", flag_value="keep", help="With --change: keep what is there now.")
@option(
    "--restore",
    "decision",
    flag_value="restore",
    help="With --change: restore the state before; a copy of what is there is kept.",
)
def recover(store: Path | None, change: str | None, decision: str | None) -> int:
    """Finish or undo whatever a crash left open. Idempotent; it may itself be killed at any point."""
    from diagnostics.safe_implementation import recover as recover_store
    from diagnostics.safe_implementation import resolve

    if change is not None:
        if decision is None:
            raise click.UsageError("--change needs --keep or --restore")
        outcomes = [resolve(store, change, decision)]
    else:
        outcomes = recover_store(store)
    for outcome in outcomes:
        say(f"{outcome.change_id}: {outcome.message}")
        for conflict in outcome.conflicts:
            say(f"  - {conflict}")
        if outcome.by_hand:
            say("  By hand:")
            for command in outcome.by_hand:
                say(f"    {command}")
    if not outcomes:
        say("Nothing was left open.")
    return Exit.ROLLBACK_FAILED if any(outcome.needs_person for outcome in outcomes) else Exit.OK
