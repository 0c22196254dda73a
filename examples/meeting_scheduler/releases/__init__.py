"""Alternative releases of the service, as edits of its source: commits that somebody might have made.

The files have neutral names, and nothing of this folder is copied beside the running service: what a release
does is only known here. `RELEASES` says which fault is which file.
"""

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


RELEASES: dict[str, str] = {
    "leaks_connection": "r01",
    "blocks_loop": "r02",
    "leaks_memory": "r03",
    "leaks_descriptors": "r04",
    "crashes": "r05",
    "n_plus_one": "r06",
    "lock_order": "r07",
    "busy_loop": "r08",
    "lazy_load": "r09",
    "holds_transaction": "r10",
    "no_backoff": "r11",
    "missing_migration": "r12",
    "requires_variable": "r13",
    "missing_module": "r14",
    "leaks_threads": "r15",
    "wrong_payload": "r16",
    "naive_datetime": "r17",
    "leaks_sockets": "r18",
    "polls_tightly": "r19",
    "deadlocks_threads": "r20",
    "unindexed_query": "r21",
    "harmless": "r22",
    "harmless_migration": "r23",
}


def load_release(name: str) -> Release:
    """Return a release by the name of its fault.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in RELEASES:
        raise ValueError(f"no release {name!r}; there are {', '.join(sorted(RELEASES))}")
    release = import_module(f"{__name__}.{RELEASES[name]}").RELEASE
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
