"""Messages that say the same about different things are one template, in one pass and in bounded memory."""

from __future__ import annotations

import doctest
import random
from itertools import pairwise

import pytest

from diagnostics.log_templates import OTHER_TEXT, Miner, fits, miner, refine, shape, shapes, text
from diagnostics.log_templates.refine import MOST_FIRST_WORDS, MOST_LIKELY_VALUES, MOST_WORDS

NAMES = ["anna", "boris", "clara", "dmitri", "eva", "fyodor", "grace", "hugo", "irina", "jonas"]


def templates(messages: list[str]) -> set[str]:
    found = Miner()
    found.add_many(messages)
    return {template.text for template in found.templates()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user 17 not found", "user 912 not found"),
        ("job 3fa85f64-5717-4562-b3fc-2c963f66afa6 done", "job 11111111-5717-4562-b3fc-2c963f66afa6 done"),
        ("peer 10.0.0.1:5432 gone", "peer 192.168.7.14:80 gone"),
        ("due 2026-11-25T07:30:00Z", "due 2025-01-02 03:04:05.123"),
        ("at Fri Jun 17 07:07:00 2005", "at Mon Jul 4 11:35:59 2011"),
        ("at 0x7f001122", "at 0xdeadbeef"),
        ("mask=ffffffff vis=0", "mask=1 vis=40000500"),
        ("BSSID changed to 5c:50:15:36:bc:03", "BSSID changed to 88:75:56:a0:95:ed"),
        ("took -3.5 s", "took 12 ms"),
        ("freed 93.0 B", "freed 317.1 KB"),
        ("sent 403 bytes", "sent 10547 bytes (10.2 KB)"),
        ("lifetime <1 sec", "lifetime 00:02"),
        ("from 1.2.3.4 ()", "from 1.2.3.4 (host-4.example.org)"),
        ("from 1.2.3.4 ()", "from 1.2.3.4 (gateway.example.org)"),
        ("GET /v2/servers/9 HTTP/1.1", "GET /v2/servers?all=True&since=2017-05-16 HTTP/1.1"),
        ("opening https://a.example/x?y=z", "opening ftp://b.example.org/"),
        ("stepping......0", "stepping......17"),
        ("key 'a b' is missing", "key 'another one there' is missing"),
        ('said "no way"; refused', 'said "not on your life"; refused'),
        ("names an14 an15 an16", "names bn1 bn2"),
    ],
)
def test_what_varies_by_its_form_is_no_part_of_the_shape(one: str, other: str) -> None:
    assert one != other
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("connection refused", "connection reset"),
        ("VM Started (Lifecycle Event)", "VM Stopped (Lifecycle Event)"),
        ("connection closed (no session)", "connection closed"),
        ("Fan speeds ( 3552 **** 3375 )", "Fan speeds ( 3552 3375 )"),
        ("may fail", "May fail"),
        ('from "a" to "b"', 'from "a" and "b"'),
        ('"GET /x HTTP/1.1" 200', '"POST /x HTTP/1.1" 200'),
        ("it isn't what we can't do", "it isn't and we can't do"),
        ("sandbox denied", "sandbox facade"),
    ],
)
def test_what_differs_in_words_stays_apart(one: str, other: str) -> None:
    assert shape(one) != shape(other)
    assert len(templates([one, other])) == 2


def test_a_place_with_many_words_is_a_value_and_one_with_few_is_not() -> None:
    many = [f"session opened for user {name} by login" for name in NAMES[:MOST_WORDS]]
    few = [f"worker {state} after a request of the client" for state in ("started", "stopped", "paused", "resumed")]

    assert templates([*many, *few]) == {"session opened for user <*> by login", *few}


def test_few_words_that_vary_elsewhere_too_are_values() -> None:
    both = [f"session {what} for user {name}" for what in ("opened", "closed") for name in NAMES[:MOST_LIKELY_VALUES]]

    assert templates(both) == {"session opened for user <*>", "session closed for user <*>"}


def test_few_words_that_look_like_values_are_values() -> None:
    paths = [f"reading {path}" for path in ("/etc/hosts", "/etc/passwd", "/srv/app/settings.toml")]
    assigned = ["login failed user=root", "login failed user=guest"]
    coupled = [f"open {a}.example.org through {b}.example.net" for a, b in pairwise(NAMES)]

    assert templates(paths) == {"reading <*>"}
    assert templates(assigned) == {"login failed user=<*>"}
    assert templates(coupled) == {"open <*> through <*>"}


def test_true_and_false_are_what_is_said_and_not_a_value() -> None:
    assert len(templates(["locked=true", "locked=false", "lock held: true now", "lock held: false now"])) == 4


def test_the_first_word_says_what_happens_until_very_many_do() -> None:
    few = [f"{name.capitalize()} the batch of the tenant" for name in NAMES]
    words = [a + b for a in NAMES for b in NAMES][:MOST_FIRST_WORDS]

    assert len(templates(few)) == len(few)
    assert templates([f"{word} joined the room" for word in words]) == {"<*> joined the room"}


def test_words_in_capitals_are_states_and_not_values() -> None:
    states = [f"task 7 went from {state} to DONE" for state in ("NEW", "READY", "RUNNING", "WAITING", "KILLED", "LOST")]

    assert len(templates(states)) == len(states)


def test_a_place_that_also_takes_a_number_is_a_value() -> None:
    assert templates(["port 5432 of the peer", "port https of the peer"]) == {"port <*> of the peer"}


