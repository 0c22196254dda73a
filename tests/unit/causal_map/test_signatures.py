"""Tables of texts and the quick way through them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.causal_map import signatures
from diagnostics.causal_map.signatures import CATEGORY, SEVERITY, SIGNATURES, STORIES, UNDECIDED, match_line
from diagnostics.causal_map.signatures.manner import how_people_say_it, loud_but_meaningless
from diagnostics.causal_map.signatures.matching import MAX_TEXT, Matcher, required_words, shorten, table
from diagnostics.model.problem import Category

LINES = {
    "async-lazy-load-missing-greenlet": "sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called; can't call await_only() here.",
    "pg-max-connections-by-app": "asyncpg.exceptions.TooManyConnectionsError: remaining connection slots are reserved for roles",
    "pg-role-connection-limit": 'FATAL:  too many connections for role "reporting"',
    "deadlock-app-lock-order": "asyncpg.exceptions.DeadlockDetectedError: deadlock detected",
    "serialization-failure-no-retry": "ERROR:  could not serialize access due to read/write dependencies among transactions",
    "fd-leak": "OSError: [Errno 24] Too many open files: '/tmp/x'",
    "filesystem-remounted-read-only": "kernel: EXT4-fs (sda1): Remounting filesystem read-only",
    "cgroup-memory-oom-kill": "kernel: Memory cgroup out of memory: Killed process 4711 (python3)",
    "worker-segfault-native": "kernel: python3[812]: segfault at 0 ip 00007f3a error 4 in lxml.so",
    "event-loop-mismatch": "RuntimeError: Task got Future attached to a different loop",
    "eventloop-blocked-sync-io": "Executing <Task pending name='Task-7' coro=<f() running at a.py:3>> took 4.210 seconds",
    "tls-cert-expired": "ssl.SSLCertVerificationError: certificate verify failed: certificate has expired (_ssl.c:1006)",
    "tls-unknown-ca": "certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
    "tls-hostname-mismatch": "certificate verify failed: Hostname mismatch, certificate is not valid for 'api.example'.",
    "dns-server-unreachable": "socket.gaierror: [Errno -3] Temporary failure in name resolution",
    "redis-bgsave-failing": "redis.exceptions.ResponseError: MISCONF Redis is configured to save RDB snapshots",
    "redis-readonly-replica": "READONLY You can't write against a read only replica.",
    "celery-unregistered-task": "Received unregistered task of type 'shop.tasks.pay'.",
    "celery-time-limit-kills-task": "Hard time limit (300s) exceeded for shop.tasks.report[17]",
    "pgbouncer-transaction-prepared-statements": 'prepared statement "__asyncpg_stmt_5__" does not exist',
    "sequence-exhausted-int4": 'nextval: reached maximum value of sequence "x_id_seq" (2147483647)',
    "pg-data-volume-full": 'could not extend file "base/5/16400": No space left on device',
    "external-api-rate-limited": "aiogram.exceptions.TelegramRetryAfter: Flood control exceeded on method 'SendMessage'",
    "external-quota-exhausted": "openai.RateLimitError: You exceeded your current quota, please check your plan",
    "api-key-invalid-or-revoked": "stripe._error.AuthenticationError: Invalid API Key provided: sk_live_****",
    "telegram-token-revoked": "telegram.error.InvalidToken: The token was rejected by the server.",
    "jwt-claims-mismatch": "jwt.exceptions.InvalidAudienceError: Audience doesn't match",
    "env-var-missing": "KeyError: 'DATABASE_URL'",
    "port-already-in-use": "[ERROR] Connection in use: ('0.0.0.0', 8000)",
    "module-missing": "ModuleNotFoundError: No module named 'orjson'",
    "circular-import": "ImportError: cannot import name 'A' from partially initialized module 'shop.models'",
    "binary-abi-mismatch": "/lib/libc.so.6: version `GLIBC_2.38' not found",
    "alembic-multiple-heads": "alembic.util.exc.CommandError: Multiple head revisions are present",
    "enum-value-missing": 'invalid input value for enum status: "paused"',
    "string-too-long": "psycopg.errors.StringDataRightTruncation: value too long for type character varying(20)",
    "none-attribute-error": "AttributeError: 'NoneType' object has no attribute 'email'",
    "json-serialisation-bug": "TypeError: Object of type Decimal is not JSON serializable",
}

ORDINARY = [
    '2026-06-15 19:09:35,369 INFO shop.orders "GET /orders/17 HTTP/1.1" 200 in 12.3 ms user=4711',
    'INFO:     127.0.0.1:53422 - "GET /api/v1/items/5 HTTP/1.1" 200 OK',
    "2026-06-15 10:00:00 INFO order 7 created for customer 12 in 35 ms",
    "[2026-06-15 10:00:00 +0000] [17] [INFO] Booting worker with pid: 17",
    "LOG:  checkpoint complete: wrote 812 buffers (5.0%)",
]


@pytest.mark.parametrize(("mechanism", "line"), LINES.items())
def test_a_telling_line_names_its_mechanism_first(mechanism, line):
    found = match_line(line)

    best = found[0][1]
    assert mechanism in [name for name, weight in found if weight == best], found


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_say_nothing(line):
    assert match_line(line) == ()


@pytest.mark.parametrize(
    "line",
    [*LINES.values(), *ORDINARY, *(f"{a} {b}" for a, b in zip(LINES.values(), [*LINES.values()][1:], strict=False))],
)
def test_the_quick_way_loses_nothing(line):
    matcher = Matcher([SIGNATURES, UNDECIDED, STORIES])

    assert matcher.hits(line) == matcher.hits_by_trying_all(line)


@pytest.mark.parametrize("wrap", ["{}", "x{}y", "[{}]", "a-{}-b", "_{}_", "\n{}\n", "{}s", "pre{}"])
@pytest.mark.parametrize(
    "pattern",
    [
        "deadlock detected",
        "Errno 24\\b",
        "a(?:bcdef|ghijk)l mnop",
        "pool (?:of \\d+ )?empty",
        "lots? of\\b",
        "\\[abc\\] then",
    ],
)
def test_required_words_are_in_whatever_matches(pattern, wrap):
    samples = [
        "deadlock detected",
        "Errno 24",
        "abcdefl mnop",
        "aghijkl mnop",
        "pool of 5 empty",
        "pool empty",
        "lot of",
        "lots of",
        "[abc] then",
    ]
    matcher = Matcher([table({"x": [(pattern, 1.0)]})])

    for sample in samples:
        text = wrap.format(sample)
        assert matcher.hits(text) == matcher.hits_by_trying_all(text)


@given(st.text(alphabet="abcdeflockERRNO 0123456789_.:'\"()[]\n", max_size=200))
@settings(max_examples=200, deadline=None)
def test_the_quick_way_loses_nothing_on_any_text(text):
    matcher = signatures._machines()

    assert matcher.hits(text) == matcher.hits_by_trying_all(text)


def test_every_machine_text_is_filed_under_words():
    assert signatures._machines().unfiled == ()


def test_every_mechanism_with_texts_has_a_category():
    assert set(SIGNATURES) | set(STORIES) | set(UNDECIDED) == set(CATEGORY) == set(SEVERITY)
    assert not {Category.UNKNOWN, Category.BENIGN} & set(CATEGORY.values())


def test_weights_are_log_likelihood_ratios_of_sensible_size():
    for rows in (SIGNATURES, STORIES, UNDECIDED):
        for mechanism, several in rows.items():
            assert several, mechanism
            for signature in several:
                assert 0.0 < signature.weight <= 6.0
                re.compile(signature.pattern)


@pytest.mark.parametrize(
    "line",
    [
        "timeout",
        "server closed the connection unexpectedly",
        "Connection reset by peer",
        "502 Bad Gateway",
        "Broken pipe",
    ],
)
def test_texts_that_fit_many_causes_decide_for_none(line):
    found = match_line(line)

    assert len(found) >= 3
    assert all(weight < 2.0 for _, weight in found)


@pytest.mark.parametrize(
    "piece",
    ["a", " ", "(", "error ", "timeout ", "Key (", "column ", "a b ", "0", "\u044f", "'", "connection to server "],
)
@pytest.mark.timeout(60)  # a pattern that backtracks would need hours; a busy machine needs seconds
def test_a_megabyte_takes_bounded_time(piece):
    text = piece * (1_000_000 // len(piece))

    match_line(text)
    signatures.said_by_people(text)
    how_people_say_it(text)
    loud_but_meaningless(text)


def test_a_long_text_keeps_both_ends():
    text = "deadlock detected " + "x " * MAX_TEXT + " MissingGreenlet"

    assert {"deadlock-app-lock-order", "async-lazy-load-missing-greenlet"} <= {name for name, _ in match_line(text)}
    assert len(shorten(text)) <= MAX_TEXT + 1


def test_a_pattern_begins_at_the_beginning_of_a_word():
    matcher = Matcher([table({"x": [("timeout", 1.0)]})])

    assert matcher.hits("Timeout!")
    assert not matcher.hits("ReadTimeout!")
    assert required_words("timeout") == (frozenset({"timeo"}),)
