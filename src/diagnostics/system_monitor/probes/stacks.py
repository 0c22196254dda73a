"""Where the threads of a process stand, from several samples: by py-spy, or from within for our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from diagnostics.model.observation import FailureKind, Observation, Unit
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes.notes import Notes, clean

SAMPLES = 8
WINDOW_SECONDS = 1.6
DUMP_SECONDS = 3.0
"""One dump takes 20 to 60 ms; a process that swaps needs longer."""
_PATIENCE_SECONDS = 2.0
MOST_DUMPS = 64
"""All samples of all processes together: each costs about 10 ms of a CPU."""
_FEWEST_SAMPLES = 3
MOST_CHILDREN = 20
MOST_POSITIONS = 150
MOST_FRAMES = 8
_LIBRARY_PARTS = ("/site-packages/", "/dist-packages/", "/lib/python3", "/lib64/python3")
_LOOP_FUNCTIONS = ("_run", "_run_once", "run_forever", "run_endpoint_function", "run_asgi")
_WAITING_FILES = ("selectors.py", "threading.py", "queue.py")
_WAITING = ("select", "wait", "acquire", "get", "join", "_wait_for_tstate_lock")
_STDLIB = os.path.realpath(sysconfig.get_path("stdlib"))


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on a stack."""

    function: str
    file: str
    line: int

    @property
    def is_application(self) -> bool:
        """Whether this is neither the standard library nor an installed package."""
        if self.file.startswith(("<", _STDLIB)):  # frozen or generated code, and the standard library
            return False
        return not any(part in self.file for part in _LIBRARY_PARTS)

    @property
    def waits(self) -> bool:
        """Whether the standard library waits here, whatever the sampler says of the CPU."""
        return self.function in _WAITING and self.file.endswith(_WAITING_FILES) and not self.is_application

    def __str__(self) -> str:
        return f"{self.function} ({_short(self.file)}:{self.line})"


def _short(file: str) -> str:
    """Return the path from the package on, for libraries; the last two parts of it for the application."""
    for part in _LIBRARY_PARTS:
        _, found, rest = file.rpartition(part)
        if found:
            return rest if part.endswith("packages/") else rest.partition("/")[2]
    return "/".join(file.split("/")[-2:])


