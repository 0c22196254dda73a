"""Atomic writes, private folders, locks."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from diagnostics.runtime.files import (
    boot_id,
    digest_of_bytes,
    digest_of_file,
    exclusive_lock,
    open_private,
    private_directory,
    process_start,
    write_atomic,
)


@pytest.fixture(autouse=True)
def _no_mask() -> object:
    old = os.umask(0)
    yield
    os.umask(old)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    write_atomic(path, b"new", mode=0o640)
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_keeps_the_old_content_and_leaves_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    (path / "full").touch()
    with pytest.raises(OSError, match="irectory"):
        write_atomic(path, b"new")
    assert (path / "full").exists()
    assert list(tmp_path.iterdir()) == [path]


def test_private_means_private_whatever_the_umask(tmp_path: Path) -> None:
    folder = private_directory(tmp_path / "a" / "b")
    assert mode(folder) == mode(folder.parent) == 0o700
    with open_private(folder / "f") as file:
        file.write(b"secret")
    assert mode(folder / "f") == 0o600


def test_a_stale_file_of_another_mode_is_not_reused(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("stale")
    with open_private(path) as file:
        file.write(b"x")
    assert (path.read_bytes(), mode(path)) == (b"x", 0o600)


def test_both_digests_agree(tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "f").write_bytes(data)
    assert digest_of_file(tmp_path / "f") == digest_of_bytes(data)
    assert len(digest_of_bytes(b"")) == 64


def test_a_lock_is_held_once_and_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with exclusive_lock(path, note="me"):
        assert path.read_text() == "me"
        with pytest.raises(BlockingIOError), exclusive_lock(path):
            raise AssertionError("two holders")
        assert path.read_text() == "me"
    with exclusive_lock(path, note="you"):
        pass


def test_a_process_is_told_from_another_with_the_same_number() -> None:
    assert process_start(os.getpid()).isdigit()
    assert process_start(2**22 + 5) == ""
    assert len(boot_id()) == 36
