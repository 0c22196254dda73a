"""Processes on this host that start jobs by the clock for the same application: there should be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model.observation import Observation, Unit
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes.notes import Notes, clean

DEADLINE_SECONDS = 5.0
_PYTHON = re.compile(r"(?:^|/)(?:python[\d.]*|pypy[\d.]*|celery|rqscheduler|rq)$")
_BROKER = re.compile(r"^(?:rediss?|amqps?|sqs|pyamqp)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulersProbe:
    """Looks for `celery beat` and `rqscheduler` that serve the diagnosed processes' application.

    Attributes:
        pids: The diagnosed processes; what shares a broker or a working directory with them is theirs.
    """

    pids: tuple[int, ...]
    name: str = "process.scheduler"

    @property
    def deadline_seconds(self) -> float:
        return DEADLINE_SECONDS

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield one reading for each scheduler: its age."""
        ours = [mark for pid in self.pids for mark in _marks(pid)]
        notes = Notes(clock.now(), "/proc/<pid>/cmdline")
        everything = host.all_processes()
        words = {pid: host.command_line(pid) for pid in everything}
        found = {pid: kind for pid, line in words.items() if (kind := scheduler_kind(line))}
        booted, ticks = host.cpu_times().boot_time, host.ticks_per_second()
        for pid, kind in sorted(found.items()):
            stat = everything[pid]
            if stat.parent in found or stat.state in "ZX" or not set(_marks(pid)) & set(ours):
                continue
            age = max(0.0, clock.now().timestamp() - booted - stat.start_ticks / ticks)
            labels = {"pid": pid, "kind": kind, "app": clean(application(words[pid]), 100)}
            yield notes.reading(self.name, age, Unit.SECONDS, command=clean(" ".join(words[pid]), 200), **labels)


def scheduler_kind(words: Sequence[str]) -> str:
    """Return what kind of scheduler a command line starts; empty for anything else, a shell around it as well."""
    if not words or not _PYTHON.search(words[0]):
        return ""
    names = [word.rpartition("/")[2] for word in words[:4]]
    if "celery" in names:
        rest = words[names.index("celery") + 1 :]
        if "beat" in rest:
            return "celery beat"
        if "worker" in rest and ("-B" in rest or "--beat" in rest):
            return "celery worker with beat"
    if "rqscheduler" in names:
        return "rqscheduler"
    return ""


def application(words: Sequence[str]) -> str:
    """Return the application that a Celery command line names; empty where it names none."""
    for index, word in enumerate(words):
        if word in ("-A", "--app") and index + 1 < len(words):
            return words[index + 1]
        if word.startswith("--app="):
            return word.partition("=")[2]
    return ""


def brokers(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the addresses of brokers among the variables."""
    yield from (value for value in environment.values() if _BROKER.match(value))


def _marks(pid: int) -> list[str]:
    """Return what tells to which application a process belongs: its brokers, else its working directory."""
    try:
        named = [f"broker {value}" for value in brokers(host.environment(pid))]
        return named or [f"folder {folder}" for folder in [str(Path(f"/proc/{pid}/cwd").readlink())] if folder != "/"]
    except OSError:
        return []
