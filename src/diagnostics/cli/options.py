"""Options that know their environment variables, and those that several verbs share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

#: Bytes of an error text that are read.
MOST_INPUT = 2 << 20

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option that is also read from ``DIAGNOSE_<VERB>_<FLAG>``, and from a short name where it has one.

    The variable is named after the flag that a person types (``--pid``), not after our parameter (``pids``).
    """

    @property
    def flag(self) -> str:
        """The long form, as it is typed."""
        return max(self.opts, key=len)

    def variables(self, prefix: str | None) -> tuple[str, ...]:
        """Return the variables that are read, the most particular one first."""
        own = (f"{prefix}_{self.flag.lstrip('-').upper().replace('-', '_')}",) if prefix else ()
        short = (self.envvar,) if isinstance(self.envvar, str) else tuple(self.envvar or ())
        return (*own, *short)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        return next((os.environ[name] for name in self.variables(ctx.auto_envvar_prefix) if os.environ.get(name)), None)

    def get_error_hint(self, ctx: click.Context | None) -> str:  # type: ignore[override, unused-ignore]
        """Name the variable when the wrong value came from one: nobody sees it on the line that was typed."""
        hint = super().get_error_hint(ctx)
        if ctx is None or ctx.get_parameter_source(self.name or "") is not click.core.ParameterSource.ENVIRONMENT:
            return hint
        found = [name for name in self.variables(ctx.auto_envvar_prefix) if os.environ.get(name)]
        return f"{hint} (from {found[0]})" if found else hint


option = partial(click.option, cls=Option)

lang_option = option(
    "--lang",
    type=click.Choice(["en", "ru"]),
    default="en",
    show_default=True,
    envvar="DIAGNOSE_LANG",
    help="Language of headings and titles; data and keys stay English.",
)
error_option = option(
    "--error",
    default="",
    metavar="TEXT",
    help="Error message or traceback, as it was seen; `-` reads it from standard input.",
)
quiet_option = option("-q", "--quiet", is_flag=True, help="No progress.")
baseline_option = option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    envvar="DIAGNOSE_BASELINE",
    help="What is normal: a file that `diagnose record` wrote.",
)
session_argument = click.argument("session", default="last")


def format_option(*forms: str) -> Callable[[F], F]:
    """Return ``--format`` with the forms that a verb has, the first of them by default."""
    return option(
        "--format",
        "form",
        type=click.Choice(list(forms)),
        default=forms[0],
        show_default=True,
        help="Form of the result.",
    )


def text_or_stdin(text: str) -> str:
    """Return the text; what standard input holds for ``-``, whose end says most when there is too much of it."""
    if text != "-":
        return text
    if sys.stdin is None or sys.stdin.closed:
        raise click.UsageError("--error - reads standard input, which is closed here.")
    return sys.stdin.buffer.read()[-MOST_INPUT:].decode("utf-8", "replace")


def pairs(items: tuple[str, ...], flag: str) -> Mapping[str, str]:
    """Return what was given as KEY=VALUE.

    Raises:
        click.UsageError: One of them has no key or no "=".
    """
    found = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not separator or not key.strip():
            raise click.UsageError(f"{flag} takes KEY=VALUE, for example {flag} deploy=10:40; one of them is not.")
        found[key.strip()] = value.strip()
    return found
