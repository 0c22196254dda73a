"""``diagnose serve``: the dashboard in the browser."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import baseline_option, option
from diagnostics.cli.output import say
from diagnostics.cli.targets import target_from, target_options

if TYPE_CHECKING:
    from types import FrameType

    from diagnostics.dashboard.access import Access

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TOKENS_VARIABLE = "DIAGNOSE_DASHBOARD_TOKENS"
PROMETHEUS_TOKEN = "DIAGNOSE_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable


@click.command()
@target_options
@baseline_option
@option("--host", default="127.0.0.1", show_default=True, help="Where to listen; another than loopback needs tokens.")
@option("--port", type=click.IntRange(min=0, max=65535), default=8765, show_default=True, help="0 takes a free one.")
@option(
    "--history",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="File of the monitor's history; beside the sessions when not given.",
)
@option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help=f"File with a line `viewer NAME TOKEN` or `operator NAME TOKEN` for each person (or {TOKENS_VARIABLE}).",
)
@option(
    "--channels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File that says who is told of alerts; with a target only.",
)
@option(
    "--prometheus",
    default=None,
    metavar="URL",
    help=f"Draw the charts from a Prometheus or VictoriaMetrics that scrapes you (its token in {PROMETHEUS_TOKEN}).",
)
@option("--allowed-host", "allowed_hosts", multiple=True, help="Name under which a proxy reaches it; repeatable.")
@option(
    "--interval",
    type=click.FloatRange(min=1.0),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="From one look at the target to the next.",
)
def serve(
    baseline: Path | None,
    host: str,
    port: int,
    history: Path | None,
    tokens: Path | None,
    channels: Path | None,
    prometheus: str | None,
    allowed_hosts: tuple[str, ...],
    interval: float,
    **flags: Any,
) -> int:
    """Show traffic lights, charts, alerts and diagnoses in the browser.

    With a target (--url, --db, --pid ...) it also watches that target's symptoms. Without one it shows what a monitor in
    your application writes into the history: PostSolutionMonitor(history=SqliteHistory(FILE)).
    It prints a link that signs in once.
    """
    import socket

    from diagnostics.dashboard.access import Access, Role
    from diagnostics.dashboard.app import create_dashboard
    from diagnostics.dashboard.board import Board
    from diagnostics.diagnostic_orchestrator.store import SessionStore
    from diagnostics.errors import ConfigurationError, MissingExtraError
    from diagnostics.post_solution_monitoring import SqliteHistory
    from diagnostics.post_solution_monitoring.metrics_promql import PromqlMetrics

    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("web", needed_for="diagnose serve") from error
    access = Access()
    given = _allow(access, tokens)
    if host not in LOOPBACK and not given:
        raise ConfigurationError(
            f"Listening on {host} lets others in: give their tokens with --tokens FILE.",
            hint="Or listen on 127.0.0.1, the default.",
        )
    metrics = PromqlMetrics(prometheus, token=os.environ.get(PROMETHEUS_TOKEN)) if prometheus is not None else None
    sessions = SessionStore()
    path = history or sessions.path.with_name("history.db")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = SqliteHistory(path)
    if any(flags.values()):
        monitor = _watching(target_from(**flags), baseline, kept, interval, channels)
        monitor.start_monitoring()
    else:
        monitor = None
    board = Board(kept, sessions=sessions, monitor=monitor, metrics=metrics)
    names = (*allowed_hosts, *(() if host in ("0.0.0.0", "::") else (host,)))  # noqa: S104 - compared, not bound
    app = create_dashboard(board, access, allowed_hosts=names)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {error.strerror}.", hint="Choose another --port; 0 takes a free one."
        ) from error
    once = access.allow_once(Role.OPERATOR)
    shown = f"[{host}]" if ":" in host else host
    say(f"Dashboard: http://{shown}:{listener.getsockname()[1]}/login?token={once}")
    say("The link signs in once. Ctrl-C ends it.", err=True)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.closing = True  # streams to the browsers never end by themselves
            super().handle_exit(sig, frame)

    server = Server(
        uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5)
    )
    try:
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends; uvicorn sends it on when it has stopped
            server.run(sockets=[listener])
    finally:
        if monitor is not None:
            monitor.stop_monitoring()
        kept.close()
    return Exit.OK


def _allow(access: Access, tokens: Path | None) -> int:
    """Let in whom the file or the variable names; return how many."""
    from diagnostics.dashboard.access import Role
    from diagnostics.errors import ConfigurationError

    text = tokens.read_text(encoding="utf-8") if tokens is not None else os.environ.get(TOKENS_VARIABLE, "")
    lines = [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#")]
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if len(parts) != 3 or parts[0] not in tuple(Role):
            raise ConfigurationError(
                f"Line {number} of the tokens is not `viewer NAME TOKEN` or `operator NAME TOKEN`."
            )
        access.allow(parts[2], Role(parts[0]), parts[1])
    return len(lines)


def _watching(target: Any, baseline: Path | None, history: Any, interval: float, channels: Path | None) -> Any:
    """Return a monitor that looks at the symptoms of the target."""
    from diagnostics.causal_map import standard_map
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.model.finding import NO_BASELINE
    from diagnostics.model.mechanism import Kind
    from diagnostics.post_solution_monitoring import PostSolutionMonitor
    from diagnostics.system_monitor.baseline import read

    system = UltimateDiagnosticSystem(target=target, baseline=read(baseline) if baseline is not None else NO_BASELINE)
    system.watched_findings = tuple(node.id for node in standard_map().of_kind(Kind.SYMPTOM))
    from diagnostics.integrations import channels_from

    receivers = channels_from(channels) if channels is not None else []
    monitor = PostSolutionMonitor(history=history, channels=receivers)
    monitor.watch_findings(
        system.watched_findings, system.look_again, interval_seconds=interval, timeout_seconds=max(30.0, interval)
    )
    return monitor
