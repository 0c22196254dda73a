"""Seeded users: they come at random, whether or not the service keeps up, and note how they are served.

`python -m examples.meeting_scheduler.load --url http://127.0.0.1:8000 --rate 25 --seconds 30` prints a JSON
line for each second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx2

from .seed import MANAGERS, MEETINGS, UPCOMING

# Share of each kind of request; together they need about a tenth of a CPU at 25 a second.
MIX: dict[str, int] = {
    "list_meetings": 34,
    "get_meeting": 15,
    "get_manager": 10,
    "list_slots": 8,
    "create_meeting": 8,
    "reschedule_meeting": 7,
    "show_busy": 6,
    "statistics": 4,
    "swap_meetings": 3,
    "add_attachment": 3,
    "list_managers": 1,
    "cancel_meeting": 1,
}
_HOT_MEETINGS = 3  # everybody wants to swap these
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
        self._random = random.Random(seed)
        self._timeout = timeout_seconds
        self._mix = {name: weight for name, weight in MIX.items() if operations is None or name in set(operations)}
        self._samples: deque[Sample] = deque(maxlen=200_000)
        self._seen: dict[int, list[tuple[int, str]]] = {}
        self._created: deque[int] = deque(maxlen=50)
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
                due += self._random.expovariate(self.rate)
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
                self._learn(operation, response)
        except httpx2.TransportError as failure:
            error = type(failure).__name__
        finished = time.monotonic()
        self._note(Sample(finished, operation, status, finished - due, error))

    def _note(self, sample: Sample) -> None:
        self._samples.append(sample)
        while self._samples[0].finished < sample.finished - _KEPT_SECONDS:
            self._samples.popleft()

    def _learn(self, operation: str, response: httpx2.Response) -> None:
        if operation == "list_meetings":
            meetings = response.json()
            if meetings:
                self._seen[meetings[0]["manager_id"]] = [(entry["id"], entry["starts_at"]) for entry in meetings]
        elif operation == "create_meeting":
            self._created.append(response.json()["id"])

    def _next(self) -> tuple[str, dict[str, Any]]:
        operation = self._random.choices(list(self._mix), list(self._mix.values()))[0]
        return operation, getattr(self, f"_{operation}")()

    def _manager_id(self) -> int:
        return self._random.randint(1, MANAGERS)

    def _upcoming_id(self) -> int:
        return self._random.randint(MEETINGS - UPCOMING + 1, MEETINGS)

    def _some_time(self) -> str:
        """A quarter of an hour between four months and two years from now."""
        days, quarter = self._random.randint(120, 720), self._random.randint(32, 72)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight + timedelta(days=days, minutes=15 * quarter)).isoformat()

    def _list_meetings(self) -> dict[str, Any]:
        return _get(f"/managers/{self._manager_id()}/meetings", limit=20)

    def _get_meeting(self) -> dict[str, Any]:
        return _get(f"/meetings/{self._random.randint(1, MEETINGS)}")

    def _get_manager(self) -> dict[str, Any]:
        return _get(f"/managers/{self._manager_id()}")

    def _list_managers(self) -> dict[str, Any]:
        return _get("/managers", limit=20)

    def _list_slots(self) -> dict[str, Any]:
        day = datetime.now(UTC).date() + timedelta(days=self._random.randint(1, 60))
        return _get(f"/managers/{self._manager_id()}/slots", day=day.isoformat())

    def _show_busy(self) -> dict[str, Any]:
        return _get(f"/managers/{self._manager_id()}/busy", hours=24)

    def _statistics(self) -> dict[str, Any]:
        return _get("/statistics")

    def _create_meeting(self) -> dict[str, Any]:
        soon = self._random.random() < 0.1  # so that there is something to remind of
        in_a_moment = datetime.now(UTC) + timedelta(minutes=15, seconds=self._random.randint(1, 20))
        body = {
            "manager_id": self._manager_id(),
            "title": self._random.choice(("Offer", "Contract", "First talk", "Review", "Hand-over")),
            "starts_at": in_a_moment.isoformat() if soon else self._some_time(),
            "minutes": 15,
            "attendee_email": f"guest{self._random.randint(1, 5000)}@example.org",
            "description": self._random.choice((None, "Please bring the papers of the last time.")),
        }
        return _post("/meetings", json=body)

    def _reschedule_meeting(self) -> dict[str, Any]:
        known = [meetings for meetings in self._seen.values() if len(meetings) > 1]
        if known and self._random.random() < 0.4:  # somebody insists on a time that is taken
            meetings = self._random.choice(known)
            first, second = self._random.sample(meetings, 2)
            return _post(f"/meetings/{first[0]}/reschedule", json={"starts_at": second[1]})
        return _post(f"/meetings/{self._upcoming_id()}/reschedule", json={"starts_at": self._some_time()})

    def _swap_meetings(self) -> dict[str, Any]:
        first, second = self._random.sample(range(MEETINGS - _HOT_MEETINGS + 1, MEETINGS + 1), 2)
        return _post("/meetings/swap", json={"first_id": first, "second_id": second})

    def _cancel_meeting(self) -> dict[str, Any]:
        if self._created:
            return {"method": "DELETE", "url": f"/meetings/{self._created.popleft()}"}
        return self._get_meeting()

    def _add_attachment(self) -> dict[str, Any]:
        content = self._random.randbytes(self._random.randint(2_000, 60_000))
        return _post(f"/meetings/{self._upcoming_id()}/attachments", params={"name": "notes.pdf"}, content=content)


def _get(url: str, **params: Any) -> dict[str, Any]:
    return {"method": "GET", "url": url, "params": params}


def _post(url: str, **options: Any) -> dict[str, Any]:
    return {"method": "POST", "url": url, **options}


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Nearest rank: a value that really occurred."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def main() -> int:
    """Send traffic and print a line each second; fail when more than one in a hundred was not served."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", required=True)
    parser.add_argument("--rate", type=float, default=25.0, help="users a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with Load(options.url, rate=options.rate, seed=options.seed) as load:
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


if __name__ == "__main__":
    sys.exit(main())
