"""Causes in the layer traffic."""

from __future__ import annotations

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.mechanism import Edge, Kind, Layer, Mechanism, Remedy
from diagnostics.model.problem import Category

MECHANISMS = (
    Mechanism(
        id="traffic-spike-over-capacity",
        kind=Kind.CAUSE,
        layer=Layer.TRAFFIC,
        category=Category.APP_RUNTIME,
        title="More requests come than the service can serve",
        title_ru="Запросов больше, чем сервис может обслужить",
        summary="Request rate exceeds what healthy workers can do.",
        recognised_by=(
            "inbound rps up > 2x with the normal mix and many sources; per-request service time unchanged; "
            "queue/backlog grow; CPU of our workers high; recovers when rate falls."
        ),
        confusable_with=(
            "retry-without-backoff-amplification",
            "worker-count-too-low",
            "host-cpu-saturated-by-neighbour",
        ),
        causes=(
            Edge(effect="requests-slow", probability=0.85),
            Edge(effect="workers-busy", probability=0.6),
            Edge(effect="db-pool-exhausted", probability=0.3),
            Edge(effect="cpu-starved", probability=0.2),
        ),
        detect=DETECTORS["traffic-spike-over-capacity"],
        prior=3.0,
        remedies=(
            Remedy(
                id="traffic-spike-over-capacity/1",
                title="Scale/limit",
                plan=("Scale/limit",),
            ),
        ),
        verification="p95 ok at rate",
        prevention="Load shedding and rate limits at the edge, autoscaling on queueing time, and headroom of two.",
    ),
    Mechanism(
        id="scheduled-jobs-overlap",
        kind=Kind.CAUSE,
        layer=Layer.TRAFFIC,
        category=Category.APP_RUNTIME,
        title="Scheduled jobs overlap",
        title_ru="Плановые задачи накладываются",
        summary="Cron job runs longer than its period; instances pile up.",
        recognised_by=(
            "> 1 live process/backend of the same job with start times one period apart; load steps each period."
        ),
        confusable_with=("scheduled-task-duplicated",),
        causes=(
            Edge(effect="requests-slow", probability=0.5),
            Edge(effect="jobs-stall", probability=0.5),
        ),
        detect=DETECTORS["scheduled-jobs-overlap"],
        prior=2.0,
        remedies=(
            Remedy(
                id="scheduled-jobs-overlap/1",
                title="Lock / longer period",
                plan=("Lock / longer period",),
            ),
        ),
        verification="max 1 instance",
        prevention=(
            "A lock for each job that makes a second run skip, and the run's time against its period on the dashboard."
        ),
    ),
)
