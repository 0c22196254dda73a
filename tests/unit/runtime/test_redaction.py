import base64
import json
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.runtime.redaction import is_secret_name, redact, redact_mapping, redact_url, shorten

WORDLIKE = st.text(string.ascii_letters + string.digits, min_size=8, max_size=40)
#: What a generated password looks like: everything but what ends a word, a field or a quoted text.
INSIDE = st.text(string.ascii_letters + string.digits + "!#$%*+-./:=?@^_{|}~", min_size=8, max_size=40)
PASSWORD = INSIDE.map(lambda text: f"p{text.replace('://', '')}w")
NAMES = """
password PASSWORD DB_PASSWORD db-password passwd userPassword secret client_secret SECRET_KEY
token access_token refreshToken X-Api-Key api_key apiKey API_KEY private_key session_id
sessionid aws_secret_access_key PGPASSWORD smtp_pass bot_token TELEGRAM_BOT_TOKEN csrf_token
jwt passphrase
"""
SECRET_NAME = st.sampled_from(NAMES.split())
BEFORE = st.sampled_from(["", "2026-11-25 07:15:08,123 ERROR app ", "failed: ", "(", "user=ann ", "retry 3 of 5; "])
AFTER = st.sampled_from(["", " and more", "\nnext line", ", status=500", "; took 0.3 s"])


@given(BEFORE, SECRET_NAME, st.sampled_from(["=", ": ", " = ", "=>"]), WORDLIKE, AFTER)
def test_the_value_of_a_secret_name_never_stays(before, name, separator, secret, after):
    cleaned = redact(f"{before}{name}{separator}{secret}{after}")

    assert secret not in cleaned.replace(name, "")
    assert cleaned.startswith(before + name)
    assert cleaned.endswith(after)


@given(SECRET_NAME, st.text(min_size=8, max_size=40).filter(lambda text: len(set(text)) > 6))
def test_json_stays_json_and_loses_the_secret_only(name, secret):
    text = json.dumps({"id": 17, "nested": {name: secret, "ok": True}, "last": "x"})

    cleaned = json.loads(redact(text))

    assert cleaned["id"] == 17
    assert cleaned["last"] == "x"
    assert cleaned["nested"]["ok"] is True
    assert cleaned["nested"][name] == "***"


@given(SECRET_NAME, WORDLIKE)
def test_a_python_dict_in_a_text_loses_its_secret(name, secret):
    assert secret not in redact(f"[parameters: {{'{name}': '{secret}', 'n': 5}}]").replace(name, "")


@given(
    st.sampled_from(["postgresql", "postgresql+asyncpg", "redis", "amqp", "https", "mysql"]),
    st.sampled_from(["app", "", "scott"]),
    PASSWORD.filter(lambda text: "?" not in text),
)
def test_the_password_of_a_url_goes_and_its_host_stays(scheme, user, password):
    cleaned = redact(f"cannot connect to {scheme}://{user}:{password}@db.internal:5432/app?sslmode=require (timeout)")

    assert cleaned == f"cannot connect to {scheme}://{user}:***@db.internal:5432/app?sslmode=require (timeout)"


@given(st.integers(10**8, 10**10), st.text(string.ascii_letters + string.digits + "_-", min_size=35, max_size=35))
def test_telegram_tokens_go_wherever_they_stand(number, rest):
    token = f"{number}:{rest}"

    assert rest not in redact(f"POST https://api.telegram.org/bot{token}/sendMessage 401")
    assert rest not in redact(f"starting with {token} now")
    assert redact_url(f"https://api.telegram.org/bot{token}/getMe") == "https://api.telegram.org/bot***/getMe"


@given(st.binary(min_size=12, max_size=60), st.sampled_from(["Bearer", "bearer", "BEARER"]))
def test_bearer_tokens_go(raw, scheme):
    token = base64.urlsafe_b64encode(raw).decode()

    assert token not in redact(f"sent header {scheme} {token} to the service")


@given(WORDLIKE, WORDLIKE)
def test_basic_credentials_go(user, password):
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()

    assert encoded not in redact(f"Authorization: Basic {encoded}")
    assert encoded not in redact(f"with Basic {encoded} we got 401")


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
        "ya29.a0AfH6SMBx7",
        "GOCSPX-abcdefghijklmnop",
        "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "whsec_" + "abcdefghijklmnopqrstuvwx",
        "xoxb-" + "17653672481-19874698323-pdFZKVeTuE8sk7oOHcbrzqgy",
        "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
        "glpat-" + "abcdefghijklmnopqrst",
        "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\n-----END PRIVATE KEY-----",
    ],
)
def test_known_shapes_of_keys_go_without_any_name_beside_them(secret):
    cleaned = redact(f"before {secret} after")

    assert cleaned == "before *** after"


def test_a_private_key_that_was_cut_off_goes_to_the_end():
    assert redact("x -----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg") == "x ***"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Cookie: sid=abc; theme=dark", "Cookie: ***"),
        ("Set-Cookie: sid=abc; HttpOnly\nHost: x", "Set-Cookie: ***\nHost: x"),
        ("(b'authorization', b'Bearer abc')", "(b'authorization', b'***')"),
        ("curl --password hunter2 -v", "curl --password *** -v"),
        ("host=db password=hunter2 dbname=app", "host=db password=*** dbname=app"),
        ("DETAIL:  Key (token)=(abc) already exists.", "DETAIL:  Key (token)=(***) already exists."),
        ('{"token": ["a", "b"], "n": 1}', '{"token": "***", "n": 1}'),
        ('{"pin": 1234}', '{"pin": "***"}'),
        ('"{\\"password\\": \\"hunter2\\"}"', '"{\\"password\\": \\"***\\"}"'),
        ("GET /cb?code=4/0AeaYSHBabc&state=1", "GET /cb?code=***&state=1"),
        ("https://ghp@github.com/x", "https://***@github.com/x"),
        ("mail ann.smith+x@example.co.uk now", "mail [email] now"),
        ("call +7 916 123-45-67 or 8 (916) 123-45-67", "call [phone] or [phone]"),
        ("paid with 4111 1111 1111 1111.", "paid with [card]."),
    ],
)
def test_examples_of_what_goes(text, cleaned):
    assert redact(text) == cleaned


