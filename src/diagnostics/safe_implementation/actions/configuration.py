"""Change one value of a configuration file and reload who reads it: pool sizes, levels, addresses, a fallback endpoint."""

from __future__ import annotations

import base64
import difflib
import os
import re
import shlex
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.files import process_start, write_atomic
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.actions.base import not_applicable, refuse, wanted
from diagnostics.safe_implementation.actions.commands import run

_SECTION = re.compile(r"\s*\[\s*([^\]]+?)\s*\]\s*(?:[#;].*)?$")
_ANSWER_SECONDS = 3.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "redis": 6379, "amqp": 5672, "smtp": 25}
_LIMIT = 1 << 20


def reloading(subject: Mapping[str, str]) -> tuple[dict[str, str], str, str]:
    """Return how the reader is told to read again, in words, and why it cannot be told; nothing is asked for by default."""
    if subject.get("reload"):
        return {"reload": subject["reload"]}, f"Reload: {redact(subject['reload'])}.", ""
    if not subject.get("pid"):
        return {}, "Reload what reads it: neither pid nor reload is given.", ""
    pid = int(subject["pid"])
    start = process_start(pid)
    why = "" if start else f"There is no process {pid} any more."
    return {"pid": str(pid), "start": start}, f"Ask process {pid} to read again (SIGHUP).", why


def reload(data: Mapping[str, str]) -> str:
    """Tell the reader; a process that is another one by now is left alone.

    Raises:
        ApplyError: The command failed.
    """
    if data.get("reload"):
        run(shlex.split(data["reload"]), timeout=30.0)
        return " It was reloaded."
    if data.get("pid") and process_start(int(data["pid"])) == data["start"]:
        os.kill(int(data["pid"]), signal.SIGHUP)
        return f" Process {data['pid']} was asked to read again."
    return ""


def changed(text: str, key: str, value: str) -> str | None:
    """Return a configuration with one value changed, all else untouched, or None when the key is not in it. Pure.

    ``KEY=value``, ``key = value`` and ``key: value`` are understood, with ``export``, quotes and comments behind a
    value; ``section.key`` looks below ``[section]``. The last assignment counts, as for those who read the file.
    """
    section, _, name = key.rpartition(".")
    lines = text.splitlines(keepends=True)
    found = _places(lines, key, "") or (_places(lines, name, section) if section else [])
    if not found:
        return None
    number, match = found[-1]
    old = match["value"]
    quote = old[0] if len(old) >= 2 and old[0] == old[-1] and old[0] in "\"'" else ""
    lines[number] = f"{match['head']}{quote}{value}{quote}{match['tail']}{match['end']}"
    return "".join(lines)


def _places(lines: list[str], name: str, section: str) -> list[tuple[int, re.Match[str]]]:
    assignment = re.compile(
        rf"(?P<head>[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*[=:][ \t]*)"
        r"(?P<value>\"[^\"]*\"|'[^']*'|[^#;\r\n]*?|[^\r\n]*?)(?P<tail>[ \t]*(?:[ \t][#;][^\r\n]*)?)(?P<end>\r?\n?)$"
    )
    here, found = "", []
    for number, line in enumerate(lines):
        heading = _SECTION.match(line)
        if heading:
            here = heading[1]
            continue
        match = assignment.match(line)
        if match and (not section or here == section):
            found.append((number, match))
    return found


