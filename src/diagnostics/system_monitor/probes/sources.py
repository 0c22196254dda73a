"""Which of the files that a traceback names talk to other services: read from their imports, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from diagnostics.model.observation import Observations, Reading
from diagnostics.system_monitor.probes.notes import Notes

MOST_FILES = 20
MOST_BYTES = 300_000

#: Libraries that are imported to call other services.
CLIENTS = (
    "requests", "httpx", "httpx2", "aiohttp", "urllib3", "urllib.request", "http.client", "grpc", "zeep", "suds",
    "boto3", "botocore", "aiobotocore", "google.cloud", "googleapiclient", "google.oauth2", "stripe", "twilio",
    "telegram", "aiogram", "telebot", "openai", "anthropic", "slack_sdk", "sendgrid", "niquests", "treq", "pycurl",
)  # fmt: skip
_IMPORT = re.compile(r"^\s*(?:from|import)\s+(" + "|".join(re.escape(name) for name in CLIENTS) + r")\b", re.MULTILINE)
#: Modules of one's own that are named for what they do.
_OWN = re.compile(r"^\s*from\s+\.\S*\s+import\s+[^\n]*\b\w*(?:HttpClient|ApiClient|Gateway)\b", re.MULTILINE)


def talks_outside(repository: Path, observations: Observations, notes: Notes) -> Iterator[Reading]:
    """Yield ``code.talks_outside`` for each file of a traceback's frame that imports a client of other services."""
    wanted = dict.fromkeys(
        file
        for reading in observations.readings("log.template")
        if (file := reading.labels.get("frame", "").rpartition(" (")[2].rpartition(":")[0]).endswith(".py")
    )
    for file in list(wanted)[:MOST_FILES]:
        client = _client_of(repository, file)
        if client:
            yield notes.of("imports").flag("code.talks_outside", file=file, client=client)


def _client_of(repository: Path, file: str) -> str:
    """Return the client library that a file imports, given as ``folder/name.py``; empty for none."""
    name = file.rpartition("/")[2]
    for path in repository.rglob(name):
        if not str(path).endswith(file) or any(part in ("site-packages", "node_modules") for part in path.parts):
            continue
        try:
            if path.stat().st_size > MOST_BYTES:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = _IMPORT.search(text)
        if found is not None:
            return found[1]
        if _OWN.search(text):
            return "own client"
    return ""
