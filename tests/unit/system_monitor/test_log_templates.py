"""Templates of one log: by message, level and exception; families where words vary like values."""

from __future__ import annotations

import doctest

import pytest

from diagnostics.log_templates import OTHER_TEXT
from diagnostics.system_monitor.probes import log_templates
from diagnostics.system_monitor.probes.log_lines import Level
from diagnostics.system_monitor.probes.log_templates import MOST_TEMPLATES, Collector, path_template


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/17/meetings?day=2", "/users/{id}/meetings"),
        ("/users/17", "/users/{id}"),
        ("/a/3fa85f64-5717-4562-b3fc-2c963f66afa6/b", "/a/{id}/b"),
        ("/api/v1/meetings", "/api/v1/meetings"),
        ("/", "/"),
    ],
)
def test_identifiers_in_paths_are_replaced(path: str, expected: str) -> None:
    assert path_template(path) == expected


def test_a_known_message_is_found_whatever_its_values() -> None:
    collected = Collector()
    learnt = collected.learn(Level.INFO, "user 17 came")

    assert collected.known(Level.INFO, "user 18 came") is learnt
    assert collected.known(Level.ERROR, "user 18 came") is None
    assert collected.known(Level.INFO, "user 18 went") is None


def test_one_message_with_two_exceptions_is_two_templates() -> None:
    collected = Collector()

    one = collected.learn(Level.ERROR, "job 1 failed", exception="KeyError", frame="run (app.py:7)", remember=False)
    other = collected.learn(Level.ERROR, "job 2 failed", exception="OSError", frame="run (app.py:7)", remember=False)
    again = collected.learn(Level.ERROR, "job 3 failed", exception="KeyError", frame="run (app.py:7)", remember=False)

    assert one is again
    assert one is not other
    assert len(collected.families()) == 2
    assert collected.known(Level.ERROR, "job 4 failed") is None


def test_words_that_vary_like_values_make_a_family_within_one_level() -> None:
    collected = Collector()
    for name in ("anna", "boris", "clara", "dmitri", "eva"):
        collected.learn(Level.WARNING, f"user {name} is locked out")
    collected.learn(Level.ERROR, "user fyodor is locked out")

    found = {(family.text, family.members[0].level): len(family.members) for family in collected.families()}

    assert found == {("user <*> is locked out", Level.WARNING): 5, ("user <*> is locked out", Level.ERROR): 1}


def test_memory_is_bounded_and_nothing_is_lost() -> None:
    collected = Collector()
    for number in range(MOST_TEMPLATES + 500):
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        collected.learn(Level.INFO, f"message {word}").moments.append(1.0)

    assert len(collected.templates) <= MOST_TEMPLATES + 1
    assert sum(len(t.moments) for t in collected.templates.values()) == MOST_TEMPLATES + 500
    assert any(family.text == OTHER_TEXT for family in collected.families())


def test_the_examples_run() -> None:
    assert doctest.testmod(log_templates).failed == 0
