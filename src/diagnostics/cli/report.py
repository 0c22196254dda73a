"""``diagnose report``: a session as text that one likes to read."""

from __future__ import annotations

from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, lang_option, option, session_argument
from diagnostics.cli.output import check_writable, render, write


@click.command()
@session_argument
@format_option("term", "md", "html", "json")
@option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there instead of to stdout.",
)
@lang_option
def report(session: str, form: str, out: Path | None, lang: str) -> int:
    """Render SESSION (its id, the beginning of it, or `last`)."""
    check_writable(out)
    from diagnostics.diagnostic_orchestrator.store import SessionStore

    write(render(SessionStore().load(session), form, lang=lang), out)
    return Exit.OK