@dataclass(frozen=True, slots=True)
class Stack:
    """A thread at one moment; ``frames`` innermost first."""

    thread: str
    is_main: bool
    is_active: bool
    frames: tuple[Frame, ...]
    ident: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StackProbe:
    """Samples the Python stacks of other processes, without stopping them.

    Attributes:
        pids: The diagnosed processes; their Python children are sampled too.
        samples: How many samples are taken of each.
        window_seconds: Time over which they are spread.
    """

    pids: tuple[int, ...]
    samples: int = SAMPLES
    window_seconds: float = WINDOW_SECONDS
    name: str = "process.stack"

    @property
    def deadline_seconds(self) -> float:
        return self.window_seconds + 6.0

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield ``process.stack``: for each thread where it stood, and in which share of the samples."""
        others = tuple(pid for pid in self.pids if pid != os.getpid())
        binary = find_py_spy() if others else None
        taken: dict[int, list[list[Stack]]] = {pid: [] for pid in self.pids}
        errors: dict[int, str] = {}
        families = {pid: Family(pid) for pid in others}
        samples = min(self.samples, max(_FEWEST_SAMPLES, MOST_DUMPS // max(1, sum(f.size for f in families.values()))))
        began = clock.monotonic()
        for index in range(samples):
            for pid in self.pids:
                if pid == os.getpid():
                    taken[pid].append(own_stacks(threading.get_ident()))
                elif binary is None or (errors.get(pid) and not taken[pid] and index > 1):
                    continue  # twice in vain is enough
                else:
                    stacks, error = families[pid].dump(binary)
                    if error:
                        errors[pid] = error
                    else:
                        taken[pid].append(stacks)
            if clock.monotonic() - began > self.window_seconds + _PATIENCE_SECONDS:
                break  # dumps are slow here: some samples in time are better than all of them too late
            if index + 1 < samples:
                clock.sleep(began + (index + 1) * self.window_seconds / samples - clock.monotonic())
        for pid in self.pids:
            notes = Notes(clock.now(), "py-spy dump --nonblocking" if pid != os.getpid() else "sys._current_frames")
            notes = notes.of(pid=pid)
            if taken[pid]:
                yield from stack_readings(taken[pid], notes)
            elif binary is None:
                hint = "Install it with: pip install 'ultimate-diagnostics[profile]'"
                yield notes.failure(self.name, FailureKind.MISSING_EXTRA, "py-spy is not installed", hint)
            else:
                yield why_not(errors.get(pid, ""), pid, self.name, notes)


def why_not(error: str, pid: int, name: str, notes: Notes) -> Observation:
    """Return the failure that py-spy's own words stand for."""
    words = " ".join(error.partition("Stack backtrace:")[0].split()) or "py-spy gave no answer"
    lower = words.lower()
    if any(said in lower for said in ("permission denied", "operation not permitted", "eperm", "ptrace", "sudo")):
        hint = "Run diagnose as root, or allow ptrace (in a container: --cap-add SYS_PTRACE)."
        return notes.failure(name, FailureKind.FORBIDDEN, words, hint)
    if any(said in lower for said in ("no such process", "no such file", "os error 3", "os error 2)")):
        return notes.failure(name, FailureKind.NOT_FOUND, f"process {pid} is gone")
    if "python" in lower and ("find" in lower or "version" in lower):
        hint = "Stacks are sampled of CPython processes only."
        return notes.failure(name, FailureKind.UNSUPPORTED, words, hint)
    kind = FailureKind.TIMEOUT if "timed out" in lower else FailureKind.ERROR
    return notes.failure(name, kind, words)


def find_py_spy() -> str | None:
    """Return the path of py-spy: beside our interpreter, or in the search path."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if beside.exists() else shutil.which("py-spy")


class Family:
    """A process and its children: the workers below a master, of which py-spy's JSON would know the master only."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._no_python: set[int] = set()

    @property
    def size(self) -> int:
        return 1 + len(self._children())

    def dump(self, binary: str) -> tuple[list[Stack], str]:
        """Return the stacks of all that run Python, or what py-spy said of the first."""
        stacks, error = dump(binary, self.pid)
        for child in self._children():
            found, why = dump(binary, child)
            stacks += found
            if why and not found:
                self._no_python.add(child)  # a shell, or gone
        return (stacks, "") if stacks else ([], error)

    def _children(self) -> list[int]:
        """Return the children, oldest first; those of a worker that was replaced in the meantime come and go."""
        try:
            children = psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            return []
        return [child.pid for child in children if child.pid not in self._no_python][:MOST_CHILDREN]


