"""Options read their variables; wrong values from them are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from diagnostics.cli.main import cli
from diagnostics.cli.options import pairs
from diagnostics.cli.targets import target_from, target_options
from diagnostics.diagnostic_orchestrator.store import default_path
from diagnostics.errors import ConfigurationError
from diagnostics.safe_implementation import default_store


@click.group(context_settings={"auto_envvar_prefix": "DIAGNOSE"})
def group() -> None:
    """Stand in for the command line."""


@group.command()
@target_options
def look(**flags: Any) -> None:
    """Print the target as it was understood."""
    target = target_from(**flags)
    click.echo([target.pids, target.database_url, target.url, target.services, [str(p) for p in target.logs]])


def answer(*arguments: str, **variables: str) -> str:
    """Return what the command understood, without variables of the person who runs the tests."""
    clean: dict[str, str | None] = {f"DIAGNOSE_{n}": None for n in ("PID", "DB", "URL", "SERVICE", "LOG", "REPO")}
    found = CliRunner().invoke(group, ["look", *arguments], env={**clean, **variables})
    return found.output.strip() or str(found.exception)


def test_the_short_variable_of_a_target_is_read() -> None:
    assert answer(DIAGNOSE_DB="postgresql://a:b@c/d", DIAGNOSE_URL="http://x:1") == str(
        [(), "postgresql://a:b@c/d", "http://x:1", (), []]
    )


def test_the_variable_of_the_verb_wins_over_the_short_one_and_the_flag_over_both() -> None:
    both = {"DIAGNOSE_DB": "postgresql://short/d", "DIAGNOSE_LOOK_DB": "postgresql://verb/d"}

    assert "postgresql://verb/d" in answer(**both)
    assert "postgresql://flag/d" in answer("--db", "postgresql://flag/d", **both)


def test_an_empty_variable_is_none() -> None:
    assert answer(DIAGNOSE_LOOK_DB="", DIAGNOSE_DB="postgresql://short/d", DIAGNOSE_PID="").startswith(
        "[(), 'postgresql://short/d'"
    )


def test_several_values_are_split_by_spaces_and_paths_by_colons() -> None:
    found = answer(DIAGNOSE_PID="12 13", DIAGNOSE_SERVICE="http://a http://b", DIAGNOSE_LOG="/x y/a.log:/b.log")

    assert found == str([(12, 13), None, None, ("http://a", "http://b"), ["/x y/a.log", "/b.log"]])


def test_a_wrong_value_from_a_variable_names_the_variable() -> None:
    assert "DIAGNOSE_PID" in answer(DIAGNOSE_PID="abc")
    assert "DIAGNOSE_PID" not in answer("--pid", "abc")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"db": "sqlite:///app.db"}, "only PostgreSQL can be looked at"),
        ({"db": "mysql+pymysql://u:hunter2@h/d"}, "a mysql database"),
        ({"db": "nonsense"}, "not a PostgreSQL URL"),
        ({"db": "postgresql://u:hunter2@h:port/d"}, "its port is no number"),
        ({"db": "postgresql://u:hunter2@[::1/d"}, "not a database URL"),
        ({"url": "127.0.0.1:8000"}, "--url is not an HTTP URL"),
        ({"url": "http://[::1"}, "--url is not an HTTP URL"),
        ({"url": "http://h:99999"}, "--url is not an HTTP URL"),
        ({"services": ("ftp://h",)}, "--service is not an HTTP URL"),
    ],
)
def test_a_wrong_url_is_explained_without_repeating_its_password(flags: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        target_from(**flags)

    assert error.value.hint
    assert "hunter2" not in str(error.value)


def test_pairs_are_taken_apart_at_the_first_equals_sign() -> None:
    assert pairs(("a = b=c", "d="), "--context") == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("item", ["nokey", "=value", ""])
def test_a_pair_without_key_or_sign_is_wrong_usage(item: str) -> None:
    with pytest.raises(click.UsageError, match="KEY=VALUE"):
        pairs((item,), "--set")


def test_sessions_and_changes_share_one_variable_whether_it_names_a_folder_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIAGNOSE_STORE", str(tmp_path))
    assert (default_path(), default_store()) == (tmp_path / "sessions.db", tmp_path)

    monkeypatch.setenv("DIAGNOSE_STORE", str(tmp_path / "mine.db"))
    assert (default_path(), default_store()) == (tmp_path / "mine.db", tmp_path / "changes")


def test_an_unknown_command_gets_the_closest_name() -> None:
    assert "Did you mean rollback?" in CliRunner().invoke(cli, ["rolback"]).output
    assert "Choose from: doctor" in CliRunner().invoke(cli, ["xyzzy"]).output


def test_an_output_in_a_missing_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    found = CliRunner().invoke(cli, ["run", "x", "-o", str(tmp_path / "no" / "such.json")])

    assert found.exit_code != 0
    assert "there is no folder" in found.output
    assert "Looking" not in found.output
