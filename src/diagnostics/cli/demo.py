"""``diagnose demo``: the example falls sick under load, is diagnosed, cured, verified and watched."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.options import lang_option, option
from diagnostics.cli.output import Progress, render, terminal
from diagnostics.runtime.clock import SYSTEM_CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One demonstration: what users say, how the example is made sick, and what it costs to be sure."""

    title: str
    problem: str
    fault: Callable[[Any], AbstractContextManager[None]]
    sick_seconds: float = 15.0


@contextmanager
def _missing_index(stack: Any) -> Iterator[None]:
    stack.execute("DROP INDEX ix_meetings_manager_id_starts_at")
    yield


@contextmanager
def _idle_transaction(stack: Any) -> Iterator[None]:
    import psycopg

    with psycopg.connect(stack.database_url.replace("+psycopg", ""), application_name="monthly-import") as session:
        session.execute("UPDATE meetings SET title = title WHERE starts_at > now()")
        yield
        with contextlib.suppress(psycopg.Error):
            session.rollback()


@contextmanager
def _missing_migration(stack: Any) -> Iterator[None]:
    stack.deploy("missing_migration")
    yield


@contextmanager
def _slow_calendar(stack: Any) -> Iterator[None]:
    stack.fakes.set("calendar", latency=2.4, jitter=0.3)
    yield


@contextmanager
def _nothing(_stack: Any) -> Iterator[None]:
    yield


SCENES = {
    "slow-query": Scene(
        title="an index was dropped", problem="Lists of meetings have become slow", fault=_missing_index
    ),
    "lock-wait": Scene(
        title="an import forgot to commit",
        problem="Rescheduling meetings hangs and sometimes times out",
        fault=_idle_transaction,
    ),
    "missing-migration": Scene(
        title="a release came without its migration", problem="Errors since the deploy", fault=_missing_migration
    ),
    "slow-api": Scene(
        title="Google Calendar answers late", problem="Creating meetings takes very long", fault=_slow_calendar
    ),
    "healthy": Scene(title="nothing is wrong", problem="Somebody says it is slow", fault=_nothing, sick_seconds=8.0),
}


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENES)), default="slow-query")
@option("--list", "only_list", is_flag=True, help="List the scenarios.")
@option(
    "--minutes",
    type=click.FloatRange(min=0.1),
    default=1.5,
    show_default=True,
    help="How long to watch after the cure.",
)
@option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="FILE",
    help="Where the HTML report goes; .diagnostics/demo-SCENARIO.html when not given.",
)
@lang_option
def demo(scenario: str, only_list: bool, minutes: float, out: Path | None, lang: str) -> int:
    """Run SCENARIO on a private PostgreSQL and a small meeting service; nothing outside a temporary folder is touched."""
    if only_list:
        for name, scene in SCENES.items():
            click.echo(f"{name:<20} {scene.title}")
        return Exit.OK
    backend = _example()
    progress = Progress()
    scene = SCENES[scenario]
    report_file = out or Path(".diagnostics") / f"demo-{scenario}.html"
    with ExitStack() as cleanup:
        progress.line("starting a private PostgreSQL, two outside services and a meeting service")
        stack = cleanup.enter_context(backend.running_stack())
        load = cleanup.enter_context(backend.Load(stack.base_url, rate=20.0, seed=1))
        progress.line(f"the service runs at {stack.base_url} (process {stack.app_pid}) under 20 requests a second")
        baseline = _baseline(stack, progress)
        progress.line(f"users now: {_felt(load)}")
        began = time.monotonic()
        cleanup.enter_context(scene.fault(stack))
        progress.line(
            click.style(
                f"the fault is in: {scene.title}" if scenario != "healthy" else "nothing is done to it", fg="yellow"
            )
        )
        _wait(progress, load, scene.sick_seconds)
        code, report = _incident(scene, stack, load, baseline, progress, minutes)
        report["series"] = _series(load, began)
        report_file.parent.mkdir(parents=True, exist_ok=True)
        report_file.write_text(render(report, "html", lang=lang), encoding="utf-8")
    click.echo()
    click.echo(terminal(report, lang=lang))
    click.echo()
    click.echo(f"Report: {report_file.resolve()}")
    click.echo('Your own service: diagnose run "what is wrong" --pid PID --db URL --url URL --log FILE')
    return code


