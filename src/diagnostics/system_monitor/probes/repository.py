"""What changed in a Git working copy and its migrations, by the ``git`` command, read-only."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diagnostics.errors import ProbeError

GIT_SECONDS = 4.0
DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3_600.0
MOST_COMMITS = 10
MOST_FILES = 30
_SOURCE = (
    ".py",
    ".toml",
    ".cfg",
    ".ini",
    ".yaml",
    ".yml",
    ".json",
    ".env",
    ".conf",
    ".sql",
    ".txt",
    ".html",
    ".j2",
    ".lock",
    ".service",
)
_REVISION = re.compile(r"^revision\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_DJANGO_FILE = re.compile(r"^\d{4}_\w+\.py$")
_DOCSTRING = re.compile(r"\A\s*(?:#[^\n]*\n|\s)*[rR]?(?:\"\"\"|''')\s*([^\n]*)")
_SEARCH_DEPTH = 4
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist", "venv", "tests"})


class GitError(ProbeError):
    """``git`` is missing or refuses."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the current branch."""

    sha: str
    at: float
    subject: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """One entry of the reflog: where the head went, and by what."""

    at: float
    before: str
    after: str
    action: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One Alembic revision file."""

    revision: str
    message: str
    modified: float


_NOT_FROM_OUTSIDE = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"})


def git(repository: Path, *arguments: str, anybodys: bool = True) -> str:
    """Return what ``git`` prints; no locks, no questions.

    Args:
        repository: Folder in the working copy.
        *arguments: Command and its arguments.
        anybodys: Also look into a working copy of another user. Not for commands that run filters which its
            configuration names: as root they would be somebody else's program in our hands.

    Raises:
        GitError: It is missing, the folder is no working copy, or it took too long.
    """
    trust = ["-c", "safe.directory=*"] if anybodys else []
    command = [
        "git",
        "--no-optional-locks",
        "-c",
        "core.fsmonitor=false",
        *trust,
        "-C",
        str(repository),
        *arguments,
    ]
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FROM_OUTSIDE}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed.", hint="Install git; then recent commits are seen.") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} took longer than {GIT_SECONDS:g} s.") from error
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        hint = "Give the folder of the application's Git working copy." if words and "not a git" in words[0] else ""
        raise GitError(f"git {arguments[0]}: {words[0] if words else done.returncode}.", hint=hint)
    return done.stdout.decode("utf-8", "replace")


def commits(repository: Path, *, now: float) -> list[Commit]:
    """Return the commits of the last day, newest first."""
    out = git(
        repository, "log", f"--max-count={MOST_COMMITS}", f"--since=@{int(now - DAY_SECONDS)}", "--name-only",
        "--no-renames", "--no-show-signature", "--format=%x1e%H%x1f%ct%x1f%s", "--", ".",
    )  # fmt: skip
    found = []
    for entry in out.split("\x1e")[1:]:
        head, _, files = entry.partition("\n")
        sha, at, subject = head.split("\x1f", 2)
        found.append(Commit(sha, float(at), subject, tuple(line for line in files.splitlines() if line)))
    return found


def head_moves(repository: Path, *, now: float) -> list[Moved]:
    """Return checkouts, pulls and resets of the last day, newest first; commits are not among them."""
    out = git(
        repository,
        "log",
        "-g",
        "--max-count=20",
        "--no-show-signature",
        "--format=%H%x1f%gd%x1f%gs",
        "--date=unix",
        "HEAD",
    )
    rows = [line.split("\x1f", 2) for line in out.splitlines() if line.count("\x1f") == 2]
    found = []
    for index, (sha, selector, action) in enumerate(rows):
        at = float(selector.partition("{")[2].rstrip("}") or 0)
        moved = action.startswith(("checkout", "pull", "reset", "merge", "rebase", "revert", "cherry-pick", "clone"))
        before = rows[index + 1][0] if index + 1 < len(rows) else ""
        if moved and before != sha and now - at <= DAY_SECONDS:
            found.append(Moved(at, before, sha, action))
    return found


def head(repository: Path) -> str:
    """Return the commit that is checked out."""
    return git(repository, "rev-parse", "HEAD").strip()


def uncommitted(repository: Path, *, now: float) -> list[tuple[str, float]]:
    """Return source and configuration files, not committed and changed within the hour, newest first."""
    out = git(
        repository,
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=normal",
        "--no-renames",
        "--",
        ".",
        anybodys=False,
    )
    top = Path(git(repository, "rev-parse", "--show-toplevel").strip())
    found = []
    for entry in out.split("\0"):
        name = entry[3:]
        if not name or not (name.endswith(_SOURCE) or Path(name).name.startswith(".env")):
            continue
        try:
            at = (top / name).stat().st_mtime
        except OSError:
            at = _deleted_at(top / name)  # the folder knows when a file went
        if 0.0 <= now - at <= HOUR_SECONDS:
            found.append((name, at))
    return sorted(found, key=lambda pair: -pair[1])[:MOST_FILES]


def _deleted_at(path: Path) -> float:
    try:
        return path.parent.stat().st_mtime
    except OSError:
        return 0.0


def changed_files(folder: Path, *, now: float) -> list[tuple[str, float]]:
    """Return source and configuration files of a folder that is no working copy, changed within the hour."""
    found = []
    for root, folders, files in os.walk(folder):
        depth = len(Path(root).relative_to(folder).parts)
        folders[:] = (
            [name for name in folders if name not in _SKIPPED and not name.startswith(".")] if depth < 6 else []
        )
        for name in files:
            if name.endswith(_SOURCE) or name.startswith(".env"):
                path = Path(root, name)
                try:
                    at = path.stat().st_mtime
                except OSError:
                    continue
                if 0.0 <= now - at <= HOUR_SECONDS:
                    found.append((str(path.relative_to(folder)), at))
        if len(found) > 2000:
            break
    return sorted(found, key=lambda pair: -pair[1])[:MOST_FILES]


def migrations_folder(repository: Path) -> Path | None:
    """Return the Alembic folder nearest to the top of a repository: it has ``versions`` and ``env.py``."""
    level = [repository]
    for _ in range(_SEARCH_DEPTH):
        following: list[Path] = []
        for folder in level:
            try:
                if (folder / "versions").is_dir() and (folder / "env.py").is_file():
                    return folder
                children = [child for child in folder.iterdir() if child.is_dir() and not child.is_symlink()]
            except OSError:
                continue
            following += [c for c in sorted(children) if c.name not in _SKIPPED and not c.name.startswith(".")]
        level = following[:500]
    return None


def migrations(folder: Path) -> Iterator[Migration]:
    """Yield the five newest revision files, by the time at which they were written."""
    versions = folder / "versions" if (folder / "versions").is_dir() else folder
    paths = [(path.stat().st_mtime, path) for path in versions.glob("**/*.py") if not path.name.startswith("__")]
    for modified, path in sorted(paths, key=lambda pair: -pair[0])[:5]:
        text = path.read_text(encoding="utf-8", errors="replace")[:4000]
        revision = _REVISION.search(text)
        if revision is not None:
            said = _DOCSTRING.match(text)
            yield Migration(revision[1], said[1].strip().strip('"') if said else path.stem, modified)


def django_migrations(root: Path) -> Iterator[Migration]:
    """Yield the five newest migration files of Django's applications below ``root``."""
    found: list[tuple[float, Path]] = []
    for folder, names, files in os.walk(root):
        here = Path(folder)
        deep = len(here.relative_to(root).parts) >= _SEARCH_DEPTH
        names[:] = [] if deep else [name for name in names if name not in _SKIPPED and not name.startswith(".")]
        if here.name == "migrations":
            for name in files:
                if _DJANGO_FILE.match(name):
                    with contextlib.suppress(OSError):
                        found.append(((here / name).stat().st_mtime, here / name))
    for modified, path in sorted(found, key=lambda pair: -pair[0])[:5]:
        yield Migration(
            f"{path.parent.parent.name}.{path.stem}", path.stem.partition("_")[2].replace("_", " "), modified
        )
