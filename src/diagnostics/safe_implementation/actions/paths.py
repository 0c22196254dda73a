"""Files: put an earlier version back, rotate or empty a log that fills the disk."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.files import PIECE, open_private, sync_directory, write_atomic
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.actions.base import not_applicable, refuse, wanted
from diagnostics.safe_implementation.actions.commands import run

_DIFF_LIMIT = 6000
#: Text logs shrink to about a tenth; a quarter is asked for, so that the copy never fills what it is meant to
#: free.
_COMPRESSED_SHARE = 0.25


class RestoreFile:
    """Subject: ``path``, and ``version`` (a commit) or ``source`` (a file that holds the content)."""

    name = "restore-file"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        path = Path(wanted(subject, "path", "file", action=self.name)).absolute()
        version, source = subject.get("version", ""), subject.get("source", "")
        title = f"Put {path} back to {version[:12] or source or 'an earlier version'}"
        try:
            content = _content(path, version, source)
        except ApplyError as error:
            return not_applicable(self.name, title, str(error))
        now = path.read_bytes() if path.is_file() else b""
        if content == now:
            return not_applicable(self.name, title, "The file has that content already.")
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"Keep {path} as it is.",
                "Write the earlier content; mode and owner stay.",
                "Reload what reads it.",
            ),
            commands=(f"cp {source} {path}" if source else f"git show {version}:./{path.name} > {path}",),
            undo_commands=(f"cp <kept copy> {path}",),
            dry_run=shorten(_difference(now, content), _DIFF_LIMIT),
            files=(str(path),),
            parameters={"path": str(path), "version": version, "source": source},
            risk_inputs={
                "diff": _difference(now, content),
                "is_fix": True,
                "verification_function_given": True,
            },
        )

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {"path": plan.parameters["path"]}

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        path = Path(given["path"])
        content = _content(path, given["version"], given["source"])
        if path.is_file():
            was = path.stat()
            write_atomic(path, content, mode=was.st_mode & 0o7777)
            os.chown(path, was.st_uid, was.st_gid)
        else:
            write_atomic(path, content, mode=0o644)
        return f"{path} has its earlier content."

    def undo(self, data: Mapping[str, str]) -> str:
        return f"{data['path']} comes back from its kept copy."


def _content(path: Path, version: str, source: str) -> bytes:
    if source:
        refuse(not Path(source).is_file(), f"There is no file {source}.")
        return Path(source).read_bytes()
    refuse(not version, "Neither version nor source is given.")
    refuse(version.startswith("-"), f"{version!r} is no version.")
    code, output = run(["git", "rev-parse", "--verify", f"{version}:./{path.name}"], cwd=path.parent, check=False)
    refuse(bool(code), f"{version} holds no {path.name}: {shorten(output)}")
    import subprocess

    shown = subprocess.run(
        ["git", "cat-file", "blob", output], cwd=path.parent, capture_output=True, timeout=30, check=False
    )
    refuse(bool(shown.returncode), f"{version} holds no {path.name}.")
    return shown.stdout


def _difference(before: bytes, after: bytes) -> str:
    import difflib

    lines = difflib.unified_diff(
        before.decode(errors="replace").splitlines(),
        after.decode(errors="replace").splitlines(),
        "now",
        "then",
        lineterm="",
    )
    return redact("\n".join(lines))


class _FreesSpace:
    """What rotating and emptying have in common."""

    name = ""

    def _checked(self, subject: Mapping[str, str]) -> tuple[Path, str]:
        path = Path(wanted(subject, "path", "file", action=self.name)).absolute()
        if path.is_symlink() or not path.is_file():
            return path, f"{path} is no plain file."
        if path.stat().st_nlink > 1:
            return path, f"{path} has other names (hard links), which would be emptied too."
        if not path.stat().st_size:
            return path, f"{path} is empty already."
        return path, ""


class RotateLog(_FreesSpace):
    """Copy a log, compressed, and empty it while its writer goes on; subject: ``path``, ``archive`` (a folder)."""

    name = "rotate-log"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        path, refusal = self._checked(subject)
        title = f"Rotate {path}"
        if refusal:
            return not_applicable(self.name, title, refusal)
        size = path.stat().st_size
        folder = Path(subject.get("archive") or path.parent).absolute()
        if not folder.is_dir():
            return not_applicable(self.name, title, f"There is no folder {folder} for the copy.")
        free = shutil.disk_usage(folder).free
        if free < size * _COMPRESSED_SHARE:
            reason = (
                f"{folder} has {free / 1e6:.0f} MB left; the compressed copy may take "
                f"{size * _COMPRESSED_SHARE / 1e6:.0f} MB."
            )
            return not_applicable(self.name, title, f"{reason} Give another archive, or use truncate-file.")
        archive = folder / f"{path.name}.{path.stat().st_mtime_ns}.gz"
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"Write a compressed copy to {archive} and make it durable.",
                f"Empty {path} in place; its writer goes on. Lines written between the two are copied too.",
            ),
            commands=(f"gzip -c {path} > {archive}", f": > {path}"),
            undo_commands=(f"zcat {archive} > {path}",),
            dry_run=f"{path} holds {size / 1e6:.1f} MB",
            parameters={"path": str(path), "archive": str(archive)},
            risk_inputs={"verification_function_given": True},
            timeout_seconds=max(300.0, size / 20e6),
        )

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        path = Path(plan.parameters["path"])
        return {**plan.parameters, "inode": str(path.stat().st_ino)}

    def apply(self, plan: Plan) -> str:
        path, archive = Path(plan.parameters["path"]), Path(plan.parameters["archive"])
        refuse(archive.exists(), f"{archive} exists already.")
        partial = archive.with_name(archive.name + ".part")
        with path.open("r+b") as source:
            with open_private(partial) as raw:
                with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, filename="") as target:
                    while piece := source.read(PIECE):
                        target.write(piece)
                raw.flush()
                os.fsync(raw.fileno())
            partial.rename(archive)
            sync_directory(archive.parent)
            copied = source.tell()
            late = source.read()  # lines that came while the copy was made durable
            if late:
                with archive.open("ab") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="") as target:
                    target.write(late)
                with archive.open("rb") as raw:
                    os.fsync(raw.fileno())
            os.ftruncate(source.fileno(), 0)
            os.fsync(source.fileno())
        return f"{path} was emptied; {copied + len(late)} bytes are in {archive}."

    def undo(self, data: Mapping[str, str]) -> str:
        path, archive = Path(data["path"]), Path(data["archive"])
        partial = archive.with_name(archive.name + ".part")
        partial.unlink(missing_ok=True)
        if not archive.exists():
            return f"{path} was not emptied."
        try:
            with gzip.open(archive, "rb") as kept:
                head = kept.read(PIECE)
            with path.open("rb") as file:
                if file.read(len(head)) == head and head:
                    archive.unlink()  # killed between the copy and the emptying
                    return f"{path} was not emptied."
            since = path.read_bytes()
            joined = path.with_name(f".{path.name}.restore")
            with open_private(joined) as target, gzip.open(archive, "rb") as kept:
                shutil.copyfileobj(kept, target, PIECE)
                target.write(since)
                target.flush()
                os.fsync(target.fileno())
            # In place: the writer keeps its descriptor.
            with joined.open("rb") as whole, path.open("r+b") as file:
                shutil.copyfileobj(whole, file, PIECE)
                file.flush()
                os.fsync(file.fileno())
            joined.unlink()
            archive.unlink()
        except OSError as error:
            raise RollbackError(
                f"{path} could not be filled again: {error.strerror}.", hint=f"Its content is in {archive}."
            ) from error
        return f"{path} has its content again."


class TruncateFile(_FreesSpace):
    """Empty a file in place; its content is lost. Subject: ``path``."""

    name = "truncate-file"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        path, refusal = self._checked(subject)
        title = f"Empty {path}"
        if refusal:
            return not_applicable(self.name, title, refusal)
        size = path.stat().st_size
        return Plan(
            action=self.name,
            title=title,
            steps=(f"Empty {path} in place; its writer goes on.",),
            commands=(f": > {path}",),
            dry_run=f"{path} holds {size / 1e6:.1f} MB, which would be lost",
            irreversible=True,
            irreversible_reason="There is no room for a copy, so the content is lost.",
            parameters={"path": str(path)},
            risk_inputs={"irreversible": True, "verification_function_given": True},
        )

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return dict(plan.parameters)

    def apply(self, plan: Plan) -> str:
        path = Path(plan.parameters["path"])
        size = path.stat().st_size
        with path.open("r+b") as file:
            os.ftruncate(file.fileno(), 0)
            os.fsync(file.fileno())
        return f"{path} was emptied of {size} bytes."

    def undo(self, data: Mapping[str, str]) -> str:
        return f"{data['path']}: its content is lost, as announced."
