"""The nodes of the map, by area."""

from __future__ import annotations

from diagnostics.causal_map.mechanisms import (
    cache,
    code,
    configuration,
    credentials,
    data,
    database,
    deploy,
    host,
    network,
    process,
    service,
    states,
    symptoms,
    traffic,
)
from diagnostics.model.mechanism import Mechanism

MECHANISMS: tuple[Mechanism, ...] = (
    *symptoms.MECHANISMS,
    *states.MECHANISMS,
    *host.MECHANISMS,
    *process.MECHANISMS,
    *code.MECHANISMS,
    *database.MECHANISMS,
    *configuration.MECHANISMS,
    *network.MECHANISMS,
    *credentials.MECHANISMS,
    *deploy.MECHANISMS,
    *data.MECHANISMS,
    *service.MECHANISMS,
    *cache.MECHANISMS,
    *traffic.MECHANISMS,
)
