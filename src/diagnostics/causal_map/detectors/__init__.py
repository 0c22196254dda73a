"""Detectors: pure functions from evidence to a finding, by mechanism id."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostics.causal_map.detectors import (
    cache,
    database,
    deploy,
    host,
    performance,
    process,
    services,
    traffic,
    waits,
)
from diagnostics.model.mechanism import Detector

DETECTORS: Mapping[str, Detector] = {
    **host.DETECTORS,
    **process.DETECTORS,
    **database.DETECTORS,
    **waits.DETECTORS,
    **performance.DETECTORS,
    **services.DETECTORS,
    **deploy.DETECTORS,
    **traffic.DETECTORS,
    **cache.DETECTORS,
}
