"""MetricCheck: a health check of one number for which nobody knows the limit; its own past says what is unusual."""

from __future__ import annotations

from collections.abc import Callable

from diagnostics.model.health import CheckResult, CheckState
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.stats.anomaly import AnomalyDetector, DetectorSettings
from diagnostics.texts.anomaly import sentence


class MetricCheck:
    """Reads a number and says whether it is a surprise; give it to ``add_health_check`` as the check function.

    A surprise is a warning: one piece of evidence, not a failure. While the detector learns, the state is unknown.

    Example::

        monitor.add_health_check("queue", MetricCheck("queue.depth", read_depth), interval_seconds=60, critical=False)

    Args:
        name: Of the metric, as it is kept in the history; the score is kept as ``<name>.surprise``.
        read: Returns the number, or None when there is none now.
        state: What a surprise is: ``warn``, or ``fail`` for a metric that should wake somebody.
        settings: Of the detector.
        lang: Language of the sentences.
        clock: Source of time.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], float | None],
        *,
        state: CheckState = CheckState.WARN,
        settings: DetectorSettings | None = None,
        lang: str = "en",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.name = name
        self.detector = AnomalyDetector(settings)
        self._read = read
        self._state = state
        self._lang = lang
        self._clock = clock

    def __call__(self) -> CheckResult:
        """Read the number, judge it by what came before, and learn from it."""
        value = self._read()
        judgement = self.detector.update(value, self._clock.now())
        if value is None or judgement.missing:
            return CheckResult(state=CheckState.UNKNOWN, detail=f"{self.name}: no value")
        metrics = {self.name: float(value), f"{self.name}.surprise": judgement.score}
        settings = self.detector.settings
        if not judgement.ready:
            detail = f"{self.name} is {value:.4g}; learning, {self.detector.learnt} of {settings.learning} values"
            return CheckResult(state=CheckState.UNKNOWN, detail=detail, metrics=metrics)
        if judgement.score < settings.threshold:
            return CheckResult(state=CheckState.PASS, detail=f"{self.name} is {value:.4g}", metrics=metrics)
        first = judgement.surprises[0]
        said = sentence(first.view, seen=first.seen, low=first.low, high=first.high, lang=self._lang)
        return CheckResult(state=self._state, detail=f"{self.name}: {said}", metrics=metrics)
