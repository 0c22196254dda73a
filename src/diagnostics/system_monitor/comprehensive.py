"""ComprehensiveMonitor: host, database and services in one sweep. A facade."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diagnostics.model.observation import Observations
from diagnostics.model.record import Record, plain
from diagnostics.model.target import Target
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.deadline import Outcome, run_side_by_side
from diagnostics.runtime.redaction import redact, shorten
from diagnostics.system_monitor.host import Says, SystemMonitor
from diagnostics.system_monitor.probes.redis_queues import is_redis
from diagnostics.system_monitor.runner import could_not_look, look, probes_for

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

SWEEP_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(Record):
    """What one sweep saw.

    Attributes:
        overall_health: ``healthy``, ``degraded``, ``critical``, or ``unknown`` when a part could not look.
        observations: All readings and failures of the target's probes; empty without a target.
        could_not_look: What was not seen, why, and what helps.
    """

    timestamp: str
    system: Mapping[str, Any]
    database: Mapping[str, Any]
    external_services: Mapping[str, Any]
    overall_health: str
    critical_alerts: tuple[str, ...]
    could_not_look: tuple[tuple[str, str, str], ...] = ()
    observations: Observations = field(default_factory=Observations)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values = {key: plain(getattr(self, key)) for key in self.keys() if key != "observations"}
        return {**values, "observations": [plain(item) for item in self.observations]}


class ComprehensiveMonitor:
    """Looks at everything that it was given, side by side, each part under a deadline.

    Args:
        logger: Where the outcome is written; the standard logging when not given.
        db_engine: Engine of the application, plain or async.
        target: Processes, logs, services and so on that are probed in full.
        clock: Source of time.
    """

    def __init__(
        self,
        logger: Says | None = None,
        db_engine: Engine | AsyncEngine | None = None,
        *,
        target: Target | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.logger: Says = logger if logger is not None else logging.getLogger(__name__)
        self.target = target
        self._clock = clock
        self._engine = db_engine
        self.system_monitor = SystemMonitor(logger, clock=clock)

    def run_full_diagnostic_sweep(self) -> Sweep:
        """Return what was seen; never raises for a part that fails, which is then listed instead."""
        outcomes = run_side_by_side(self._jobs(), SWEEP_SECONDS, clock=self._clock)
        sweep = assemble(outcomes, self.target, self._clock.now().isoformat())
        self.logger.info("system.sweep overall_health=%s alerts=%d", sweep.overall_health, len(sweep.critical_alerts))
        for alert in sweep.critical_alerts:
            self.logger.warning("system.sweep_alert %s", alert)
        return sweep

    def _jobs(self) -> dict[str, Callable[[], Any]]:
        jobs: dict[str, Callable[[], Any]] = {"system": self._system}
        if self._engine is not None:
            jobs["database"] = self._database
        if self.target is not None:
            target = self.target
            jobs["observations"] = lambda: look(
                probes_for(target), clock=self._clock, deadline_seconds=SWEEP_SECONDS - 2.0
            )
            for url in target.services:
                if is_redis(url):
                    continue  # seen by the probes
                name = urlsplit(url).hostname or "service"
                jobs[f"service {name}"] = self._service(name, url)
        return jobs

    def _system(self) -> dict[str, Any]:
        metrics = self.system_monitor.get_current_metrics()
        return {"metrics": metrics, "trends": self.system_monitor.analyze_performance_trends()}

    def _database(self) -> Any:
        from diagnostics.system_monitor.database import DatabaseMonitor

        assert self._engine is not None
        return DatabaseMonitor(self.logger, self._engine).analyze_database_health()

    def _service(self, name: str, url: str) -> Callable[[], Any]:
        def ask() -> Any:
            from diagnostics.system_monitor.services import ExternalServiceMonitor

            return ExternalServiceMonitor(self.logger).test_service_connectivity(name, url)

        return ask


def assemble(outcomes: Mapping[str, Outcome[Any]], target: Target | None, timestamp: str) -> Sweep:
    """Return the sweep that the outcomes of its parts make."""
    values: dict[str, Any] = {name: outcome.value for name, outcome in outcomes.items() if outcome.ok}
    missed = [(name, _why(outcome), "") for name, outcome in outcomes.items() if not outcome.ok]
    system = values.get("system") or {}
    database = values.get("database") or {}
    services = {name.partition(" ")[2]: v for name, v in values.items() if name.startswith("service ")}
    observations = values.get("observations") or Observations()
    if target is not None:
        missed += could_not_look(target, observations)

    critical = [f"Database: {_status(database)}"] if _status(database) in {"unhealthy", "critical"} else []
    critical += [
        f"{name} does not answer: {answer.error_message or answer.status_code}"
        for name, answer in services.items()
        if not answer.success
    ]
    minor = [
        *(system["trends"].alerts if system else ()),
        *(str(alert) for alert in database.get("alerts", ())),
    ]
    unseen = [name for name, outcome in outcomes.items() if not outcome.ok]
    health = "critical" if critical else "degraded" if minor else "unknown" if unseen else "healthy"
    return Sweep(
        timestamp=timestamp,
        system=system,
        database={key: database[key] for key in database},
        external_services={name: plain(answer) for name, answer in services.items()},
        overall_health=health,
        critical_alerts=(*critical, *minor),
        could_not_look=tuple(missed),
        observations=observations,
    )


def _status(database: Mapping[str, Any]) -> str:
    return str(database.get("overall_status", ""))


def _why(outcome: Outcome[Any]) -> str:
    return shorten(redact(f"{type(outcome.error).__name__}: {outcome.error}"))
