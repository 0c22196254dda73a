"""When to fire, when to resolve, whom to tell."""

from diagnostics.post_solution_monitoring.alerts.state import NO_DATA_RULE, announce, step

__all__ = ["NO_DATA_RULE", "announce", "step"]
