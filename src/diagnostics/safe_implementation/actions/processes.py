"""Restart or signal a process: only if it is still the same one."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping

from diagnostics.errors import ApplyError
from diagnostics.model.change import Plan
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.runtime.files import process_start
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.safe_implementation.actions.base import not_applicable, refuse, wanted

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 30.0


def _command_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - a path of the kernel
            return shorten(redact(file.read(4096).replace(b"\0", b" ").decode(errors="replace").strip()), 160)
    except OSError:
        return ""


def _same(pid: int, start: str) -> bool:
    return bool(start) and process_start(pid) == start and not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - a path of the kernel
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _checked(subject: Mapping[str, str], action: str) -> tuple[int, str, str]:
    """Return process id, start time, and why it must not be touched, if so."""
    pid = int(wanted(subject, "pid", action=action))
    start = process_start(pid)
    if not start:
        return pid, "", f"There is no process {pid} any more."
    ours = {os.getpid(), os.getppid(), 1}
    if pid in ours or pid <= 0:
        return pid, start, f"Process {pid} is our own or the system's first one."
    try:
        os.kill(pid, 0)
    except PermissionError:
        return pid, start, f"Process {pid} belongs to another user; run as its user or as root."
    except ProcessLookupError:
        return pid, "", f"There is no process {pid} any more."
    return pid, start, ""


class SignalProcess:
    """Subject: ``pid``, ``signal`` (``STOP``, ``CONT``, ``HUP``, ``USR1``, ``TERM``, ``KILL`` …).

    Without a signal it is ``STOP``: it frees the CPUs at once, and it is the one that can be undone.
    """

    name = "signal-process"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        wished = (subject.get("signal") or "STOP").upper().removeprefix("SIG")
        pid, start, refusal = _checked(subject, self.name)
        title = f"Send {wished} to process {pid}"
        if f"SIG{wished}" not in signal.Signals.__members__:
            return not_applicable(self.name, title, f"{wished!r} is no signal.")
        if refusal:
            return not_applicable(self.name, title, refusal)
        pair = {"STOP": "CONT", "CONT": "STOP"}.get(wished, "")
        return Plan(
            action=self.name,
            title=title,
            steps=(f"Look again: process {pid} must still be the same one.", f"Send it SIG{wished}."),
            commands=(f"kill -{wished} {pid}",),
            undo_commands=(f"kill -{pair} {pid}",) if pair else (),
            dry_run=_command_of(pid),
            irreversible=not pair,
            irreversible_reason="" if pair else "What the process does on a signal cannot be undone.",
            consent_reason="the process may serve others" if pair else "",
            parameters={"pid": str(pid), "start": start, "signal": wished, "pair": pair},
            risk_inputs={"service_restart_required": wished in ("TERM", "KILL", "INT", "QUIT"),
                         "verification_function_given": True},
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return dict(plan.parameters)

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        pid = int(given["pid"])
        refuse(not _same(pid, given["start"]), f"Process {pid} is no longer the one that was planned for.")
        os.kill(pid, signal.Signals[f"SIG{given['signal']}"])
        if given["signal"] in ("TERM", "KILL"):
            _wait_for_end(pid, given["start"], _GRACE_SECONDS)
        return f"SIG{given['signal']} was sent to {pid}."

    def undo(self, data: Mapping[str, str]) -> str:
        pid = int(data["pid"])
        if not data["pair"]:
            return f"SIG{data['signal']} to {pid} cannot be taken back, as announced."
        if _same(pid, data["start"]):
            os.kill(pid, signal.Signals[f"SIG{data['pair']}"])
        return f"SIG{data['pair']} was sent to {pid}."


def _wait_for_end(pid: int, start: str, seconds: float) -> None:
    deadline = SYSTEM_CLOCK.monotonic() + seconds
    while _same(pid, start):
        if SYSTEM_CLOCK.monotonic() > deadline:
            raise ApplyError(f"Process {pid} has not ended within {seconds:.0f} s.")
        SYSTEM_CLOCK.sleep(_POLL_SECONDS)


class RestartProcess:
    """Subject: ``pid``, ``command`` (how to start it again), optionally ``cwd``.

    A ``command`` that restarts by itself (``systemctl restart …``) goes with ``stop`` set to ``no``.
    """

    name = "restart-process"

    def plan(self, subject: Mapping[str, str], engine_url: str | None) -> Plan:
        command = wanted(subject, "command", "restart_command", action=self.name)
        pid, start, refusal = _checked(subject, self.name)
        title = f"Restart process {pid}"
        if refusal:
            return not_applicable(self.name, title, refusal)
        stops = subject.get("stop", "yes") != "no"
        stop = (f"kill -TERM {pid}",) if stops else ()
        return Plan(
            action=self.name,
            title=title,
            steps=(f"Look again: process {pid} must still be the same one.",
                   *([f"Ask it to end and wait up to {_GRACE_SECONDS:.0f} s."] if stops else []),
                   "Start it again and look whether it stays."),
            commands=(*stop, redact(command)),
            dry_run=_command_of(pid),
            irreversible=True,
            irreversible_reason="Requests in flight and what the process holds in memory are lost.",
            parameters={"pid": str(pid), "start": start, "command": command, "cwd": subject.get("cwd", ""),
                        "stop": "yes" if stops else "no"},
            risk_inputs={"service_restart_required": True, "verification_function_given": True},
            timeout_seconds=120.0,
        )  # fmt: skip

    def prepare(self, plan: Plan) -> Mapping[str, str]:
        return {"pid": plan.parameters["pid"], "command": plan.parameters["command"]}

    def apply(self, plan: Plan) -> str:
        given = plan.parameters
        pid = int(given["pid"])
        refuse(not _same(pid, given["start"]), f"Process {pid} is no longer the one that was planned for.")
        if given["stop"] == "yes":
            os.kill(pid, signal.SIGTERM)
            _wait_for_end(pid, given["start"], _GRACE_SECONDS)
        try:
            started = subprocess.Popen(
                shlex.split(given["command"]), cwd=given["cwd"] or None, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise ApplyError(f"It could not be started again: {error}.", hint="Start it by hand now.") from error
        SYSTEM_CLOCK.sleep(1.0)
        code = started.poll()
        if code is not None and (given["stop"] == "yes" or code != 0):
            raise ApplyError(f"The restart command ended at once with {code}.", hint="Start the service by hand now.")
        return f"Process {pid} was replaced by {started.pid}."

    def undo(self, data: Mapping[str, str]) -> str:
        return f"Process {data['pid']} was restarted; the new one stays, as announced."
