"""Run one Alembic command in a process of its own: ``SCRIPTS COMMAND REVISION``; the URL comes by variable."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

URL_VARIABLE = "DIAGNOSTICS_MIGRATION_URL"
PARENT_VARIABLE = "DIAGNOSTICS_MIGRATION_PARENT"
HEADS_MARK = "diagnostics-heads: "
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Run ``upgrade``, ``downgrade``, or ``plan``, which prints the heads and the SQL of an upgrade."""
    _die_with_parent()
    scripts, command_name, revision = arguments
    from alembic import command
    from alembic.config import Config

    folder = Path(scripts)
    ini = next(
        (place / "alembic.ini" for place in (folder, folder.parent) if (place / "alembic.ini").is_file()),
        None,
    )
    config = Config(str(ini) if ini is not None else None)
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", os.environ[URL_VARIABLE].replace("%", "%%"))
    if command_name == "upgrade":
        command.upgrade(config, revision)
    elif command_name == "downgrade":
        command.downgrade(config, revision)
    else:
        from alembic.script import ScriptDirectory

        heads = ScriptDirectory.from_config(config).get_heads()
        sys.stdout.write(f"{HEADS_MARK}{' '.join(heads)}\n")
        sys.stdout.flush()
        if len(heads) == 1 or not revision.endswith(":head"):
            command.upgrade(config, revision, sql=True)
    return 0


def _die_with_parent() -> None:
    """End when the parent is killed: a migration that outlived it would run after recovery has looked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(PARENT_VARIABLE) != str(os.getppid()):
        sys.exit("the process that wanted this migration is gone")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
