"""``diagnose report``: a session as text that one likes to read."""

from __future__ import annotations

from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.output import render, write


@click.command()
@click.argument("session", default="last")
@click.option("--format", "form", type=click.Choice(["term", "md", "html", "json"]), default="term", show_default=True)
@click.option("-o", "--output", "out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option("--lang", type=click.Choice(["en", "ru"]), default="en", show_default=True)
def report(session: str, form: str, out: Path | None, lang: str) -> int:
    """Render SESSION (its id, the beginning of it, or `last`)."""
    from diagnostics.diagnostic_orchestrator.store import SessionStore

    write(render(SessionStore().load(session), form, lang=lang), out)
    return Exit.OK