def _incident(
    scene: Scene, stack: Any, load: Any, baseline: Any, progress: Progress, minutes: float
) -> tuple[int, dict[str, Any]]:
    from diagnostics.diagnostic_orchestrator.phases.remedying import plan_remedy
    from diagnostics.diagnostic_orchestrator.system import UltimateDiagnosticSystem
    from diagnostics.errors import DiagnosisIncompleteError
    from diagnostics.model.diagnosis import Status

    system = UltimateDiagnosticSystem(
        "meeting-scheduler",
        target=_target(stack),
        baseline=baseline,
        changes_dir=stack.workdir / "changes",
        progress=progress,
    )
    system.phase_1_triage(scene.problem)
    try:
        system.phase_5_safe_solution_implementation("restart and hope", lambda: None)
    except DiagnosisIncompleteError as refused:
        progress.line(click.style(f"a guess is refused: {refused}", fg="yellow"))
    system.phase_2_systematic_diagnosis()
    system.phase_3_hypothesis_testing()
    system.phase_4_root_cause_analysis()
    assert system.diagnosis is not None
    if system.diagnosis.status is not Status.ROOT_CAUSE_IDENTIFIED or system.diagnosis.root_cause is None:
        healthy = system.diagnosis.status is Status.HEALTHY
        return (Exit.OK if healthy else Exit.INCONCLUSIVE), system.generate_comprehensive_report()
    cause = system.diagnosis.root_cause
    felt_before = load.snapshot(5.0)
    planned = plan_remedy(
        system.causal_map,
        cause.mechanism,
        cause.subject,
        system.target,
        changes_dir=system.changes_dir,
        clock=SYSTEM_CLOCK,
    )
    if not planned.runs:
        progress.line(f"the remedy is not mechanical: {planned.remedy.title}: {'; '.join(planned.remedy.plan)}")
        return Exit.FOUND, system.generate_comprehensive_report()
    assert planned.plan is not None
    progress.line(
        f"plan: {planned.plan.title}; risk {planned.assessment.get('risk_level')}; runs {'; '.join(planned.plan.commands)}"
    )
    result = system.phase_5_apply_remedy(planned, consent=True)
    if not result.success:
        return Exit.ROLLED_BACK, system.generate_comprehensive_report()
    _wait(progress, load, 6.0)
    watched = system.phase_6_post_solution_monitoring(minutes, wait=True, interval_seconds=5.0)
    progress.line(f"the watch says: {watched.verdict}; {watched.reason}")
    report = system.generate_comprehensive_report()
    report["performance_impact"] = {"before_fix": _impact(felt_before), "after_fix": _impact(load.snapshot(5.0))}
    progress.line(f"users now: {_felt(load)}")
    return Exit.OK, report


def _target(stack: Any) -> Any:
    from diagnostics.model.target import Target

    return Target(
        name="meeting-scheduler",
        pids=(stack.app_pid,),
        database_url=stack.database_url,
        url=stack.base_url,
        services=tuple(stack.fakes.addresses[name] for name in ("calendar", "telegram")),
        logs=(stack.log_file,),
        repository=stack.repository,
    )


def _baseline(stack: Any, progress: Progress) -> Any:
    from diagnostics.causal_map.signatures import match_line
    from diagnostics.system_monitor import baseline
    from diagnostics.system_monitor.runner import probes_for

    progress.line("recording what is normal for 12 s")
    probes = probes_for(_target(stack), window_seconds=2.0, classify_line=match_line)
    return baseline.record(probes, clock=SYSTEM_CLOCK, seconds=12.0, interval_seconds=3.0)


def _wait(progress: Progress, load: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        SYSTEM_CLOCK.sleep(min(5.0, left))
        progress.line(f"users now: {_felt(load)}")


def _felt(load: Any) -> str:
    window = load.snapshot(4.0)
    return (
        f"{window.success_rate:.0%} of requests succeed, p50 {window.p50 * 1000:.0f} ms, p95 {window.p95 * 1000:.0f} ms"
    )


def _impact(window: Any) -> dict[str, float]:
    return {
        "error_rate": 1.0 - window.success_rate,
        "avg_response_time": window.p50 * 1000,
        "p95_response_time": window.p95 * 1000,
    }


def _series(load: Any, fault_at: float) -> list[dict[str, Any]]:
    """Return latency and success by second, with the moment of the fault, for the report's charts."""
    now = SYSTEM_CLOCK.now().timestamp()
    shift = now - time.monotonic()
    seconds = [(float(second), window) for second, window in load.seconds() if window.requests]
    if not seconds:
        return []
    offset = now - seconds[-1][0]
    markers = [{"at": fault_at + shift, "what": "fault"}]
    return [
        {
            "name": "p95 latency",
            "unit": "ms",
            "points": [[second + offset, window.p95 * 1000] for second, window in seconds],
            "markers": markers,
        },
        {
            "name": "success",
            "unit": "%",
            "points": [[second + offset, window.success_rate * 100] for second, window in seconds],
            "markers": markers,
        },
    ]


class _Example:
    """The example's parts that the demonstration needs."""

    def __init__(self, running_stack: Any, load: Any) -> None:
        self.running_stack = running_stack
        self.Load = load


def _example() -> _Example:
    """Import the example from the source tree.

    Raises:
        click.ClickException: It is not there, or PostgreSQL is not installed.
    """
    import diagnostics

    root = Path(diagnostics.__file__).resolve().parents[2]
    if not (root / "examples" / "meeting_scheduler").is_dir():
        raise click.ClickException(
            "the demonstration needs the source tree (its example service lives there): clone the repository and run make demo"
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        from examples.meeting_scheduler.load import Load  # type: ignore[import-not-found, unused-ignore]
        from examples.meeting_scheduler.stack import running_stack  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        from diagnostics.errors import MissingExtraError

        raise MissingExtraError("demo", needed_for="diagnose demo") from error
    return _Example(running_stack, Load)
