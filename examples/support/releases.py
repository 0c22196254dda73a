"""Alternative releases of a service, as edits of its source: commits that somebody might have made."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One replacement in one file; without `old`, a new file."""

    path: str  # in the package
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A commit: its message, its edits, and whether its migrations are run."""

    message: str
    edits: tuple[Edit, ...]
    migrate: bool = True


def load_release(package: str, name: str) -> Release:
    """Return a release by the name of its fault; `package` has `RELEASES`, which says what is in which module.

    Raises:
        ValueError: There is none of that name.
    """
    releases = import_module(package).RELEASES
    if name not in releases:
        raise ValueError(f"no release {name!r}; there are {', '.join(sorted(releases))}")
    release = import_module(f"{package}.{releases[name]}").RELEASE
    assert isinstance(release, Release)
    return release


def apply(release: Release, package: Path) -> None:
    """Edit the source in place.

    Raises:
        ValueError: The source does not have the text that should be replaced, or has it twice.
    """
    for edit in release.edits:
        target = package / edit.path
        if not edit.old:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(edit.new)
            continue
        source = target.read_text()
        if source.count(edit.old) != 1:
            raise ValueError(f"{edit.path} has {source.count(edit.old)} times: {edit.old!r}")
        target.write_text(source.replace(edit.old, edit.new))
