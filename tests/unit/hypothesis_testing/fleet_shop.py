"""A small shop with a known truth: front calls cart, cart calls store; each minute some requests, spans, log lines and pod metrics."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import polars as pl

from diagnostics.hypothesis_testing.fleet import incident

FRONT, CART, STORE = "front-7f9-aa", "cart-5d4-bb", "store-6c8-cc"
#: First minute, since 1970.
BEGIN = 29_000_000
MINUTES = 12
#: The minute in which the faults of these tests are.
SICK = BEGIN + 9


@dataclass
class Shop:
    """Writes telemetry.

    Attributes:
        breaks: Pod whose handler stops before its second log line in the sick minute.
        late: Milliseconds that answers of a pod take longer on their way in the sick minute.
        busy: Milliseconds that a pod's handler works longer in the sick minute.
        cpu: CPU utilisation of pods in the sick minute, in percent.
        requests: How many a minute, by minute; 20 if not said.
    """

    breaks: str | None = None
    late: dict[str, float] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    requests: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(5)
        self._spans: list[tuple[int, int, int, str, str, int, int]] = []
        self._logs: list[tuple[int, int, str, int, str]] = []
        self._number = 0
        for minute in range(BEGIN, BEGIN + MINUTES):
            for i in range(self.requests.get(minute, 20)):
                start = minute * 60_000_000_000 + i * 2_000_000_000 + 1_000
                self._handle(minute, self._next(), -1, [FRONT, CART, STORE], start)

    def told(self) -> incident.Telemetry:
        """Everything, as tables by slot."""
        return incident.read(self.spans, self.logs, self.metrics)

    @property
    def spans(self) -> pl.DataFrame:
        columns = ["trace", "span", "parent", "pod", "op", "start_ns", "dur_ns"]
        return pl.DataFrame(self._spans, schema=columns, orient="row")

    @property
    def logs(self) -> pl.DataFrame:
        return pl.DataFrame(self._logs, schema=["trace", "span", "pod", "ts_ns", "message"], orient="row")

    @property
    def metrics(self) -> pl.DataFrame:
        rows = []
        for minute in range(BEGIN, BEGIN + MINUTES):
            for pod in (FRONT, CART, STORE):
                sick = self.cpu.get(pod) if minute == SICK else None
                cpu = sick if sick is not None else 10 + 2 * self._random.random()
                rows.append((minute * 60 + 30, pod, cpu, 40.0, 20 / 60))
        return pl.DataFrame(
            rows, schema=["ts", "pod", "CpuUsageRate(%)", "MemoryUsageRate(%)", "Workload(Ops)"], orient="row"
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _handle(self, minute: int, trace: int, parent: int, pods: list[str], start: int) -> int:
        """Write one handler with its calls; return its duration in ns, as the caller sees it."""
        pod, rest = pods[0], pods[1:]
        span, name = self._next(), pod.split("-", maxsplit=1)[0]
        sick = minute == SICK
        broken = sick and self.breaks == pod
        self._logs.append((trace, span, pod, start + 10, f"12:00:0{span % 10}.000 INFO  {name}.views#10 begin {span}"))
        inner = 0
        if rest and not broken:
            call = self._next()
            gap = (
                2_000_000 + int(self._random.random() * 500_000) + int(1e6 * (self.late.get(rest[0], 0) if sick else 0))
            )
            answered = self._handle(minute, trace, call, rest, start + 500_000)
            inner = answered + gap
            self._spans.append((trace, call, span, pod, f"call/{rest[0].split('-')[0]}", start + 100_000, inner))
        own = 3_000_000 + int(self._random.random() * 1_000_000) + int(1e6 * (self.busy.get(pod, 0) if sick else 0))
        if broken:
            self._logs.append((trace, span, pod, start + own, f"12:00:00.000 ERROR {name}.views#13 no luck"))
        else:
            self._logs.append((trace, span, pod, start + inner + own, f"12:00:00.000 INFO  {name}.views#20 ready"))
        self._spans.append((trace, span, parent, pod, f"/{name}", start, inner + own + 1000))
        return inner + own + 1000