def dump(binary: str, pid: int) -> tuple[list[Stack], str]:
    """Return the stacks of one process, or what py-spy said instead."""
    command = [binary, "dump", f"--pid={pid}", "--json", "--nonblocking"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=DUMP_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return [], "py-spy timed out"
    except OSError as error:
        return [], f"py-spy cannot be run: {error}"
    if done.returncode != 0:
        return [], done.stderr.decode("utf-8", "replace")[:2000] or f"py-spy ended with {done.returncode}"
    try:
        return parse_dump(json.loads(done.stdout)), ""
    except (ValueError, KeyError, TypeError) as error:
        return [], f"py-spy's answer is not understood: {error}"


def parse_dump(threads: list[dict[str, Any]]) -> list[Stack]:
    """Return the stacks in the JSON of ``py-spy dump``."""
    stacks = []
    for thread in threads:
        frames = tuple(Frame(_bare(f["name"]), f["filename"], int(f["line"])) for f in thread["frames"])
        name = str(thread.get("thread_name") or thread.get("os_thread_id") or thread.get("thread_id"))
        is_main = thread.get("os_thread_id") == thread.get("pid")
        # Without stopping the process, a thread that is about to wait is often taken for one that runs.
        is_active = bool(thread["active"]) and not (frames and frames[0].waits)
        ident = int(thread.get("os_thread_id") or thread.get("thread_id") or 0)
        stacks.append(Stack(name, is_main, is_active, frames, ident))
    return stacks


def _bare(name: str) -> str:
    """Return the function without its class: Python before 3.11 does not know more."""
    return name.rpartition(".")[2]


def own_stacks(without: int) -> list[Stack]:
    """Return the stacks of our own process, but for the thread that looks."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    main = threading.main_thread().ident
    stacks = []
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way
        if ident == without:
            continue
        frames: list[Frame] = []
        here: Any = frame
        while here is not None and len(frames) < 200:
            frames.append(Frame(here.f_code.co_name, here.f_code.co_filename, here.f_lineno or 0))
            here = here.f_back
        # From within nobody can see what is on the CPU; a leaf in a wait of the standard library is not.
        stacks.append(Stack(names.get(ident, str(ident)), ident == main, _seems_active(frames), tuple(frames), ident))
    return stacks


def _seems_active(frames: list[Frame]) -> bool:
    return bool(frames) and not frames[0].waits


_Position = tuple[str, bool, bool, str, str, str, str, str]


def stack_readings(samples: list[list[Stack]], notes: Notes) -> Iterator[Observation]:
    """Yield one reading for each thread and position: those in application code first, then the most frequent.

    ``function``, ``file`` and ``line`` are empty where no frame is the application's.
    """
    idents: dict[str, set[int]] = {}
    for stack in (stack for sample in samples for stack in sample):
        idents.setdefault(stack.thread, set()).add(stack.ident)
    seen: Counter[_Position] = Counter()
    for sample in samples:
        for stack in sample:
            if stack.frames:
                # Pools give one name to many threads.
                alone = len(idents[stack.thread]) == 1
                seen[_position(stack, stack.thread if alone else f"{stack.thread} #{stack.ident}")] += 1
    ranked = sorted(seen, key=lambda position: (not position[3], -seen[position], position))
    for position in ranked[:MOST_POSITIONS]:
        thread, is_main, is_active, function, file, line, leaf, trace = position
        yield notes.reading(
            "process.stack",
            min(1.0, seen[position] / len(samples)),
            Unit.RATIO,
            thread=clean(thread, 80),
            main="true" if is_main else "false",
            active="true" if is_active else "false",
            function=function,
            file=file,
            line=line,
            leaf=leaf,
            trace=clean(trace, 800),
        )


def _position(stack: Stack, thread: str) -> _Position:
    here = next((frame for frame in stack.frames if frame.is_application), None)
    function, file, line = (here.function, here.file, str(here.line)) if here else ("", "", "")
    leaf, trace = str(stack.frames[0]), trace_of(stack.frames)
    return (thread, stack.is_main, stack.is_active, function, file, line, leaf, trace)


def trace_of(frames: tuple[Frame, ...]) -> str:
    """Return up to eight frames, outer first.

    The innermost three come first, then three of the application, then two that show an event loop at work, then
    the innermost of the rest.
    """
    chosen = set(range(len(frames)))
    if len(frames) > MOST_FRAMES:
        ours = [index for index, frame in enumerate(frames) if frame.is_application]
        loop = [index for index, frame in enumerate(frames) if frame.function in _LOOP_FUNCTIONS]
        wanted = [0, 1, 2, *ours[:3], *loop[:2], *range(3, len(frames))]
        chosen = set(list(dict.fromkeys(wanted))[:MOST_FRAMES])
    parts: list[str] = []
    last = None
    for index in sorted(chosen, reverse=True):
        if last is not None and last - index > 1:
            parts.append("…")
        parts.append(str(frames[index]))
        last = index
    return " < ".join(parts)
