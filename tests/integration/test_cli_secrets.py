"""Twenty planted secrets: none of them comes out of the command line, by any door."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SECRETS = {
    "database password": "Sup3rDbPw77",
    "database password in a query": "QueryDbPw8812",
    "password of the service": "SvcPw5566zz",
    "token of the service": "svctok887766aa",
    "password in a URL of the error": "UrlPassw0rdX",
    "bearer token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "basic credentials": "dXNlcjpwYXNzd29yZDEyMw==",
    "session cookie": "sessCookieVal8812",
    "Google key": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "Google token": "ya29.a0AfH6SMBxyzABCDEF1234567890",
    "GitHub token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "Amazon key": "AKIAIOSFODNN7EXAMPLE",
    "Slack token": "xoxb-123456789012-abcdefABCDEF123456",
    "Telegram token": "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
    "client secret": "CLIENTSECRETvalue99",
    "private key": "MIIEpAIBAAKCAQEA1234567890abcdef",
    "key in a query": "queryKeyABCDEF99",
    "password of the context": "CtxHunter22x",
    "token of the context": "ctxTok3n9981",
    "password of the problem": "ProbHunter33y",
    "password in the log": "LogPw998877",
    "token in the log": "logtoken44556677",
    "card": "4111111111111111",
    "mail": "anna.petrova@example.com",
}
S = SECRETS
ERROR = f"""OperationalError: postgresql://u:{S["password in a URL of the error"]}@h:5432/d connection refused
Authorization: Bearer {S["bearer token"]}
Authorization: Basic {S["basic credentials"]}
Cookie: session={S["session cookie"]}
{S["Google key"]} {S["Google token"]} {S["GitHub token"]} {S["Amazon key"]} {S["Slack token"]}
https://api.telegram.org/bot{S["Telegram token"]}/getMe client_secret='{S["client secret"]}'
-----BEGIN RSA PRIVATE KEY-----
{S["private key"]}
-----END RSA PRIVATE KEY-----
card {S["card"]} of {S["mail"]}: https://api.example.com/?api_key={S["key in a query"]}"""
LOG = f"""2026-11-25 08:00:00 ERROR connect postgresql://app:{S["password in the log"]}@db/x failed
2026-11-25 08:00:01 ERROR Authorization: Bearer {S["bearer token"]}
2026-11-25 08:00:02 ERROR token={S["token in the log"]} cookie: sid={S["session cookie"]}
{{"level":"ERROR","message":"boom","password":"{S["password in the log"]}","mail":"{S["mail"]}"}}
"""
CORPUS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "secrets.jsonl").read_text(encoding="utf-8").splitlines()
]
LOG += "".join(f"2026-11-25 08:00:03 ERROR {row['text']}\n" for row in CORPUS)
DATABASE = f"postgresql://app:{S['database password']}@127.0.0.1:1/x?password={S['database password in a query']}"
URL = f"http://admin:{S['password of the service']}@127.0.0.1:1/"
SERVICE = f"https://u:{S['password of the service']}@127.0.0.1:1/v1?access_token={S['token of the service']}"
TARGET = ["--db", DATABASE, "--url", URL, "--service", SERVICE, "--log", "app.log"]
CONTEXT = [
    "--context",
    f"password={S['password of the context']}",
    "--context",
    f"api_token={S['token of the context']}",
]
PROBLEM = f"login fails with password={S['password of the problem']}"
REPORTS = json.dumps(
    {
        "id": 1,
        "problem_description": PROBLEM,
        "error_message": ERROR,
        "context": {"password": S["password of the context"]},
    }
)

CALLS = (
    ["run", PROBLEM, "--error", ERROR, *CONTEXT, *TARGET, "--deadline", "3", "--format", "json", "-o", "out.json"],
    ["run", PROBLEM, "--error", ERROR, *CONTEXT, *TARGET, "--deadline", "3"],
    ["report"],
    ["report", "--format", "html", "-o", "report.html"],
    ["report", "--format", "md"],
    ["report", "--format", "json"],
    ["sessions"],
    ["sessions", "show", "--format", "json"],
    ["apply", "--plan", *TARGET],
    ["check", "--db", DATABASE, "--url", URL, "--deadline", "2"],
    ["doctor", "--db", DATABASE],
    ["triage", PROBLEM, "--error", ERROR],
    ["triage", "--input", "reports.jsonl"],
    ["run", "--db", DATABASE.replace(":1/", ":99999/")],
    ["run", "--db", DATABASE.replace("postgresql", "mssql")],
    ["run", "--url", URL.replace(":1/", ":x/")],
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that came out: standard output and error of each call, and every file that was written."""
    folder = tmp_path_factory.mktemp("secrets")
    given = folder / "app.log", folder / "reports.jsonl"
    given[0].write_text(LOG * 2)
    given[1].write_text(f"{REPORTS}\n")
    found = dict(_outputs(folder))
    for path in folder.rglob("*"):
        if path.is_file() and path not in given:
            found[path.name] = path.read_bytes().decode("latin-1")
    return found


def _outputs(folder: Path) -> Iterator[tuple[str, str]]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DIAGNOSE_")}
    for number, words in enumerate(CALLS):
        done = subprocess.run(
            [sys.executable, "-m", "diagnostics", *words],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**clean, "DIAGNOSE_STORE": str(folder / "store"), "DIAGNOSE_DEBUG": "1"},
            timeout=60,
            check=False,
        )
        yield f"{number} {words[0]}", done.stdout + done.stderr


def test_every_call_had_something_to_say_and_the_report_is_about_the_error(texts: dict[str, str]) -> None:
    assert all(texts[f"{number} {words[0]}"] for number, words in enumerate(CALLS) if "-o" not in words)
    assert "connection refused" in texts["report.html"].lower()
    assert "OperationalError" in texts["sessions.db"]


@pytest.mark.parametrize("what", SECRETS)
def test_a_planted_secret_is_nowhere(what: str, texts: dict[str, str]) -> None:
    secret = SECRETS[what]

    assert [name for name, text in texts.items() if secret in text] == []


def test_no_shape_of_the_corpus_in_the_log_comes_out(texts: dict[str, str]) -> None:
    out = "\n".join(texts.values())
    leaked = {row["kind"] for row in CORPUS for secret in row["secrets"] if len(secret) >= 12 and secret in out}

    assert leaked == set()
