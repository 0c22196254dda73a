"""The live view is a function of what is known: each sign has a word, the worst is seen first, nothing breaks the screen."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from diagnostics.cli.live import Shown, frame
from diagnostics.model.alert import AlertPhase, AlertSeverity, MonitoringAlert
from diagnostics.model.health import CheckHealth, CheckState, HealthReport, HealthStatus
from diagnostics.model.record import plain

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
STATES = {
    HealthStatus.HEALTHY: CheckState.PASS,
    HealthStatus.CRITICAL: CheckState.FAIL,
    HealthStatus.UNKNOWN: CheckState.UNKNOWN,
}


def check(name, status=HealthStatus.HEALTHY, detail="well", **values):
    return CheckHealth(
        name=name, status=status, state=STATES[status], phase=AlertPhase.OK, detail=detail,
        at=NOW - timedelta(seconds=7), **values,
    )  # fmt: skip


def seen(shown, *, lang="en", width=100, height=30, color=False):
    told = io.StringIO()
    console = Console(
        file=told, width=width, height=height, force_terminal=color, color_system="truecolor" if color else None
    )
    console.print(frame(shown, now=NOW, height=height, lang=lang))
    return told.getvalue()


def report(*checks, alerts=(), overall=HealthStatus.CRITICAL, **values):
    made = HealthReport(
        timestamp=NOW.isoformat(), overall_status=overall, checks=checks, active_alerts=alerts, **values
    )  # fmt: skip
    return plain(made)


ALERT = MonitoringAlert(
    timestamp=NOW.isoformat(), alert_id="a", severity=AlertSeverity.CRITICAL, component="api", message="api fails: 500"
)


def test_it_shows_lights_alerts_changes_and_the_verdict_without_colour():
    shown = Shown(
        health=report(
            check("db"), check("api", HealthStatus.CRITICAL, "500"), check("cache", HealthStatus.UNKNOWN),
            alerts=(ALERT,), could_not_look=("disk: forbidden",),
        ),
        changes=(("11:59:00", "deploy: v2"),), verdict="returned", reason="lock is back", left_seconds=60,
    )  # fmt: skip
    lines = seen(shown).splitlines()

    assert lines[0].startswith("✗ critical")
    assert [line.split()[0] for line in lines[1:4]] == ["✗", "?", "✓"]
    assert [line.split()[2] for line in lines[1:4]] == ["api", "cache", "db"]
    text = "\n".join(lines)
    for said in (
        "7\u00a0s ago",
        "Open alerts (1)",
        "api fails: 500",
        "deploy: v2",
        "disk: forbidden",
        "verdict: ✗ returned",
    ):
        assert said in text
    assert "\x1b" not in text


def test_it_speaks_russian():
    text = seen(Shown(health=report(check("db")), verdict="holds"), lang="ru")
    for said in ("авария", "исправно", "Открытые тревоги", "Последние изменения", "вердикт: ✓ держится"):
        assert said in text


def test_five_hundred_checks_fit_the_screen_and_the_worst_is_on_it():
    checks = [check(f"check {number}") for number in range(500)]
    checks[400] = check("the sick one", HealthStatus.CRITICAL, "x" * 500)
    lines = seen(Shown(health=report(*checks, alerts=(ALERT,) * 40)), height=24).splitlines()

    assert len(lines) <= 24
    assert "the sick one" in lines[1]
    assert max(map(len, lines)) <= 100
    assert any("more" in line for line in lines)


def test_what_a_stranger_wrote_neither_commands_the_terminal_nor_is_read_as_style():
    shown = Shown(
        health=report(check("[red]x[/red]\x1b[2J", detail="\x07[bold]bell\rover")),
        changes=(("12:00:00", "\x1b]0;title"),),
    )
    text = seen(shown)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\r" not in text
    assert "[red]x[/red]" in text


@pytest.mark.parametrize("width", [20, 40, 200])
def test_any_width_is_kept_to(width):
    text = seen(Shown(health=report(check("имя" * 30, detail="д" * 300))), width=width)
    assert max(len(line) for line in text.splitlines()) <= width


def test_nothing_watched_yet_is_a_frame_too():
    assert "Open alerts (0)" in seen(Shown(health=report(overall=HealthStatus.UNKNOWN)))
