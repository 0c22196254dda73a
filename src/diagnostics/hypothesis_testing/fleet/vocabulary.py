"""What the name of a metric says about it: which way is worse, and whether it measures time, failures or traffic (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """What a metric measures, as far as its name tells."""

    TIME = "time"
    SUCCESS = "success"
    FAILURE = "failure"
    TRAFFIC = "traffic"
    OTHER = "other"


class Currency(StrEnum):
    """In what the trouble of nodes can be added up and compared."""

    TIME = "seconds"
    FAILURES = "failed requests"
    NONE = ""


#: Words of names, in the order in which they are asked: `error latency` is a latency, `failed requests` are failures.
_WORDS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    (Role.TIME, re.compile(r"latenc|durat|respon[sc]e.?time|elapsed|\brt\b|_ms\b|_seconds\b|wait", re.IGNORECASE)),
    (Role.SUCCESS, re.compile(r"availab|success|uptime|healthy|apdex", re.IGNORECASE)),
    (Role.FAILURE, re.compile(r"error|fail|fault|5xx|4xx|timeout|exception|drop|reject|retr", re.IGNORECASE)),
    (
        Role.TRAFFIC,
        re.compile(
            r"request|calls?\b|invocation|throughput|traffic|workload|\b[qrt]ps\b|\bops\b|\bcount\b", re.IGNORECASE
        ),
    ),
)
_MEANS = frozenset({"", "average", "avg", "mean"})
_TOTALS = frozenset({"", "sum", "total", "count"})
_NO_MEAN = re.compile(r"p\d{2}|quantile|percentile|median|max|min\b", re.IGNORECASE)
_SHARE = re.compile(r"rate|ratio|percent|pct|share|%", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One column: ``node|metric|stat``, or ``node|metric``."""

    column: str
    node: str
    metric: str
    stat: str = ""

    @property
    def inner(self) -> str:
        """The inner cause, as it is written in answers."""
        return f"{self.metric}|{self.stat}" if self.stat else self.metric

    @property
    def role(self) -> Role:
        """What it measures."""
        return _role_of(self.metric)

    @property
    def direction(self) -> int:
        """1 where higher is worse, -1 where lower is, 0 where either is."""
        return {Role.TIME: 1, Role.FAILURE: 1, Role.SUCCESS: -1}.get(self.role, 0)

    @property
    def is_mean(self) -> bool:
        """Whether it is an average, so that times the traffic it is a total."""
        return self.stat.lower() in _MEANS and not (self.stat == "" and _NO_MEAN.search(self.metric))

    @property
    def is_share(self) -> bool:
        """Whether it is the share of requests that succeeded or failed."""
        return self.is_mean and (
            self.role is Role.SUCCESS or (self.role is Role.FAILURE and bool(_SHARE.search(self.metric)))
        )

    @property
    def is_total(self) -> bool:
        """Whether it counts failures themselves."""
        return self.role is Role.FAILURE and self.stat.lower() in _TOTALS and not self.is_share

    @property
    def currency(self) -> Currency:
        """In what its trouble is added up."""
        if self.role is Role.TIME and self.is_mean:
            return Currency.TIME
        return Currency.FAILURES if self.is_share or self.is_total else Currency.NONE


@lru_cache(maxsize=4096)
def _role_of(metric: str) -> Role:
    return next((role for role, words in _WORDS if words.search(metric)), Role.OTHER)


def series_of(column: str) -> Series | None:
    """Return what a column holds; None for one that is not named ``node|metric`` or ``node|metric|stat``.

    A node's own name may hold the bar: metric and statistic are the last two parts.
    """
    parts = column.split("|")
    if len(parts) == 2 and all(parts):
        return Series(column=column, node=parts[0], metric=parts[1])
    if len(parts) >= 3 and parts[-2]:
        return Series(column=column, node="|".join(parts[:-2]), metric=parts[-2], stat=parts[-1])
    return None
