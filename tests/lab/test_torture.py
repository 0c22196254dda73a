"""A sample of ``make torture``: killed, starved and cut off at some writes, there is the old state or the new one, never a third."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.support.postgres import Postgres
from lab.torture.__main__ import FILES, SQLITE, WAYS, fast_folder, torture
from lab.torture.scenarios import OLD

_QUICK = [name for name, (kind, *_) in WAYS.items() if kind in (FILES, SQLITE) and name != "sqlite-recovery"]
_DATABASE = ["postgresql"]


@pytest.mark.slow
@pytest.mark.parametrize("name", _QUICK)
def test_files_and_sqlite_are_as_before_or_as_committed_after_every_blow(name: str) -> None:
    with fast_folder() as folder:
        outcomes = list(torture([name], sample=True, postgres=None, folder=folder))

    if name == "files-full" and not outcomes:
        pytest.skip("this container may not mount a small file system")
    assert len(outcomes) >= 3
    assert [outcome for outcome in outcomes if not outcome.right] == []
    assert any(outcome.found == OLD for outcome in outcomes) or "later" in name or "at-once" in name


@pytest.mark.slow
@pytest.mark.parametrize("name", _DATABASE)
def test_postgresql_is_as_before_or_as_committed_after_every_blow(
    tmp_path: Path, postgres: Postgres, name: str
) -> None:
    outcomes = list(torture([name], sample=True, postgres=postgres, folder=tmp_path))

    assert [outcome for outcome in outcomes if not outcome.right] == []
    assert outcomes
