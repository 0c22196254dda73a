"""Which packages a process runs with, and which its lock file asks for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from diagnostics.runtime import host

_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.\-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\]+)")
_LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "requirements.lock", "requirements.txt")
_MOST_BYTES = 8 << 20


def canonical(name: str) -> str:
    """Return the name of a package as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def site_packages_of(pid: int) -> Path | None:
    """Return the folder of installed packages of a Python process, without asking the process.

    The environment is that of the program's path, or ``VIRTUAL_ENV``; else the interpreter's own folder.
    """
    arguments = host.command_line(pid)
    try:
        variables = host.environment(pid)
    except OSError:
        variables = {}
    roots = [
        Path(argument).parent.parent for argument in arguments[:2] if argument.startswith("/") and "/bin/" in argument
    ]
    if variables.get("VIRTUAL_ENV"):
        roots.append(Path(variables["VIRTUAL_ENV"]))
    if arguments and "/" in arguments[0] and not arguments[0].startswith("/"):
        try:
            here = Path(f"/proc/{pid}/cwd").readlink()
            roots.insert(0, (here / arguments[0]).parent.parent)
        except OSError:
            pass
    try:
        executable = Path(f"/proc/{pid}/exe").readlink()
        roots.append(executable.parent.parent)
    except OSError:
        executable = None
    if executable is not None and "python" not in executable.name:
        return None
    for root in roots:
        for folder in sorted(root.glob("lib/python3*/site-packages"), reverse=True):
            return folder
    return None


def installed(folder: Path) -> dict[str, str]:
    """Return version by canonical name from the names of the ``dist-info`` folders; nothing is imported."""
    found = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".dist-info"):
            name, _, version = entry.name.removesuffix(".dist-info").rpartition("-")
            if name:
                found[canonical(name)] = version
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Packages that were written one after the other: one run of an installer, or one build of an image.

    Attributes:
        at: Unix seconds of the last of them.
        names: By canonical name, in order.
    """

    at: float
    names: tuple[str, ...]


def installations(folder: Path, *, since: float, gap: float = 120.0) -> list[Installation]:
    """Return what was installed after ``since`` (unix seconds), newest first, by the times of the ``dist-info`` folders.

    The folders of a container's image have the times of its build.
    """
    found = []
    for entry in folder.iterdir():
        if not entry.name.endswith(".dist-info"):
            continue
        try:
            written = entry.stat().st_mtime
        except OSError:
            continue  # removed meanwhile
        if written >= since:
            found.append((written, canonical(entry.name.removesuffix(".dist-info").rpartition("-")[0])))
    found.sort(reverse=True)
    runs: list[list[tuple[float, str]]] = []
    for written, name in found:
        if runs and runs[-1][-1][0] - written <= gap:
            runs[-1].append((written, name))
        else:
            runs.append([(written, name)])
    return [Installation(at=run[0][0], names=tuple(sorted(name for _, name in run))) for run in runs]


def locked(repository: Path) -> tuple[dict[str, str], str]:
    """Return pinned versions by canonical name, and the lock file's name; empty when there is none."""
    for name in _LOCK_FILES:
        path = repository / name
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        pins = (
            _pins_of_toml(text)
            if path.suffix in {".lock", ".toml"} and "[[pack" in text
            else pins_of_requirements(text)
        )
        if pins:
            return pins, name
    return {}, ""


def _pins_of_toml(text: str) -> dict[str, str]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    versions: dict[str, set[str]] = {}
    for package in [*data.get("package", []), *data.get("packages", [])]:
        if isinstance(package, dict) and isinstance(package.get("version"), str):
            versions.setdefault(canonical(str(package.get("name", ""))), set()).add(package["version"])
    # Several versions of one name are for several platforms: no single one is promised.
    return {name: next(iter(found)) for name, found in versions.items() if len(found) == 1}


def pins_of_requirements(text: str) -> dict[str, str]:
    """Return the exact pins in the text of a requirements file."""
    pins = {}
    for line in text.splitlines():
        found = _REQUIREMENT.match(line.strip())
        if found is not None and "*" not in found[2]:
            pins[canonical(found[1])] = found[2]
    return pins
