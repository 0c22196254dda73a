"""``diagnose sessions``: what was diagnosed before."""

from __future__ import annotations

import json

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import format_option, lang_option, option, session_argument
from diagnostics.cli.output import printable, say


@click.group(invoke_without_command=True)
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """List, show, resume or delete stored sessions."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sessions)


@sessions.command("list")
@format_option("term", "json")
@option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
def list_sessions(form: str = "term", limit: int = 20) -> int:
    """List sessions, newest first."""
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.model.record import plain

    found = SessionStore().list(limit=limit)
    if form == "json":
        say(json.dumps([plain(s) for s in found], ensure_ascii=False, indent=2))
        return Exit.OK
    if not found:
        say("No sessions yet. `diagnose run` begins one.")
    for stored in found:
        row = printable(plain(stored))
        say(
            f"{row['session_id']:<28} {str(row.get('updated_at', ''))[:19]}  {row['status']:<22} {row.get('title', '')}"
        )
    return Exit.OK


@sessions.command("show")
@session_argument
@lang_option
@format_option("term", "json", "md")
def show(session: str, lang: str, form: str) -> int:
    """Show a session (its id, the beginning of it, or `last`)."""
    from diagnostics.cli.output import render
    from diagnostics.diagnostic_orchestrator.store import SessionStore

    say(render(SessionStore().load(session), form, lang=lang))
    return Exit.OK


@sessions.command("resume")
@session_argument
def resume(session: str) -> int:
    """Say what a session still needs, and the command that gets it."""
    from diagnostics.diagnostic_orchestrator.store import SessionStore

    document = SessionStore().load(session)
    done = set(document.get("phases_completed", []))
    info = document.get("session_info", {})
    name = info.get("session_id", session)
    left = [f"phase_{n}" for n in range(1, 7) if f"phase_{n}" not in done]
    say(f"{name}: done {', '.join(sorted(done)) or 'nothing'}; left {', '.join(left) or 'nothing'}")
    status = (document.get("verdict") or {}).get("status")
    if {"phase_1", "phase_2", "phase_3", "phase_4"} - done or status != "root_cause_identified":
        problem = json.dumps(info.get("problem_description", ""), ensure_ascii=False)
        say(f"Next: diagnose run {problem} with the same target flags")
    elif "phase_5" not in done:
        say(f"Next: diagnose apply --session {name} --plan")
    elif "phase_6" not in done:
        say(f"Next: diagnose watch --session {name} with the same target flags")
    return Exit.OK


@sessions.command("delete")
@click.argument("session")
def delete(session: str) -> int:
    """Delete a stored session."""
    from diagnostics.diagnostic_orchestrator.store import SessionStore

    say(f"deleted {SessionStore().delete(session)}")
    return Exit.OK
