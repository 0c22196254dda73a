"""``diagnose``: the verbs, loaded when they are called, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from diagnostics.cli.exits import EXIT_CODES, Exit

#: verb -> (module:attribute, one line of help). The order is the order in which a newcomer meets them.
VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("doctor:doctor", "Check this installation: Python, extras, permissions, database, clock."),
    "demo": ("demo:demo", "A small backend falls sick, is diagnosed, cured, verified and watched."),
    "run": ("run:run", "Phases 1 to 4: triage, look, test, ask why. Changes nothing."),
    "record": ("record:record", "Beside a healthy system: write down what is normal, for --baseline."),
    "triage": ("triage:triage", "Phase 1 alone: classify a report, or many from a file."),
    "apply": ("apply:apply", "Phase 5: plan or apply the remedy of a completed diagnosis."),
    "rollback": ("rollback:rollback", "Undo a change of phase 5 from its backup."),
    "recover": ("recover:recover", "After a crash: finish or undo what a journal left open."),
    "sessions": ("sessions:sessions", "List, show, resume or delete stored sessions."),
    "report": ("report:report", "Render the report of a session: terminal, Markdown, HTML or JSON."),
    "check": (
        "check:check",
        "One-shot health check for cron and CI: 0 ok, 1 warning, 2 critical, 3 unknown.",
    ),
    "watch": ("watch:watch", "Phase 6: watch a target and say when a finding returns."),
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
    """Run the command line; an error raised on purpose is one clear message, never a traceback."""
    from diagnostics.errors import ConfigurationError, DiagnosisIncompleteError, DiagnosticsError

    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else Exit.OK)
    except click.exceptions.Abort:
        click.echo("Interrupted. A session that was begun is kept: `diagnose sessions` lists it.", err=True)
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except DiagnosisIncompleteError as error:
        click.echo(f"Refused: {error}", err=True)
        sys.exit(Exit.REFUSED)
    except ConfigurationError as error:
        click.echo(f"{error.code}: {error}", err=True)
        sys.exit(Exit.USAGE)
    except DiagnosticsError as error:
        click.echo(f"{error.code}: {error}", err=True)
        sys.exit(Exit.INCONCLUSIVE)
    except KeyboardInterrupt:
        click.echo("Interrupted. A session that was begun is kept: `diagnose sessions` lists it.", err=True)
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader (head, less) has gone; Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
