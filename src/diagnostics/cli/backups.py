"""``diagnose backups``: what was kept before changes, and what was kept on its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, option, quiet_option
from diagnostics.cli.output import Progress, printable, say

if TYPE_CHECKING:
    from diagnostics.safe_implementation import SafeImplementationManager

store_option = option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Store of changes; .diagnostics/changes when not given.",
)


def _manager(store: Path | None, quiet: bool = True) -> SafeImplementationManager:
    from diagnostics.safe_implementation import SafeImplementationManager

    return SafeImplementationManager(backup_dir=store, progress=Progress(quiet=quiet).line)


@click.group(invoke_without_command=True)
@click.pass_context
def backups(ctx: click.Context) -> None:
    """List, verify, restore or prune backups."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_backups)


@backups.command("list")
@store_option
@format_option("term", "json")
def list_backups(store: Path | None = None, form: str = "term") -> int:
    """List backups, oldest first: those that stand alone, and those that a change was made over."""
    from diagnostics.model.record import plain

    found = _manager(store).all_backups()
    if form == "json":
        say(json.dumps([plain(item) for item in found], ensure_ascii=False, indent=2))
        return Exit.OK
    for item in found:
        row = printable(plain(item))
        say(f"{row['backup_id']:<36} {str(row['timestamp'])[:19]}  {item.size / 1e6:>9.1f} MB  {row['description']}")
    if not found:
        say("No backups yet.")
    return Exit.OK


@backups.command("verify")
@click.argument("backup")
@store_option
def verify(backup: str, store: Path | None) -> int:
    """Read every byte that restoring BACKUP needs, compare it with its checksum, and restore the files on trial."""
    wrong = _manager(store).check_backup(backup)
    for text in wrong:
        say(f"{backup}: {text}")
    if not wrong:
        say(f"{backup}: whole")
    return Exit.ROLLBACK_FAILED if wrong else Exit.OK


@backups.command("restore")
@click.argument("backup")
@store_option
@option("--yes", is_flag=True, help="Do not ask.")
@quiet_option
def restore(backup: str, store: Path | None, yes: bool, quiet: bool) -> int:
    """Bring back what BACKUP holds, as a change of its own: journaled, and undone when it fails."""
    manager = _manager(store, quiet)
    state = manager.find_backup(backup)
    if not yes:
        names = ", ".join(printable(list(state.scope))) or "nothing"
        click.confirm(
            f"Overwrite {names} with what was kept at {state.timestamp:%Y-%m-%d %H:%M:%S} UTC?", abort=True, err=True
        )
    result = manager.restore_backup(state)
    said = "restored" if result.succeeded else str(result.status)
    say(f"{backup}: {said}" + (f". {result.error_message}" if result.error_message else ""))
    return Exit.OK if result.succeeded else Exit.ROLLBACK_FAILED


@backups.command("prune")
@store_option
@option("--keep", type=click.IntRange(min=0), default=10, show_default=True, help="So many of the latest stay.")
@option("--days", type=click.FloatRange(min=0), default=14, show_default=True, help="Whatever is younger stays too.")
@option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(store: Path | None, keep: int, days: float, dry_run: bool) -> int:
    """Remove old backups and changes that have ended, and the contents that nothing needs any more."""
    done = _manager(store).prune_backups(keep=keep, days=days, dry_run=dry_run)
    if done.reason:
        say(f"Nothing was removed: {done.reason}.")
        return Exit.INCONCLUSIVE
    verb = "would go" if dry_run else "went"
    say(
        f"{len(done.changes)} changes, {len(done.backups)} backups and {done.objects} contents ({done.size / 1e6:.1f} MB) {verb}."
    )
    return Exit.OK