SOURCE_LINE = """Traceback (most recent call last):
  File "/srv/app/api.py", line 31, in login
    token = issue_token(user, password=form.password)
KeyError: 'token'"""


@pytest.mark.parametrize(
    "text",
    [
        "SELECT token, password FROM users WHERE token = $1 AND password = %(password)s AND a.token = b.token",
        "UPDATE users SET password = NULL, api_key = :api_key, secret = ? WHERE id = 5",
        'connection to server at "10.0.3.12", port 5432 failed: FATAL:  sorry, too many clients already',
        'FATAL:  password authentication failed for user "app"',
        "FATAL: password: authentication failed",
        "SyntaxError: unexpected token: identifier",
        "telegram.error.InvalidToken: Unauthorized",
        "RefreshError: ('invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)",
        "max_tokens: 100, token_count=5, token_type=bearer, tokens=7, passed=5, key=value, primary_key=id",
        "id 123e4567-e89b-12d3-a456-426614174000 at 2026-11-25 07:15:08,123 +1000 2026-11-25",
        "11111111-4111-1111-1111-111111111111",
        "order 4111111111111112, took 1763971234567890123 ns, pid 12345",
        "http://localhost:8000/users/@me and https://db:5432/app",
        "postgresql://app@db.example.com:5432/app",
        "pinned to numpy==1.26.4; PWD=/srv/app",
        '[25/Nov/2026:07:15:08 +1000] 200 1234567890 "GET /meetings?limit=100&offset=20 HTTP/1.1"',
        'duplicate key value violates unique constraint "users_pkey"\nDETAIL:  Key (id)=(42) already exists.',
        SOURCE_LINE,
        "the basic authentication scheme; a bearer token is needed",
        "1 + 1234567890, x = +5, (415) is a number",
        "git@github.com:org/repo.git",
        "redis://cache:6379/0 and amqp://mq:5672//",
        "",
        "***",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text):
    assert redact(text) == text


def test_a_secret_in_a_string_of_a_quoted_source_line_goes():
    text = 'Traceback (most recent call last):\n  File "a.py", line 6, in f\n    raise ValueError("password=hunter2")\n'

    assert "hunter2" not in redact(text)


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text):
    once = redact(text)

    assert redact(once) == once


@given(st.text(string.ascii_lowercase + " \n", max_size=300))
def test_plain_words_stay_as_they_are(text):
    assert redact(text) == text


PIECES = """a 1 0 = a= @ a@ a.a@ token token= password: +1 ' " \\ ( eyJ :// a://b: x. - [ token=[ _a- bot12345678:"""
SPACED = ['{"token":', " ", "1 ", "4111 ", "Key (", "Bearer ", "-----BEGIN PRIVATE KEY-----"]


@pytest.mark.parametrize("piece", [*PIECES.split(), *SPACED])
def test_no_text_takes_more_than_linear_time(piece):
    text = (piece * 100_000)[:100_000]

    began = time.process_time()
    redact(text)

    assert time.process_time() - began < 2.0


def test_a_mapping_is_cleaned_to_its_depth_and_bounds():
    cyclic: dict[str, object] = {
        "password": "hunter2",
        "user": {"email": "ann@example.com", "token": None, "n": 5},
    }
    cyclic["self"] = cyclic

    cleaned = redact_mapping(
        {**cyclic, "many": list(range(500)), "raw": b"\x00secret", "wide": {str(i): i for i in range(500)}}
    )

    assert cleaned["password"] == "***"
    assert cleaned["user"] == {"email": "[email]", "token": None, "n": 5}
    assert len(cleaned["many"]) == 101
    assert len(cleaned["wide"]) == 101
    assert cleaned["raw"] == "<bytes of 7 bytes>"
    assert "hunter2" not in json.dumps(cleaned)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=5),
        lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
        max_leaves=20,
    )
)
def test_whatever_a_mapping_holds_comes_out_as_plain_values(value):
    json.dumps(redact_mapping({"value": value, "secret_token": value}))


def test_a_value_whose_str_fails_does_not_break_the_log():
    class Broken:
        def __str__(self):
            raise RuntimeError("no")

    assert redact_mapping({"x": Broken()}) == {"x": "<Broken without text: RuntimeError>"}


@given(st.text(max_size=100), st.integers(1, 120))
def test_shortened_text_keeps_to_its_limit_and_says_so(text, limit):
    short = shorten(text, limit)

    assert len(short) <= limit
    assert short == text or short.endswith("…")


@pytest.mark.parametrize(
    "name",
    ["token", "Authorization", "DB_PASSWORD", "clientSecret", "x-api-key", "Set-Cookie", "dsn", "password2"],
)
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "token_count",
        "max_tokens",
        "tokenizer",
        "key",
        "primary_key",
        "name",
        "compass",
        "PWD",
        "secret_name",
        "",
    ],
)
def test_names_about_secrets_are_not_names_of_secrets(name):
    assert not is_secret_name(name)