def test_each_message_fits_its_template_and_is_counted_in_it() -> None:
    messages = mixed(600)
    found = Miner()
    ids = found.add_many(messages)
    by_id = {number: template for template in found.templates() for number in template.ids}

    for message, number in zip(messages, ids, strict=True):
        assert fits(by_id[number].shape, message)
    assert sum(template.count for template in found.templates()) == len(found) == len(messages)


def test_the_order_of_messages_does_not_matter() -> None:
    messages = mixed(400)
    reference = groups(messages, messages)

    for seed in range(5):
        shuffled = messages[:]
        random.Random(seed).shuffle(shuffled)
        assert groups(shuffled, messages) == reference


def test_the_order_does_not_matter_for_garbage_either() -> None:
    rng = random.Random(9)
    garbage = ["".join(rng.choices("abcf019 -:./'\"()=<*>,;é٣x_[]{}#@?", k=rng.randint(1, 30))) for _ in range(500)]
    shuffled = rng.sample(garbage, k=len(garbage))

    assert groups(garbage, garbage) == groups(shuffled, garbage)


def test_one_by_one_and_all_at_once_are_the_same() -> None:
    messages = [*mixed(200), "two\nlines 7", "", "ünïcode 7 \udc80", "x" * 9000]
    one, all_at_once = Miner(), Miner()

    assert [one.add(message) for message in messages] == all_at_once.add_many(messages)
    assert one.templates() == all_at_once.templates()


def test_the_shortcuts_change_nothing() -> None:
    messages = mixed(400)
    found = Miner()
    ids = found.add_many(messages)

    by_shape: dict[tuple[str, ...], int] = {}
    for message, number in zip(messages, ids, strict=True):
        assert by_shape.setdefault(shape(message), number) == number
    assert len(set(ids)) == len(by_shape)


def test_memory_is_bounded_and_no_message_is_lost() -> None:
    rng = random.Random(7)
    found = Miner(most_shapes=64, most_keys=100)
    frequent = ["the queue is drained"] * 500
    noise = [" ".join(rng.choices(NAMES, k=rng.randint(3, 9))) for _ in range(3000)]

    ids = found.add_many([*frequent, *noise])

    assert len(found._by_shape) <= 64
    assert len(found._shapes) <= 64
    assert len(found._examples) <= 64
    assert len(found._by_folded) <= 100
    assert len(found._by_hex) <= 100
    assert len(found._counts) <= 64 + 1
    assert len(found) == sum(template.count for template in found.templates()) == 3500
    kept = {template.text: template.count for template in found.templates()}
    assert kept["the queue is drained"] == 500
    assert kept[OTHER_TEXT] > 0
    assert len(list(found.grouped(ids))) == 3500


def test_what_was_found_to_vary_stays_so_when_room_is_made() -> None:
    found = Miner(most_shapes=16)
    words = [a + b for a in NAMES for b in NAMES]

    found.add_many([f"user {word} logged in" for word in words])

    assert found.merged_for_good > 0
    assert [(t.text, t.count) for t in found.templates()] == [("user <*> logged in", 100)]


def test_a_table_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        Miner(most_shapes=3)


def test_the_text_of_a_template_keeps_the_spacing_and_names_what_it_can() -> None:
    shown = templates(
        ["peer  10.0.0.1:5432 (uid=7):  took 12.5 after 0x7f00, see 3fa85f64-5717-4562-b3fc-2c963f66afa6"]
    )

    assert shown == {"peer  <ip> (uid=<number>):  took <number> after <hex>, see <uuid>"}


def test_hostile_messages_take_no_long_time_and_no_much_memory() -> None:
    hostile = ["(" * 4000, ":1" * 3000, "a=" * 3000, "<" * 5000 + "1", "." * 9000 + "1", "f" * 90000, "- " * 5000]

    found = Miner()
    found.add_many(hostile)

    assert all(len(template.shape) <= shapes.MOST_TOKENS for template in found.templates())
    assert all(len(template.example) <= 1000 for template in found.templates())


@pytest.mark.parametrize("module", [miner, refine, shapes, text])
def test_the_examples_run(module) -> None:
    assert doctest.testmod(module).failed == 0


def groups(messages: list[str], asked: list[str]) -> list[str]:
    found = Miner()
    found.add_many(messages)
    return [" ".join(one) for one in found.grouped(found.add_many(asked))]


def mixed(count: int) -> list[str]:
    """Messages of many kinds, with values by form and by evidence."""
    rng = random.Random(1)
    kinds = [
        lambda: f"user {rng.choice(NAMES)} logged in from 10.0.0.{rng.randint(1, 9)}",
        lambda: f"request {rng.getrandbits(64):016x} took {rng.random():.3f} ms",
        lambda: f"cache {rng.choice(['hit', 'miss'])} for key {rng.choice(NAMES)}:{rng.randint(1, 99)}",
        lambda: f"reading /srv/{rng.choice(NAMES)}/{rng.choice(NAMES)}.toml (attempt {rng.randint(1, 3)})",
        lambda: f"state={rng.choice(NAMES)} ok={rng.choice(['true', 'false'])}",
        lambda: f"{rng.choice(['Starting', 'Stopping'])} worker {rng.randint(1, 64)} at Mon Jun {rng.randint(1, 30)}",
        lambda: "checkpoint complete: wrote 17 buffers (0.1%)",
    ]
    return [rng.choice(kinds)() for _ in range(count)]
