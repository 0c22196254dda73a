"""``diagnose``: the verbs, loaded when they are called, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from diagnostics.cli.exits import EXIT_CODES, Exit
from diagnostics.cli.output import prepare_streams, say

#: verb -> (module:attribute, one line of help). The order is the order in which a newcomer meets them.
VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("doctor:doctor", "Check this installation: Python, extras, permissions, database, clock."),
    "demo": ("demo:demo", "A small backend falls sick, is diagnosed, cured, verified and watched."),
    "run": ("run:run", "Phases 1 to 4: triage, look, test, ask why. Changes nothing."),
    "record": ("record:record", "Beside a healthy system: write down what is normal, for --baseline."),
    "triage": ("triage:triage", "Phase 1 alone: classify a report, or many from a file."),
    "test": ("test:test", "Test hypotheses: of the causal map, common ones, or your own from a TOML file."),
    "apply": ("apply:apply", "Phase 5: plan or apply the remedy of a completed diagnosis."),
    "rollback": ("rollback:rollback", "Undo a change of phase 5 from its backup."),
    "confirm": ("confirm:confirm", "A change that would undo itself stays."),
    "backups": ("backups:backups", "List, verify, restore or prune backups."),
    "recover": ("recover:recover", "After a crash: finish or undo what a journal left open."),
    "sessions": ("sessions:sessions", "List, show, resume or delete stored sessions."),
    "report": ("report:report", "Render the report of a session: terminal, Markdown, HTML or JSON."),
    "check": (
        "check:check",
        "One-shot health check for cron and CI: 0 ok, 1 warning, 2 critical, 3 unknown.",
    ),
    "watch": ("watch:watch", "Phase 6: watch a target and say when a finding returns."),
    "serve": ("serve:serve", "Show traffic lights, charts, alerts and diagnoses in the browser."),
    "logs": ("logs:logs", "What logs hold: templates, what is new since the onset, what changed its rate."),
    "alerts": ("alerts:alerts", "List alerts, and notices that no receiver took; test the receivers."),
    "export": ("export:export", "Print a Grafana dashboard or alert rules for Prometheus."),
    "rank": ("rank:rank", "Many services: where did it begin? From metrics, logs and traces in files."),
    "explain": ("explain:explain", "What a mechanism is, how it is recognised, told apart and cured."),
}


class Verbs(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = VERBS.get(cmd_name)
        if place is None:
            return None
        module, attribute = place[0].split(":")
        command: click.Command = getattr(import_module(f"diagnostics.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, place[1]) for verb, place in VERBS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], VERBS, n=2)
            hint = f" Did you mean {' or '.join(close)}?" if close else f" Choose from: {', '.join(VERBS)}."
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DIAGNOSE"},
    epilog="\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES.items()),
)
@click.version_option(package_name="ultimate-diagnostics", prog_name="diagnose")
def cli() -> None:
    """Find the root cause of a sick Python backend with evidence, and cure it safely.

    No solution without a completed diagnosis.
    """


def main() -> None:
    """Run the command line; whatever happens is one clear message and a documented exit code, never a traceback."""
    prepare_streams()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    # Monitoring takes 2 for critical and 3 for unknown, whatever our other verbs mean by them.
    verb = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    checking = verb == "check"
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else Exit.OK)
    except SystemExit as end:
        # click ends so when the reader of a help page has gone; nothing else of ours ends with a BrokenPipeError.
        sys.exit(Exit.OK if isinstance(end.__context__, BrokenPipeError) else end.code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # the second Ctrl-C of an impatient person changes nothing any more
        _say_interrupted(verb)
        sys.exit(Exit.CHECK_UNKNOWN if checking else Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.CHECK_UNKNOWN if checking else Exit.USAGE)
    except Exception as error:  # noqa: BLE001 - the last place where it can still become a clear message
        code = _explain(error)
        sys.exit(Exit.CHECK_UNKNOWN if checking else code)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does: a change in the middle is undone first, a session is kept."""
    raise KeyboardInterrupt


def _say_interrupted(verb: str) -> None:
    say("Interrupted. A session that was begun is kept: `diagnose sessions` lists it.", err=True)
    if verb in ("apply", "rollback", "recover"):
        say("`diagnose recover` finishes the way back, should anything have been left open.", err=True)


def _explain(error: Exception) -> Exit:
    """Say what happened and what to do; return the exit code that stands for it."""
    from diagnostics.errors import (
        ConfigurationError,
        DiagnosisIncompleteError,
        DiagnosticsError,
        MissingExtraError,
        SessionNotFoundError,
    )

    if isinstance(error, DiagnosisIncompleteError):
        say(f"Refused: {error}", err=True)
        return Exit.REFUSED
    if isinstance(error, DiagnosticsError):
        say(f"{error.code}: {error}", err=True)
        usage = isinstance(error, (ConfigurationError, MissingExtraError, SessionNotFoundError))
        return Exit.USAGE if usage else Exit.INCONCLUSIVE
    return _unexpected(error)


def _unexpected(error: Exception) -> Exit:
    import traceback

    from diagnostics.runtime.redaction import redact, shorten

    where = traceback.extract_tb(error.__traceback__)[-1]
    said = shorten(redact(" ".join(str(error).split())), 300) or "no message"
    say(
        f"DIAG-0000: unexpected {type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {said}\n"
        "This is a mistake in diagnose, not in your system. A session that was begun is kept (`diagnose sessions`); "
        "set DIAGNOSE_DEBUG=1 to see the traceback, and report it, please.",
        err=True,
    )
    if os.environ.get("DIAGNOSE_DEBUG"):
        say(redact("".join(traceback.format_exception(error))), err=True)
    return Exit.INCONCLUSIVE
