"""``diagnose export``: what other tools take from us."""

from __future__ import annotations

import click

from diagnostics.cli.exits import Exit
from diagnostics.cli.output import say


@click.command()
@click.argument("what", type=click.Choice(["grafana", "prometheus-rules"]), metavar="WHAT")
def export(what: str) -> int:
    """Print a dashboard for Grafana (WHAT: grafana) or alert rules for Prometheus (WHAT: prometheus-rules)."""
    from diagnostics.integrations import grafana_dashboard, prometheus_rules

    say((grafana_dashboard() if what == "grafana" else prometheus_rules()).rstrip("\n"))
    return Exit.OK
