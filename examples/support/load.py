"""Seeded users: they come at random, whether or not the service keeps up, and note how they are served.

What they ask for is the example's own: a subclass of `Load` with its `mix`, and a method `_<operation>` for each kind
of request that returns what is given to `httpx2.AsyncClient.request`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import httpx2

_MOST_AT_A_TIME = 400
_KEPT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One request; latency counts from the moment at which the user came."""

    finished: float  # monotonic
    operation: str
    status: int  # 0: no answer
    seconds: float
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300 or self.status == 409  # taken: a right answer


@dataclass(frozen=True, slots=True)
class Window:
    """How users were served for a while; times in seconds."""

    requests: int
    rate: float
    success_rate: float
    p50: float
    p95: float
    p99: float
    statuses: dict[str, int]

    @classmethod
    def of(cls, samples: Sequence[Sample], seconds: float) -> Window:
        """Sum up; without a single request everything but the counts is not a number."""
        latencies = sorted(sample.seconds for sample in samples)
        statuses = Counter(sample.error or str(sample.status) for sample in samples)
        return cls(
            requests=len(samples),
            rate=len(samples) / seconds if seconds > 0 else math.nan,
            success_rate=_ratio(sum(sample.succeeded for sample in samples), len(samples)),
            p50=_percentile(latencies, 0.50),
            p95=_percentile(latencies, 0.95),
            p99=_percentile(latencies, 0.99),
            statuses=dict(statuses),
        )


class Load:
    """Traffic from a thread of its own."""

    #: Share of each kind of request.
    mix: ClassVar[Mapping[str, int]] = {}

    def __init__(
        self,
        base_url: str,
        rate: float = 25.0,
        seed: int = 1,
        timeout_seconds: float = 10.0,
        operations: Iterable[str] | None = None,
    ) -> None:
        """`operations` limits the mix to some kinds of request."""
        self.base_url = base_url.rstrip("/")
        self.rate = rate  # may be changed while it runs
        self.random = random.Random(seed)
        self._timeout = timeout_seconds
        self._mix = {name: weight for name, weight in self.mix.items() if operations is None or name in set(operations)}
        self._samples: deque[Sample] = deque(maxlen=200_000)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.started = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self.started = time.monotonic()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more and forget what is still under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def snapshot(self, last_seconds: float = 5.0, operation: str | None = None) -> Window:
        """Return how the users of the last seconds were served."""
        since = time.monotonic() - last_seconds
        chosen = [
            sample for sample in list(self._samples)
            if sample.finished >= since and operation in (None, sample.operation)
        ]  # fmt: skip
        return Window.of(chosen, min(last_seconds, time.monotonic() - self.started))

    def samples(self) -> list[Sample]:
        """Return all requests that were kept, oldest first."""
        return list(self._samples)

    def seconds(self) -> list[tuple[int, Window]]:
        """Return one window for each second since the start."""
        by_second: dict[int, list[Sample]] = {}
        for sample in list(self._samples):
            by_second.setdefault(int(sample.finished - self.started), []).append(sample)
        return [(second, Window.of(samples, 1.0)) for second, samples in sorted(by_second.items())]

    # Inside

    async def _run(self) -> None:
        limits = httpx2.Limits(max_connections=_MOST_AT_A_TIME, max_keepalive_connections=50)
        tasks: set[asyncio.Task[None]] = set()
        async with httpx2.AsyncClient(
            base_url=self.base_url, timeout=self._timeout, limits=limits, trust_env=False
        ) as client:
            due = time.monotonic()
            while not self._stopping.is_set():
                due += self.random.expovariate(self.rate)
                while (wait := due - time.monotonic()) > 0 and not self._stopping.is_set():
                    await asyncio.sleep(min(wait, 0.1))
                operation, request = self._next()
                if len(tasks) >= _MOST_AT_A_TIME:
                    self._note(Sample(time.monotonic(), operation, 0, self._timeout, "NotSent"))
                    continue
                task = asyncio.create_task(self._send(client, operation, request, due))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, client: httpx2.AsyncClient, operation: str, request: dict[str, Any], due: float) -> None:
        status, error = 0, ""
        try:
            response = await client.request(**request)
            status = response.status_code
            if response.is_success:
                self.learn(operation, response)
        except httpx2.TransportError as failure:
            error = type(failure).__name__
        finished = time.monotonic()
        self._note(Sample(finished, operation, status, finished - due, error))

    def _note(self, sample: Sample) -> None:
        self._samples.append(sample)
        while self._samples[0].finished < sample.finished - _KEPT_SECONDS:
            self._samples.popleft()

    def learn(self, operation: str, answer: httpx2.Response) -> None:
        """Remember what a later request can use."""

    def _next(self) -> tuple[str, dict[str, Any]]:
        operation = self.random.choices(list(self._mix), list(self._mix.values()))[0]
        return operation, getattr(self, f"_{operation}")()


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Nearest rank: a value that really occurred."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def get(url: str, **params: Any) -> dict[str, Any]:
    """Return a GET request."""
    return {"method": "GET", "url": url, "params": params}


def post(url: str, **options: Any) -> dict[str, Any]:
    """Return a POST request."""
    return {"method": "POST", "url": url, **options}


def main(kind: type[Load], description: str) -> int:
    """Send traffic and print a line each second; fail when more than one in a hundred was not served."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, default=25.0, help="users a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with kind(options.url, rate=options.rate, seed=options.seed) as load:
        printed = 0
        while (elapsed := time.monotonic() - load.started) < options.seconds:
            time.sleep(max(0.05, printed + 1.05 - elapsed))
            for second, window in load.seconds():
                if printed <= second < int(min(options.seconds, time.monotonic() - load.started)):
                    print(json.dumps({"second": second, **_rounded(window)}), flush=True)
                    printed = second + 1
        whole = load.snapshot(options.seconds + 1)
    print(json.dumps({"second": "all", **_rounded(whole)}), flush=True)
    return 0 if whole.success_rate > 0.99 else 1


def _rounded(window: Window) -> dict[str, Any]:
    values = asdict(window).items()
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values}
