"""``python -m lab.torture``: kill, starve and cut off at every write; print what was found, with the number of points."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.support.postgres import Postgres, running_postgres

# Imported before the first fork, so that no child has to.
import diagnostics.safe_implementation.sentinel
import diagnostics.safe_implementation.snapshotters.postgres
import diagnostics.safe_implementation.snapshotters.postgres_fence
import diagnostics.safe_implementation.snapshotters.sqlite  # noqa: F401
from lab.torture import scenarios as ways
from lab.torture.scenarios import Outcome
from lab.torture.scene import Scene

#: name -> (needs PostgreSQL, points of the full run or None for every write, points of a sample, the way)
Way = Callable[[Scene, "int | None"], Iterator[Outcome]]
FILES, SQLITE, POSTGRES = "files", "sqlite", "postgresql"


def _way(function: Callable[..., Iterator[Outcome]], name: str) -> Way:
    return lambda scene, points: function(scene, points, name=name)


WAYS: dict[str, tuple[str, int | None, int, Way]] = {
    "files": (FILES, None, 8, _way(ways.killed, FILES)),
    "files-many": (FILES, None, 4, _way(ways.killed_many, "files, synced in groups")),
    "files-later": (FILES, None, 4, _way(ways.killed_later, FILES)),
    "files-recovery": (FILES, None, 4, _way(ways.killed_in_recovery, FILES)),
    "files-torn": (FILES, None, 4, _way(ways.torn, FILES)),
    "files-refused": (FILES, None, 1, _way(ways.refused, FILES)),
    "files-full": (FILES, 60, 3, _way(ways.really_full, FILES)),
    "files-at-once": (FILES, 20, 3, _way(ways.at_once, FILES)),
    "sqlite": (SQLITE, 80, 4, _way(ways.killed, SQLITE)),
    "sqlite-recovery": (SQLITE, 40, 3, _way(ways.killed_in_recovery, SQLITE)),
    "postgresql": (POSTGRES, 60, 2, _way(ways.killed, POSTGRES)),
    "postgresql-later": (POSTGRES, 20, 1, _way(ways.killed_later, POSTGRES)),
    "postgresql-recovery": (POSTGRES, 30, 1, _way(ways.killed_in_recovery, POSTGRES)),
    "postgresql-cut-off": (POSTGRES, 20, 1, _way(ways.cut_off, POSTGRES)),
}


def torture(only: list[str], *, sample: bool, postgres: Postgres | None, folder: Path) -> Iterator[Outcome]:
    """Go through the chosen ways; a scene that needs PostgreSQL is left out without one."""
    for name in only:
        kind, full, few, way = WAYS[name]
        if kind == POSTGRES and postgres is None:
            continue
        place = folder / name
        place.mkdir()
        scene = Scene(folder=place, postgres=postgres if kind == POSTGRES else None, sqlite=kind == SQLITE)
        yield from way(scene, few if sample else full)


@contextmanager
def fast_folder() -> Iterator[Path]:
    """Give a folder in memory where there is one that takes extended attributes: who is killed needs no disk to be slow."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="torture-", dir=shared if os.access(shared, os.W_OK) else None) as name:
        try:
            os.setxattr(name, "user.torture", b"")
        except OSError:
            with tempfile.TemporaryDirectory(prefix="torture-") as other:
                yield Path(other)
        else:
            yield Path(name)


def table(outcomes: list[Outcome], seconds: float) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| torture | points | old state | new state | a person was asked first | violations |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(outcome.scenario for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.scenario == name]
        old, new = (sum(outcome.right and outcome.found == state for outcome in mine) for state in (ways.OLD, ways.NEW))
        lines.append(
            f"| {name} | {len(mine)} | {old} | {new} | {sum(o.asked for o in mine)} | {sum(not o.right for o in mine)} |"
        )
    wrong = [outcome for outcome in outcomes if not outcome.right]
    kills = sum("killed" in outcome.scenario or "torn" in outcome.scenario for outcome in outcomes)
    lines += ["", f"{len(outcomes)} points, {kills} of them kills; {len(wrong)} violations; {seconds:.0f} s."]
    lines += [f"- {o.scenario} at write {o.at} ({o.label}): {o.found}. {o.note}" for o in wrong[:40]]
    return "\n".join(lines)


def main() -> int:
    """Run and print; the exit code says whether any point was wrong."""
    parser = argparse.ArgumentParser(prog="python -m lab.torture", description=__doc__)
    parser.add_argument("--only", default=",".join(WAYS), help=f"ways, separated by commas: {', '.join(WAYS)}")
    parser.add_argument("--sample", action="store_true", help="a few points of each, as in CI")
    options = parser.parse_args()
    only = options.only.split(",")
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with fast_folder() as folder:
        if any(WAYS[way][0] == POSTGRES for way in only):
            with running_postgres() as postgres:
                outcomes += _noisily(torture(only, sample=options.sample, postgres=postgres, folder=folder))
        else:
            outcomes += _noisily(torture(only, sample=options.sample, postgres=None, folder=folder))
    print(table(outcomes, time.monotonic() - began))
    return 1 if any(not outcome.right for outcome in outcomes) else 0


def _noisily(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    for number, outcome in enumerate(outcomes, 1):
        if not outcome.right or number % 100 == 0:
            print(
                f"{number} {outcome.scenario} at {outcome.at} ({outcome.label}): {outcome.found} {outcome.note}",
                file=sys.stderr,
            )
        yield outcome


if __name__ == "__main__":
    sys.exit(main())
