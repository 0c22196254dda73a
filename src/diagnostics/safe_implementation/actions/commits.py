"""Revert a commit in the working copy; undo goes back to the commit before, and loses nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.actions.base import not_applicable, refuse, wanted
from diagnostics.safe_implementation.actions.commands import run

_SHA = re.compile(r"[0-9a-fA-F]{4,64}")
_DIFF_LIMIT = 6000


def _git(repository: str, *arguments: str, check: bool = True) -> tuple[int, str]:
    # Hooks, editors and signing belong to people; a prompt would hang.
    quiet = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "core.editor=true"]
    return run(["git", *quiet, *arguments], cwd=repository, environment=_identity(repository), check=check)


def _identity(repository: str) -> dict[str, str]:
    """Return a committer for repositories and machines that have none."""
    code, _ = run(["git", "config", "user.email"], cwd=repository, check=False)
    given = {"GIT_TERMINAL_PROMPT": "0"}
    if code and "GIT_COMMITTER_EMAIL" not in os.environ:
        for role in ("AUTHOR", "COMMITTER"):
            given |= {f"GIT_{role}_NAME": "diagnostics", f"GIT_{role}_EMAIL": "diagnostics@localhost"}
    return given


class RevertCommit:
    """Subject: ``repository``, ``sha`` (or ``commit``)."""

    name = "revert-commit"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        given = wanted(subject, "repository", "repo", action=self.name)
        wished = wanted(subject, "sha", "commit", action=self.name)
        title = f"Revert the commit {wished[:12]}"
        if not _SHA.fullmatch(wished):
            return not_applicable(self.name, title, f"{wished!r} is no commit id.")
        try:
            repository = _git(given, "rev-parse", "--show-toplevel")[1]
            sha = _git(repository, "rev-parse", "--verify", f"{wished}^{{commit}}")[1]
            parents = _git(repository, "rev-list", "--parents", "-n", "1", sha)[1].split()[1:]
            subject_line = _git(repository, "log", "-1", "--format=%s", sha)[1]
            files = _git(repository, "diff-tree", "--root", "--no-commit-id", "--name-only", "-r", "-z", sha)[1]
            contained = _git(repository, "merge-base", "--is-ancestor", sha, "HEAD", check=False)[0] == 0
            head = _git(repository, "rev-parse", "HEAD")[1]
        except ApplyError as error:
            return not_applicable(self.name, title, str(error))
        touched = [name for name in files.split("\0") if name]
        refusal = self._refusal(repository, sha, parents, touched, contained=contained)
        if refusal:
            return not_applicable(self.name, title, refusal)
        diff = redact(_git(repository, "diff", sha, f"{sha}^")[1])
        title = f"Revert the commit {sha[:12]} ({shorten(redact(subject_line), 80)})"
        return Plan(
            action=self.name,
            title=title,
            steps=(
                f"Keep {len(touched)} files as they are.",
                f"git revert --no-edit {sha[:12]} in {repository}.",
                "Reload or restart the application, which still runs the old code.",
            ),
            commands=(f"git -C {repository} revert --no-edit {sha}",),
            undo_commands=(f"git -C {repository} reset --keep {head}",),
            dry_run=shorten(diff, _DIFF_LIMIT),
            files=tuple(str(Path(repository) / name) for name in touched),
            parameters={"repository": repository, "sha": sha, "head": head},
            risk_inputs={"diff": diff, "is_fix": True, "verification_function_given": True},
            timeout_seconds=120.0,
        )

    def _refusal(self, repository: str, sha: str, parents: list[str], touched: list[str], *, contained: bool) -> str:
        if not contained:
            return f"{sha[:12]} is not part of what is checked out."
        if not parents:
            return "The first commit of a repository cannot be reverted."
        if len(parents) > 1:
            return f"{sha[:12]} is a merge; a person has to say which side stays (git revert -m)."
        dirty = _git(repository, "status", "--porcelain", "--untracked-files=no", "--", *touched)[1]
        if dirty:
            return f"These files have changes that are not committed: {shorten(dirty, 200)}"
        staged = _git(repository, "diff", "--cached", "--name-only")[1]
        if staged:
            return f"Something is staged and would go into the revert: {shorten(staged, 200)}"
        state = Path(_git(repository, "rev-parse", "--absolute-git-dir")[1])
        busy = [name for name in ("MERGE_HEAD", "REVERT_HEAD", "CHERRY_PICK_HEAD", "rebase-merge", "rebase-apply")
                if (state / name).exists()]  # fmt: skip
        return f"The repository is in the middle of something else ({busy[0]})." if busy else ""

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return dict(plan.parameters)

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        repository = given["repository"]
        now = _git(repository, "rev-parse", "HEAD")[1]
        refuse(
            now != given["head"],
            f"The repository has moved from {given['head'][:12]} to {now[:12]} since it was planned.",
        )
        code, output = _git(repository, "revert", "--no-edit", given["sha"], check=False)
        if code:
            _git(repository, "revert", "--abort", check=False)
            raise ApplyError(
                f"The commit cannot be reverted without a person: "
                f"{shorten(redact(' '.join(output.splitlines()[-4:])), 300)}",
                hint="Later commits changed the same lines.",
            )
        return f"{given['sha'][:12]} is reverted; HEAD is {_git(repository, 'rev-parse', 'HEAD')[1][:12]}."

    def undo(self, data: Mapping[str, str]) -> str:
        repository, head, sha = data["repository"], data["head"], data["sha"]
        try:
            state = Path(_git(repository, "rev-parse", "--absolute-git-dir")[1])
            if (state / "REVERT_HEAD").exists():
                (state / "index.lock").unlink(
                    missing_ok=True
                )  # of the revert that was killed: it is the one in progress
                _git(repository, "revert", "--abort")
            now = _git(repository, "rev-parse", "HEAD")[1]
            if now == head:
                _settle(repository, sha)
                return f"The repository is at {head[:12]}, as before."
            parent = _git(repository, "rev-parse", f"{now}^", check=False)[1]
            message = _git(repository, "log", "-1", "--format=%B", now)[1]
            if parent != head or f"This reverts commit {sha}" not in message:
                raise RollbackError(
                    f"Others have committed since: HEAD is {now[:12]}. Nothing was touched.",
                    hint=f"By hand: git -C {repository} log {head[:12]}..",
                )
            # --keep moves the branch and leaves what is not committed alone, or refuses.
            _git(repository, "reset", "--keep", head)
        except ApplyError as error:
            raise RollbackError(
                f"The repository could not be set back: {error}", hint=f"By hand: git reset --keep {head}"
            ) from error
        return f"The repository is back at {head[:12]}."


def _settle(repository: str, sha: str) -> None:
    """Put back what a revert that was killed before its commit has written into the index and the files."""
    names = [
        name
        for name in _git(repository, "diff-tree", "--no-commit-id", "--name-only", "-r", "-z", sha)[1].split("\0")
        if name
    ]
    lock = Path(_git(repository, "rev-parse", "--absolute-git-dir")[1]) / "index.lock"
    dirty = _git(repository, "status", "--porcelain", "--untracked-files=no", "--", *names, check=False)[1]
    if dirty:
        lock.unlink(missing_ok=True)
        _git(repository, "reset", "--quiet", "HEAD", "--", *names)
        for name in names:
            if _git(repository, "cat-file", "-e", f"HEAD:{name}", check=False)[0] == 0:
                _git(repository, "checkout", "HEAD", "--", name)
