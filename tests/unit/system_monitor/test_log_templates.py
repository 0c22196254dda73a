"""Messages that differ only in what varies are one template."""

from __future__ import annotations

import doctest

import pytest

from diagnostics.system_monitor.probes import log_templates
from diagnostics.system_monitor.probes.log_lines import Level
from diagnostics.system_monitor.probes.log_templates import MOST_TEMPLATES, OTHER, Miner, mask, path_template


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user 17 not found", "user 912 not found"),
        ("job 3fa85f64-5717-4562-b3fc-2c963f66afa6 done", "job 11111111-5717-4562-b3fc-2c963f66afa6 done"),
        ("key 'a b' is missing", "key 'other' is missing"),
        ("peer 10.0.0.1:5432 gone", "peer 192.168.7.14:80 gone"),
        ("due 2026-11-25T07:30:00Z", "due 2025-01-02 03:04:05.123"),
        ("at 0x7f001122", "at 0xdeadbeef"),
        ("took -3.5 s", "took 12 s"),
        ("mail to a.b@example.org", "mail to xyz@mail.example.com"),
    ],
)
def test_what_varies_is_masked(one: str, other: str) -> None:
    assert one != other
    assert mask(one) == mask(other)


def test_what_differs_in_words_stays_apart() -> None:
    assert mask("connection refused") != mask("connection reset")


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


def test_a_known_message_is_found_whatever_its_digits() -> None:
    miner = Miner()
    learnt = miner.learn(Level.INFO, "user 17 came")

    assert miner.known(Level.INFO, "user 18 came") is learnt
    assert miner.known(Level.ERROR, "user 18 came") is None
    assert miner.known(Level.INFO, "user 18 went") is None


def test_memory_is_bounded_and_nothing_is_lost() -> None:
    miner = Miner()
    for number in range(MOST_TEMPLATES + 500):
        word = "".join(chr(97 + int(digit)) for digit in str(number))
        miner.learn(Level.INFO, f"message {word}").moments.append(1.0)

    assert len(miner.templates) <= MOST_TEMPLATES + 1
    assert sum(len(t.moments) for t in miner.templates.values()) == MOST_TEMPLATES + 500
    assert any(t.text == OTHER for t in miner.templates.values())


def test_the_examples_run() -> None:
    assert doctest.testmod(log_templates).failed == 0
