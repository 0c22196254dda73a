"""Is the newest value of a metric a surprise? A detector that learns while it watches and says why.

It looks at each value from nine sides (``streaming.views``), asks of each how far beyond its own past records it
lies (``streaming.extremes``), and averages the answers. What it finds has to be rare by its own standards too: a
series that often surprises is expected to. It never looks ahead, knows no labels, needs no training, and remembers a
bounded past. An alarm opens an episode of ``quiet`` values in which no second one is raised; what lasts becomes
the new normal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from diagnostics.stats.streaming.extremes import CEILING, Extremes
from diagnostics.stats.streaming.views import LEAST_OF_VIEW, VIEWS, Views

#: Score of an alarm, in nats, one for all series; set on the development half of the Numenta benchmark.
THRESHOLD = 2.5
#: Views are averaged with this power: between the mean (1), which wants all to agree, and the loudest (infinite).
POWER = 1.5
#: An excess is at least this share of the usual range of the values, so that rounded data is no surprise.
LEAST_EXCESS = 0.02
#: Values beyond it are taken for infinite: sums of them would be.
LARGEST = 1e300
#: Moments beyond it, in seconds, are no moments: the year 33,658.
LATEST = 1e12
STATE_VERSION = 1
_LEAST = tuple(LEAST_OF_VIEW.get(view, 0.0) for view in VIEWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """What may be chosen; nothing needs to be.

    Attributes:
        threshold: Score from which an alarm is raised, in nats.
        block: Values in one block, of which the highest and the lowest are remembered.
        remembered: Blocks that are remembered; with ``block`` 20 and a value each five minutes 400 are four weeks.
        learning: Values before anything is judged.
        quiet: Values after an alarm during which no other is raised.
    """

    threshold: float = THRESHOLD
    block: int = 20
    remembered: int = 400
    learning: int = 200
    quiet: int = 60

    def __post_init__(self) -> None:
        if not self.threshold > 0.0:
            raise ValueError(f"a threshold is positive, got {self.threshold}")
        if self.block < 1 or self.remembered < 2 or self.learning < 2 * self.block or self.quiet < 0:
            raise ValueError("needs block >= 1, remembered >= 2, learning >= 2 blocks, quiet >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """What one view saw.

    Attributes:
        view: One of ``streaming.views.VIEWS``.
        seen: Its value now.
        low: Where its records began on the low side.
        high: The same on the high side.
        nats: Minus the logarithm of the chance that a block of values gets that far, at most 12.
    """

    view: str
    seen: float
    low: float
    high: float
    nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the detector makes of one value.

    Attributes:
        score: Nats; comparable between series of any unit.
        alarm: The score reached the threshold, and no alarm was raised shortly before.
        ready: Enough was seen to judge at all; before that nothing is said, which is no all-clear.
        missing: There was no finite value; nothing was learnt from it.
        expected: From where to where the single value usually lies, None while learning.
        surprises: The views that saw something unusual, the greatest surprise first.
    """

    score: float
    alarm: bool
    ready: bool
    missing: bool = False
    expected: tuple[float, float] | None = None
    surprises: tuple[Surprise, ...] = ()