class SetConfigValue:
    """Subject: ``path``, ``key``, ``value``, and ``pid`` (gets SIGHUP) or ``reload`` (a command)."""

    name = "set-config-value"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        path = Path(wanted(subject, "path", "file", action=self.name)).absolute()
        key = wanted(subject, "key", "variable", action=self.name)
        value = wanted(subject, "value", "to", action=self.name)
        title = f"Set {key} in {path}"
        refusal = self._refusal(path, value)
        if refusal:
            return not_applicable(self.name, title, refusal)
        before = path.read_bytes().decode("utf-8", errors="surrogateescape")
        after = changed(before, key, value)
        if after is None:
            return not_applicable(self.name, title, f"{path} has no line that sets {key}.")
        if after == before:
            return not_applicable(self.name, title, f"{key} has that value already.")
        how, words, why = reloading(subject)
        if why:
            return not_applicable(self.name, title, why)
        shown = redact(
            "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "now", "then", lineterm="", n=0))
        )
        return Plan(
            action=self.name,
            title=title,
            steps=(f"Keep {path} as it is.", f"Change the one line that sets {key}.", words),
            commands=(f"# {path}: {key}={redact(f'{key}={value}').partition('=')[2]}", *_command(how)),
            undo_commands=(f"cp <kept copy> {path}", *_command(how)),
            dry_run=shorten(shown, 4000),
            files=(str(path),),
            parameters={"path": str(path), "key": key, "value": value, **how},
            risk_inputs={"diff": shown, "is_fix": True, "verification_function_given": True},
            timeout_seconds=60.0,
        )

    def _refusal(self, path: Path, value: str) -> str:
        if path.is_symlink() or not path.is_file():
            return f"{path} is no plain file."
        if path.suffix == ".json" or path.stat().st_size > _LIMIT:
            return f"{path} is not a file of lines KEY=value; change it with restore-file."
        return "A value of several lines is not written." if "\n" in value or "\r" in value else ""

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        given = plan.parameters
        before = Path(given["path"]).read_bytes()
        after = changed(before.decode("utf-8", errors="surrogateescape"), given["key"], given["value"])
        refuse(after is None, f"{given['path']} no longer has a line that sets {given['key']}.")
        assert after is not None
        return {
            **{key: given[key] for key in ("path", "pid", "start", "reload") if key in given},
            "before": base64.b64encode(before).decode(),
            "after": base64.b64encode(after.encode("utf-8", errors="surrogateescape")).decode(),
        }

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        path = Path(given["path"])
        after = changed(path.read_bytes().decode("utf-8", errors="surrogateescape"), given["key"], given["value"])
        refuse(after is None, f"{path} no longer has a line that sets {given['key']}.")
        assert after is not None
        _write(path, after.encode("utf-8", errors="surrogateescape"))
        return f"{given['key']} is set in {path}.{reload(given)}"

    def undo(self, data: Mapping[str, str]) -> str:
        path, after = Path(data["path"]), base64.b64decode(data["after"])
        try:
            # Whoever reads the file has to find the old content when it is told to; the rest is the snapshot's.
            if path.is_file() and path.read_bytes() == after:
                _write(path, base64.b64decode(data["before"]))
            return f"{path} has its earlier content.{reload(data)}"
        except (OSError, ApplyError) as error:
            raise RollbackError(f"{path} could not be set back and reloaded: {error}.") from error


def _write(path: Path, content: bytes) -> None:
    was = path.stat()
    write_atomic(path, content, mode=was.st_mode & 0o7777)
    os.chown(path, was.st_uid, was.st_gid)


def _command(how: Mapping[str, str]) -> tuple[str, ...]:
    if how.get("reload"):
        return (redact(how["reload"]),)
    return (f"kill -HUP {how['pid']}",) if how.get("pid") else ()


class SwitchEndpoint(SetConfigValue):
    """Lead calls to a fallback that answers; subject: as for ``set-config-value``, ``value`` is its URL or ``host:port``."""

    name = "switch-endpoint"

    def _refusal(self, path: Path, value: str) -> str:
        return super()._refusal(path, value) or _unreachable(value)

    def apply(self, plan: Plan) -> str:
        why = _unreachable(plan.parameters["value"])
        refuse(bool(why), why)
        return super().apply(plan)


def _unreachable(address: str) -> str:
    """Return why nobody answers there, or an empty text when somebody does; only connects, asks nothing."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    except ValueError:
        return "The fallback is no address."
    if not host or not port:
        return "The fallback names no host and port."
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_SECONDS):
            return ""
    except OSError as error:
        return f"The fallback {host}:{port} does not answer: {error.strerror or error}."
