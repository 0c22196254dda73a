"""Which code of a traceback talks to other services, and whom the application trusts."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from diagnostics.model.observation import Observations, Unit
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.probes.sources import talks_outside
from diagnostics.system_monitor.probes.trust import trusted_files

NOTES = Notes(datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


def stumbled(*frames: str) -> Observations:
    return Observations([NOTES.reading("log.template", 3, Unit.COUNT, frame=frame) for frame in frames])


def test_a_file_that_imports_a_client_talks_outside(tmp_path: Path) -> None:
    (tmp_path / "shop" / "bank").mkdir(parents=True)
    (tmp_path / "shop" / "bank" / "rates.py").write_text("import json\nimport httpx\n")
    (tmp_path / "shop" / "cart.py").write_text("import requests_toolbelt\nfrom decimal import Decimal\n")

    found = list(talks_outside(tmp_path, stumbled("parse (bank/rates.py:31)", "total (shop/cart.py:9)", ""), NOTES))

    assert [(reading.labels["file"], reading.labels["client"]) for reading in found] == [("bank/rates.py", "httpx")]


def test_a_file_of_the_same_name_in_another_folder_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "rates.py").write_text("import httpx\n")

    assert not list(talks_outside(tmp_path, stumbled("parse (bank/rates.py:31)"), NOTES))


def test_the_application_trusts_the_file_that_its_environment_names(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    environment = {**os.environ, "PARTNER_CA_FILE": str(bundle), "CAMERA_FILE": "/etc/hostname"}
    code = "print(1, flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert child.stdout is not None
    child.stdout.readline()  # it runs: before that its environment is still ours
    try:
        assert str(bundle) in trusted_files([child.pid])
        assert "/etc/hostname" not in trusted_files([child.pid])
    finally:
        child.kill()
        child.communicate()
    assert trusted_files([2**22 + 1]) == ()
