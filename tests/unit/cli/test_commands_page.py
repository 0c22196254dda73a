"""docs/reference/commands.md says what the command line takes: neither more nor less."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from diagnostics.cli.exits import EXIT_CODES
from diagnostics.cli.main import VERBS, cli
from diagnostics.cli.options import Option

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every verb with its words: ``sessions list`` is two of them."""
    context = click.Context(cli)
    for verb in VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        yield verb, command
        if isinstance(command, click.Group):
            yield from ((f"{verb} {name}", part) for name, part in command.commands.items())


def heading(words: str, command: click.Command) -> str:
    """Return the line that the section of a command begins with."""
    arguments = [
        parameter.make_metavar(click.Context(command)) for parameter in command.params if not options([parameter])
    ]
    return f"## `diagnose {' '.join([words, *arguments])}`"


def options(parameters: list[click.Parameter]) -> list[click.Option]:
    return [parameter for parameter in parameters if isinstance(parameter, click.Option)]


def row(words: str, option: click.Option) -> str:
    """Return an option's line: flags, variables, default, meaning."""
    flags = ", ".join(f"`{name}`" for name in sorted([*option.opts, *option.secondary_opts], key=len))
    prefix = "_".join(["DIAGNOSE", *words.split()]).upper()
    variables = option.variables(prefix) if isinstance(option, Option) else ()
    default = option.default if option.show_default else ""
    shown = f"`{default}`" if default not in ("", None) else ""
    limits = option.type.choices if isinstance(option.type, click.Choice) else ()
    meaning = (option.help or "").replace("|", "\\|")
    choice = f" ({', '.join(map(str, limits))})" if limits else ""
    return f"| {flags} | {' '.join(f'`{v}`' for v in variables)} | {shown} | {meaning}{choice} |"


COMMANDS = dict(commands())


@pytest.fixture(scope="module")
def sections() -> dict[str, list[str]]:
    """The page's sections: what follows each heading of a command, line by line."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            current = found.setdefault(line, [])
        else:
            current.append(line)
    return found


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_is_documented_with_its_variables_and_no_other_is(
    words: str, sections: dict[str, list[str]]
) -> None:
    command = COMMANDS[words]

    documented = [line for line in sections[heading(words, command)] if line.startswith("| `-")]

    assert documented == [row(words, option) for option in options(command.params)]


def test_every_option_of_every_verb_says_what_it_is_for() -> None:
    silent = [f"{words} {o.opts}" for words, command in COMMANDS.items() for o in options(command.params) if not o.help]

    assert silent == []


def test_every_option_can_be_given_as_a_variable() -> None:
    others = [
        f"{words} {o.opts}"
        for words, command in COMMANDS.items()
        for o in options(command.params)
        if not isinstance(o, Option) and "--help" not in o.opts
    ]

    assert others == []


def test_every_exit_code_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")

    missing = [code for code, meaning in EXIT_CODES.items() if f"| {code} | {meaning} |" not in page]

    assert missing == []


def test_the_page_knows_no_command_that_does_not_exist(sections: dict[str, list[str]]) -> None:
    named = {name for name in sections if name.startswith("## `diagnose ")}

    assert named == {heading(words, command) for words, command in COMMANDS.items()}
