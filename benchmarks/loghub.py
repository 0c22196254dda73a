"""Logs with known templates: LogHub's 2k samples where they are, and a Python backend's log that is made up here.

LogHub (github.com/logpai/loghub) is not part of this repository; what is given is the folder with one folder a system.
"""

import csv
import random
import re
from pathlib import Path

_HEX = re.compile(r"(?<![0-9A-Za-z])(?=[0-9a-fA-F-]*[0-9])(?:0x)?[0-9a-fA-F]{4,}(?![0-9A-Za-z])")


def systems(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/*_2k.log_structured.csv"))


def load(folder: Path, name: str) -> list[tuple[str, str, str]]:
    """Return message, event and template of each line of a sample, in the order of the file."""
    path = folder / name / f"{name}_2k.log_structured.csv"
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        return [
            (row["Content"].replace("\n", " ").replace("\r", " "), row["EventId"], row["EventTemplate"])
            for row in csv.DictReader(file)
        ]


def pieces(message: str, template: str) -> list[tuple[bool, str]] | None:
    """Return the parts of a message, and which of them vary; None where the template does not fit its line."""
    constant = template.split("<*>")
    found = re.fullmatch("(.*?)".join(map(re.escape, constant)), message, re.DOTALL)
    if found is None or len(constant) == 1:
        return None
    out = [(False, constant[0])]
    for value, after in zip(found.groups(), constant[1:], strict=True):
        out += [(True, value), (False, after)]
    return out


def vary(text: str, rng: random.Random) -> str:
    """Return a value with other digits, and other hexadecimal ones beside them."""

    def other_hex(match: re.Match[str]) -> str:
        value = match.group()
        if value.isdigit():
            return value
        head = value[:2] if value[:2] == "0x" else ""
        lower, upper = "0123456789abcdef", "0123456789ABCDEF"
        return head + "".join(
            c if c == "-" else rng.choice(lower if c.islower() or c.isdigit() else upper) for c in value[len(head) :]
        )

    def other_number(match: re.Match[str]) -> str:
        first = "0" if match.group()[0] == "0" else rng.choice("123456789")
        return first + "".join(rng.choice("0123456789") for _ in match.group()[1:])

    return re.sub(r"\d+", other_number, _HEX.sub(other_hex, text))


def mixed(folder: Path, lines: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Return messages of all systems in random order, replayed with other values, and the event of each."""
    rng = random.Random(seed)
    names = systems(folder)
    data = {name: [(pieces(m, template), m, event) for m, event, template in load(folder, name)] for name in names}
    at = dict.fromkeys(names, 0)
    messages, truth = [], []
    for _ in range(lines):
        name = rng.choice(names)
        parts, message, event = data[name][at[name] % len(data[name])]
        if parts and at[name] >= len(data[name]):
            message = "".join(vary(text, rng) if varies else text for varies, text in parts)
        at[name] += 1
        messages.append(message)
        truth.append(f"{name}:{event}")
    return messages, truth


def unseen(folder: Path, templates: Path, name: str, seed: int = 1) -> tuple[list[str], list[str]]:
    """Return messages of templates that a system's sample does not hold, with values from the sample, and the event.

    The values of a place are drawn from those of the whole sample: more diverse than in life, words among numbers.

    Args:
        folder: LogHub's samples.
        templates: A file with one template a line, ``<*>`` where it varies.
        name: The system.
        seed: Of the random numbers.
    """
    rng = random.Random(seed)
    rows = load(folder, name)
    known = {" ".join(template.split()) for _, _, template in rows}
    pool = [
        text
        for message, _, template in rows
        for varies, text in pieces(message, template) or ()
        if varies and 0 < len(text) < 60
    ]
    lines = dict.fromkeys(templates.read_text(encoding="utf-8", errors="replace").split("\n"))
    wanted = [
        line.strip()
        for line in lines
        if " ".join(line.split()) not in known and re.search(r"[A-Za-z]{3}", line.replace("<*>", ""))
    ]
    found = []
    for number, template in enumerate(wanted):
        for _ in range(min(200, max(1, int(rng.paretovariate(1) * 2)))):
            message = re.sub(r"<\*>", lambda _: vary(rng.choice(pool), rng), template)
            found.append((message, str(number)))
    rng.shuffle(found)
    return [message for message, _ in found], [event for _, event in found]


_WORDS = [
    "anna",
    "boris",
    "clara",
    "dmitri",
    "eva",
    "fyodor",
    "grace",
    "hugo",
    "irina",
    "jonas",
    "karl",
    "lena",
    "max",
    "nina",
    "oleg",
    "petra",
]
_TABLES = ["meetings", "users", "invoices", "rooms", "sessions"]

#: How often, and what a Python backend writes; every entry is one event.
BACKEND = [
    (30, lambda r: f'10.0.{r.randint(0, 9)}.{r.randint(1, 250)}:{r.randint(2**15, 2**16)} - "GET /meetings/{r.randint(1, 99999)} HTTP/1.1" 200 OK'),
    (10, lambda r: f'10.0.{r.randint(0, 9)}.{r.randint(1, 250)}:{r.randint(2**15, 2**16)} - "POST /meetings HTTP/1.1" 201 Created'),
    (9, lambda r: f"Task app.tasks.sync[{uuid(r)}] received"),
    (9, lambda r: f"Task app.tasks.sync[{uuid(r)}] succeeded in {r.random():.6f}s: None"),
    (8, lambda r: f"user {r.choice(_WORDS)} logged in from 10.1.{r.randint(0, 99)}.{r.randint(1, 250)}"),
    (3, lambda r: f"user {r.choice(_WORDS)} logged out"),
    (2, lambda r: f"login failed for {r.choice(_WORDS)}: wrong password"),
    (4, lambda r: f"HTTP Request: GET https://api.example.com/v3/calendars/{r.getrandbits(64):x}/events \"HTTP/1.1 200 OK\""),
    (1, lambda r: f"Retrying (Retry(total={r.randint(0, 3)}, connect=None)) after connection broken by 'ReadTimeoutError': /v3/{r.choice(_WORDS)}"),
    (4, lambda r: f"cache miss for key user:{r.randint(1, 9999)}:profile"),
    (3, lambda r: f"slow query on {r.choice(_TABLES)}: {r.randint(200, 9000)} ms, {r.randint(1, 10**6)} rows"),
    (1, lambda r: f'duplicate key value violates unique constraint "{r.choice(_TABLES)}_pkey"'),
    (1, lambda r: f"checkpoint complete: wrote {r.randint(1, 9999)} buffers ({r.random() * 9:.1f}%); write={r.random():.3f} s"),
    (1, lambda r: f"QueuePool limit of size {r.randint(5, 20)} overflow {r.randint(0, 10)} reached, connection timed out, timeout 30.00"),
    (1, lambda r: f"Worker exiting (pid: {r.randint(100, 99999)})"),
    (1, lambda r: f"Booting worker with pid: {r.randint(100, 99999)}"),
    (1, lambda r: f"wrote /srv/media/{r.choice(_WORDS)}/{r.choice(_WORDS)}.png"),
    (1, lambda r: f"feature flag {r.choice(['new-billing', 'dark-mode', 'fast-sync'])} is on"),
    (1, lambda r: "Application startup complete."),
    (1, lambda r: "Application shutdown complete."),
]  # fmt: skip


def uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def backend(lines: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Return messages of a Python backend and the event of each."""
    rng = random.Random(seed)
    chosen = rng.choices(range(len(BACKEND)), weights=[weight for weight, _ in BACKEND], k=lines)
    return [BACKEND[event][1](rng) for event in chosen], [str(event) for event in chosen]
