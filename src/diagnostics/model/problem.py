"""Problem: what was reported. Triage: where on the map it lies and how bad it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Category(StrEnum):
    """Category of the root cause; ties go to where the fix is made."""

    HOST_ENVIRONMENT = "host_environment"
    APP_RUNTIME = "app_runtime"
    DB_CONNECTION = "db_connection"
    DB_LOCKS = "db_locks"
    DB_PERFORMANCE_STORAGE = "db_performance_storage"
    SCHEMA_OR_DATA = "schema_or_data"
    EXTERNAL_SERVICE = "external_service"
    AUTH_CREDENTIALS = "auth_credentials"
    NETWORK_TLS = "network_tls"
    CONFIG_DEPLOY = "config_deploy"
    CODE_DEFECT = "code_defect"
    CACHE_QUEUE = "cache_queue"
    UNKNOWN = "unknown_needs_evidence"
    BENIGN = "benign_no_problem"


class Severity(StrEnum):
    """How bad it is for users, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ProblemPriority(StrEnum):
    """Priority in the words that on-call people use."""

    P0_CRITICAL = "P0_CRITICAL"
    P1_HIGH = "P1_HIGH"
    P2_MEDIUM = "P2_MEDIUM"
    P3_LOW = "P3_LOW"

    @staticmethod
    def of(severity: Severity) -> ProblemPriority:
        """Return the priority that belongs to a severity."""
        return _PRIORITY[severity]


_PRIORITY = {
    Severity.CRITICAL: ProblemPriority.P0_CRITICAL,
    Severity.HIGH: ProblemPriority.P1_HIGH,
    Severity.MEDIUM: ProblemPriority.P2_MEDIUM,
    Severity.LOW: ProblemPriority.P3_LOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a person reported; every text may be empty."""

    description: str = ""
    error_message: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    reported_at: datetime | None = None

    def text(self) -> str:
        """Return all that was said, one thing a line."""
        said = [self.description, self.error_message, *(f"{k}: {v}" for k, v in self.context.items())]
        return "\n".join(part for part in said if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mechanism that the text makes more likely.

    Attributes:
        mechanism: Id on the causal map.
        strength: Log-likelihood ratio of the text for this mechanism against any other (nats).
        because: The words in the report that say so.
    """

    mechanism: str
    strength: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Where on the map the reported problem lies, from text alone; it narrows, it does not decide."""

    category: Category
    severity: Severity
    candidates: tuple[Candidate, ...]
    confidence: float
    reason: str
    symptoms: tuple[str, ...] = ()
    probe_first: tuple[str, ...] = ()

    @property
    def priority(self) -> ProblemPriority:
        return ProblemPriority.of(self.severity)
