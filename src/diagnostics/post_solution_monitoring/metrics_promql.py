"""Metric history in a Prometheus or VictoriaMetrics that already runs, asked by PromQL.

What is asked for is what ``diagnostics.integrations.prometheus`` shows to be scraped. A sample there is one scrape of a
check's last look, so ``count`` counts scrapes, not looks.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from diagnostics.errors import ConfigurationError, ProbeError
from diagnostics.post_solution_monitoring.rollup import DURATION, FAILED, OWN, UNKNOWN, Bucket, gathered
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock
from diagnostics.runtime.redaction import redact, shorten

SECONDS = 10.0
"""The whole answer, from connecting to the last byte."""
MOST_BYTES = 16_000_000
MOST_POINTS = 5_000
"""Buckets of one answer; Prometheus refuses 11,000. A longer stretch is shown in wider buckets."""
LOOK_BACK = timedelta(days=400)
"""How far back names are sought: as long as the local history keeps roll-ups."""

_MEASURED = "diagnose_measured"
_NAMES = {
    FAILED: "diagnose_check_passes",
    UNKNOWN: "diagnose_check_unknown",
    DURATION: "diagnose_check_duration_seconds",
}
_PARTS = {"count": "sum(count", "total": "sum(sum", "low": "min(min", "high": "max(max"}


class PromqlMetrics:
    """A ``MetricSource`` over the HTTP API of Prometheus; it only reads."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        labels: Mapping[str, str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Keep where to ask; nothing is sent yet.

        Args:
            url: Base of the server, as ``https://prometheus.example/prefix``; a user and password in it are sent as
                basic authentication and shown nowhere.
            token: Bearer token.
            labels: Labels that the series must have, where several services are scraped, as ``{"job": "shop"}``.
            clock: Source of time.

        Raises:
            ConfigurationError: The URL is none of http or https, or a label's name is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError("The address of Prometheus is http://… or https://… with a host.")
        for name in labels or {}:
            if not (name.isascii() and name.isidentifier()):
                raise ConfigurationError(f"{name!r} is no name of a label.")
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/api/v1/", "", ""))
        self._host = parts.hostname
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        elif parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._labels = dict(labels or {})
        self._clock = clock

    def names(self) -> list[str]:
        """Return the names of all checks that were scraped, sorted."""
        found = self._asked("GET", "label/check/values", {"match[]": self._selector(_NAMES[UNKNOWN]), **self._reach()})
        return sorted(str(name) for name in found)

    def metrics(self, name: str) -> list[str]:
        """Return the names of the numbers of a check, sorted."""
        reach = self._reach()
        measured = self._selector(_MEASURED, check=name)
        found = {str(one) for one in self._asked("GET", "label/measure/values", {"match[]": measured, **reach})}
        for own, metric in _NAMES.items():
            if self._asked("GET", "series", {"match[]": self._selector(metric, check=name), **reach}):
                found.add(own)
        return sorted(found)

    def series(self, name: str, metric: str, *, since: datetime, until: datetime, step_seconds: float) -> list[Bucket]:
        """Return a number of a check in buckets, of all instances together."""
        first, end = since.timestamp(), until.timestamp()
        step = widened(step_seconds, end - first)
        if end <= first:
            return []
        if metric in OWN:
            selector = self._selector(_NAMES[metric], check=name)
        else:
            selector = self._selector(_MEASURED, check=name, measure=metric)
        millis = round(step * 1000)
        # A range reaches back from where it is asked, to its edge or up to it, as the server's version has it: asked
        # a millisecond (the grain of its clock) before a bucket ends, it holds the bucket and not the next one's first.
        start = math.floor(first / step) * step + step - 0.001
        last = math.ceil(end / step) * step - 0.001
        query = " or ".join(
            f'label_replace({how}_over_time({selector}[{millis}ms])), "part", "{part}", "", "")'
            for part, how in _PARTS.items()
        )
        asked = {
            "query": query,
            "start": f"{start:.3f}",
            "end": f"{last:.3f}",
            "step": f"{millis / 1000:.3f}",
            "nocache": "1",
        }
        points: dict[float, dict[str, float]] = {}
        for one in self._asked("POST", "query_range", asked)["result"]:
            part = one["metric"]["part"]
            for at, value in one["values"]:
                points.setdefault(float(at), {})[part] = float(value)
        return gathered(_parts(points, step, turned=metric == FAILED), step)

    def _reach(self) -> dict[str, str]:
        now = self._clock.now()
        return {"start": f"{(now - LOOK_BACK).timestamp():.3f}", "end": f"{now.timestamp():.3f}"}

    def _selector(self, metric: str, **labels: str) -> str:
        wanted = {**self._labels, **labels}
        return f"{metric}{{{','.join(f'{name}={quoted(value)}' for name, value in wanted.items())}}}"

    def _asked(self, method: str, what: str, parameters: Mapping[str, str]) -> Any:
        """Return the data of an answer.

        Raises:
            ProbeError: There is none.
        """
        import httpx2

        ends = self._clock.monotonic() + SECONDS
        sent: dict[str, Any] = {"params": parameters} if method == "GET" else {"data": parameters}
        body = bytearray()
        try:
            with httpx2.stream(
                method, self._base + what, headers=self._headers, timeout=SECONDS, follow_redirects=False, **sent
            ) as answer:
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise ProbeError(f"{self._host}: the answer is longer than {MOST_BYTES:,} bytes.")
                    if self._clock.monotonic() > ends:
                        raise ProbeError(f"{self._host}: no whole answer within {SECONDS:g} s.")
                status = answer.status_code
        except httpx2.HTTPError as error:
            raise ProbeError(f"{self._host}: {type(error).__name__}: {redact(str(error))}") from error
        try:
            said = json.loads(body)
            if status == 200 and said["status"] == "success":
                return said["data"]
            why = f"answered {status}: {said.get('error')}"
        except (ValueError, KeyError, TypeError, AttributeError):
            why = f"answered {status}, and not as Prometheus does"
        raise ProbeError(f"{self._host} {shorten(redact(why), 200)}")


def quoted(value: str) -> str:
    r"""Return a string as PromQL reads it; nothing in it can end it.

    Example:
        >>> quoted('a "b"')
        '"a \\"b\\""'
    """
    # The escapes of JSON are those of PromQL; a lone surrogate is no text that could have been scraped.
    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False)


def widened(step: float, span: float) -> float:
    """Return the step in seconds: at least a second, whole milliseconds, and at most ``MOST_POINTS`` of them in the span.

    Example:
        >>> widened(15, 3600), widened(15, 400 * 86_400.0)
        (15.0, 6915.0)
    """
    whole = max(1.0, math.floor(step * 1000) / 1000)
    return whole * max(1, math.ceil(span / whole / MOST_POINTS))


def _parts(
    points: Mapping[float, Mapping[str, float]], step: float, *, turned: bool
) -> Iterator[tuple[float, int, float, float, float]]:
    """Yield parts of buckets; ``turned`` makes what passes of what fails."""
    for at, part in points.items():
        count, total, low, high = (part.get(name, math.nan) for name in _PARTS)
        if count > 0 and math.isfinite(total):
            if turned:
                total, low, high = count - total, 1 - high, 1 - low
            yield at - step / 2, int(count), total, low, high
