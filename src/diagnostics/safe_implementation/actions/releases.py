"""Go back to an earlier release where a deploy is a symbolic link (``current -> releases/…``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from diagnostics.errors import ApplyError, RollbackError
from diagnostics.model.change import Plan
from diagnostics.runtime.files import sync_directory
from diagnostics.safe_implementation.actions.base import not_applicable, refuse, wanted
from diagnostics.safe_implementation.actions.configuration import reload, reloading


class SwitchRelease:
    """Subject: ``link``, maybe ``release`` (the one before the present one when not given), ``pid`` or ``reload``."""

    name = "switch-release"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        link = Path(os.path.abspath(wanted(subject, "link", action=self.name)))  # noqa: PTH100 - a link is not followed
        title = f"Lead {link} to an earlier release"
        if not link.is_symlink():
            return not_applicable(self.name, title, f"{link} is no symbolic link.")
        now = os.readlink(link)  # noqa: PTH115 - the text as it is written
        present = link.parent / now
        release = Path(subject["release"]) if subject.get("release") else _before(present)
        if release is None:
            return not_applicable(self.name, title, f"There is no earlier release beside {present}.")
        if not (link.parent / release).is_dir():
            return not_applicable(self.name, title, f"There is no release {release}.")
        wished = str(release) if release.is_absolute() == Path(now).is_absolute() else _like(now, link, release)
        if wished == now:
            return not_applicable(self.name, title, f"{link} leads there already.")
        how, words, why = reloading(subject)
        if why:
            return not_applicable(self.name, title, why)
        return Plan(
            action=self.name,
            title=f"Lead {link} to {wished}",
            steps=(f"Replace the link in one step; it leads to {now} now.", words),
            commands=(f"ln -sfn {wished} {link}",),
            undo_commands=(f"ln -sfn {now} {link}",),
            dry_run=f"- {link} -> {now}\n+ {link} -> {wished}",
            files=(str(link),),
            parameters={"link": str(link), "from": now, "to": wished, **how},
            risk_inputs={"service_restart_required": True, "is_fix": True, "verification_function_given": True},
            timeout_seconds=60.0,
        )

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return dict(plan.parameters)

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        link = Path(given["link"])
        refuse(
            not link.is_symlink() or os.readlink(link) != given["from"],  # noqa: PTH115
            f"{link} no longer leads to {given['from']}; somebody deployed meanwhile.",
        )
        _point(link, given["to"])
        return f"{link} leads to {given['to']}.{reload(given)}"

    def undo(self, data: Mapping[str, str]) -> str:
        link = Path(data["link"])
        try:
            if link.is_symlink() and os.readlink(link) == data["to"]:  # noqa: PTH115
                _point(link, data["from"])
            return f"{link} leads to {data['from']}.{reload(data)}"
        except (OSError, ApplyError) as error:
            raise RollbackError(f"{link} could not be led back: {error}.") from error


def _before(present: Path) -> Path | None:
    """Return the release that was made last before the present one, by name: releases are named by time or number."""
    earlier = sorted(item for item in present.parent.iterdir() if item.is_dir() and item.name < present.name)
    return earlier[-1] if earlier else None


def _like(now: str, link: Path, release: Path) -> str:
    """Return a release written as the link is now: relative stays relative."""
    whole = link.parent / release
    return str(whole) if Path(now).is_absolute() else os.path.relpath(whole, link.parent)


def _point(link: Path, target: str) -> None:
    temporary = link.with_name(f".{link.name}.{os.getpid()}.link")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.rename(link)
    sync_directory(link.parent)
