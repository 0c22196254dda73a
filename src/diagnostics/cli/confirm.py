"""``diagnose confirm``: a change that would undo itself stays."""

from __future__ import annotations

from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import option
from diagnostics.cli.output import say


@click.command()
@click.argument("change", required=False)
@option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Store of changes; .diagnostics/changes when not given.",
)
def confirm(change: str | None, store: Path | None) -> int:
    """Say that CHANGE (the one that waits, when not given) stays; without this word it undoes itself."""
    from diagnostics.model.change import ChangeState
    from diagnostics.safe_implementation import confirm as confirm_change
    from diagnostics.safe_implementation import default_store, list_changes

    if change is None:
        waiting = [item for item in list_changes(store or default_store()) if item.state is ChangeState.UNCONFIRMED]
        if len(waiting) != 1:
            names = ", ".join(item.change_id for item in waiting) or "none"
            raise click.ClickException(f"name the change; waiting for confirmation: {names}")
        change = waiting[0].change_id
    say(f"{change}: {confirm_change(store, change).message}")
    return Exit.OK