class AnomalyDetector:
    """Watches one metric: ``update(value, at)`` for each new value, oldest first.

    About 15 microseconds a value and 150 kB a series; the same values give the same judgements, in this process or after
    ``restored(state())`` in another.

    Example:
        >>> detector = AnomalyDetector()
        >>> for second in range(600):
        ...     calm = detector.update(10.0 + second % 7)
        >>> calm.alarm, detector.update(60.0).alarm
        (False, True)
    """

    __slots__ = ("_filled", "_highs", "_judged", "_lows", "_own", "_since_alarm", "_views", "settings")

    def __init__(self, settings: DetectorSettings | None = None) -> None:
        self.settings = settings or DetectorSettings()
        self._views = Views()
        self._highs = [Extremes(self.settings.remembered) for _ in VIEWS]
        self._lows = [Extremes(self.settings.remembered) for _ in VIEWS]  # Of the negated values.
        self._own = Extremes(self.settings.remembered)  # Of the detector's own scores.
        self._filled = 0  # Values in the running block.
        self._judged = 0  # Values learnt from, counted up to the length of learning.
        self._since_alarm = self.settings.quiet

    def update(self, value: float | None, at: datetime | float | None = None) -> Judgement:
        """Judge a value by what came before it, then learn from it.

        Args:
            value: The newest value; None or a number that is not finite is a gap, from which nothing is learnt.
            at: When it was measured, a datetime or seconds of the epoch; without it the time of day is not looked at.
        """
        ready = self._judged >= self.settings.learning
        if value is None or not abs(value) <= LARGEST:
            return Judgement(score=0.0, alarm=False, ready=ready, missing=True)
        seconds = at.timestamp() if isinstance(at, datetime) else at
        if seconds is not None and not abs(seconds) <= LATEST:
            seconds = None
        seen, hourly = self._views.update(float(value), seconds, self.usual_range)
        nats = self._surprises(seen) if ready else [0.0] * len(VIEWS)
        combined = (sum(n**POWER for n in nats) / len(nats)) ** (1.0 / POWER) if any(nats) else 0.0
        score = min(combined, self._own.surprise(combined)) if ready else 0.0
        self._since_alarm = min(self._since_alarm + 1, self.settings.quiet)
        alarm = score >= self.settings.threshold and self._since_alarm >= self.settings.quiet
        if alarm:
            self._since_alarm = 0
        judgement = Judgement(
            score=score,
            alarm=alarm,
            ready=ready,
            expected=(-self._lows[0].place, self._highs[0].place) if ready else None,
            surprises=self._explained(seen, nats, hourly) if combined else (),
        )
        self._learn(seen, combined)
        return judgement

    @property
    def learnt(self) -> int:
        """Values learnt from, counted up to ``settings.learning``."""
        return self._judged

    def _surprises(self, seen: list[float]) -> list[float]:
        least = LEAST_EXCESS * self.usual_range
        return [
            high.surprise(value, own or least) or low.surprise(-value, own or least)
            for value, high, low, own in zip(seen, self._highs, self._lows, _LEAST, strict=True)
        ]

    @property
    def usual_range(self) -> float:
        """From the lower quarter of the blocks' minima to the upper quarter of their maxima."""
        return self._highs[0].quantile(0.75) + self._lows[0].quantile(0.75)

    def _explained(
        self, seen: list[float], nats: list[float], hourly: tuple[float, float] | None
    ) -> tuple[Surprise, ...]:
        found = []
        for place, name in enumerate(VIEWS):
            if not nats[place]:
                continue
            now, low, high = seen[place], -self._lows[place].place, self._highs[place].place
            if name == "time-of-day" and hourly is not None:
                # Said as the level itself, and what it was at this hour, not as a distance.
                low, high = hourly
                now += high if now > 0.0 else low
            found.append(Surprise(view=name, seen=now, low=low, high=high, nats=nats[place]))
        return tuple(sorted(found, key=lambda surprise: -surprise.nats))

    def _learn(self, seen: list[float], combined: float) -> None:
        self._judged = min(self._judged + 1, self.settings.learning)
        for value, high, low in zip(seen, self._highs, self._lows, strict=True):
            high.add(value)
            low.add(-value)
        self._own.add(combined)
        self._filled += 1
        if self._filled == self.settings.block:
            self._filled = 0
            for tail in (*self._highs, *self._lows, self._own):
                tail.close()

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as plain JSON values of bounded size."""
        return {
            "version": STATE_VERSION,
            "settings": asdict(self.settings),
            "views": self._views.state(),
            "highs": [tail.state() for tail in self._highs],
            "lows": [tail.state() for tail in self._lows],
            "own": self._own.state(),
            "counters": [self._filled, self._judged, self._since_alarm],
        }

    @classmethod
    def restored(cls, state: dict[str, Any]) -> AnomalyDetector:
        """Return a detector that goes on where the one that gave ``state`` stopped.

        Raises:
            ValueError: The state is of another version.
        """
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"state of version {state.get('version')}, this is {STATE_VERSION}")
        detector = cls(DetectorSettings(**state["settings"]))
        detector._views.restore(state["views"])
        for tails, saved in ((detector._highs, state["highs"]), (detector._lows, state["lows"])):
            for tail, one in zip(tails, saved, strict=True):
                tail.restore(one)
        detector._own.restore(state["own"])
        detector._filled, detector._judged, detector._since_alarm = state["counters"]
        return detector


__all__ = [
    "CEILING",
    "THRESHOLD",
    "VIEWS",
    "AnomalyDetector",
    "DetectorSettings",
    "Judgement",
    "Surprise",
]
