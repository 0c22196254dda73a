"""Containers, credentials, installations, traffic: what changed and when; and all of it held against the onset."""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model.finding import Baseline
from diagnostics.model.observation import Observations, Unit
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes import containers, credentials, packages, repository
from diagnostics.system_monitor.probes.changes import ChangesProbe, certificates
from diagnostics.system_monitor.probes.notes import Notes
from diagnostics.system_monitor.probes.traffic import shifts
from diagnostics.system_monitor.timeline import timeline

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NOTES = Notes(NOW)
ID = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        f"0::/system.slice/docker-{ID}.scope\n",
        f"4:memory:/docker/{ID}\n",
        f"0::/kubepods/besteffort/pod3c/{ID}\n",
        f"0::/kubepods.slice/kubepods-pod3c.slice/cri-containerd-{ID}.scope\n",
        f"0::/user.slice/libpod-{ID}.scope\n",
        f"0::/\n36 35 0:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw\n",
    ],
)
def test_a_container_is_known_by_its_group_or_its_mounts(text: str) -> None:
    assert containers.identity_in(text) == ID[:12]


def test_a_host_is_no_container() -> None:
    assert containers.identity_in("0::/system.slice/shop.service\n1:name=systemd:/user.slice\n") == ""
    assert containers.image_in("1 0 8:1 / / rw - ext4 /dev/sda rw\n") == ""


def overlay(*layers: str) -> str:
    return f"1 0 0:40 / / rw,relatime - overlay overlay rw,lowerdir={':'.join(layers)},upperdir=/u,workdir=/w\n"


def test_two_containers_of_one_image_have_one_fingerprint_and_another_image_has_another() -> None:
    one, two = overlay("/l/own1", "/l/A", "/l/B"), overlay("/l/own2", "/l/A", "/l/B")

    assert containers.image_in(one) == containers.image_in(two) != ""
    assert containers.image_in(overlay("/l/own1", "/l/A", "/l/C")) != containers.image_in(one)


def test_versions_are_told_and_nothing_else_of_the_variables() -> None:
    variables = {"GIT_SHA": "ab12", "APP_VERSION": "1.2 with blanks", "SECRET": "x", "IMAGE_TAG": "shop:1.2.3"}

    assert containers.releases_in(variables) == {"GIT_SHA": "ab12", "IMAGE_TAG": "shop:1.2.3"}
    assert containers.template_in("my-laptop") == ""


def jwt(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part(claims)}.c2lnbmF0dXJl"


def test_a_tokens_times_are_read_and_the_token_is_not_kept() -> None:
    token = jwt(iat=1000, exp=2000, sub="me")
    (found,) = credentials.tokens({"API_TOKEN": f"Bearer {token}", "OTHER": "a.b.c", "PLAIN": "secret"})

    assert (found.variable, found.issued, found.expires) == ("API_TOKEN", 1000, 2000)
    assert token not in repr(found)


@given(st.text(max_size=60))
def test_any_variable_is_a_token_or_none(value: str) -> None:
    assert len(list(credentials.tokens({"X": value}))) <= 1


def test_installations_are_runs_of_an_installer(tmp_path: Path) -> None:
    for name, written in (("a-1.0", 100), ("b-2.0", 5000), ("C_c-3.0", 5060), ("d-1", 9000)):
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        os.utime(folder, (written, written))

    found = packages.installations(tmp_path, since=1000)

    assert [(run.at, run.names) for run in found] == [(9000, ("d",)), (5060, ("b", "c-c"))]


def test_django_migrations_are_found_by_their_files(tmp_path: Path) -> None:
    folder = tmp_path / "shop" / "orders" / "migrations"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "0001_initial.py", "0002_add_price.py", "notes.py"):
        (folder / name).write_text("")
    os.utime(folder / "0002_add_price.py", (9e9, 9e9))

    found = list(repository.django_migrations(tmp_path))

    assert [each.revision for each in found] == ["orders.0002_add_price", "orders.0001_initial"]
    assert found[0].message == "add price"


def test_a_sick_process_shows_its_token_its_certificate_file_and_its_release(tmp_path: Path) -> None:
    now = datetime.now(UTC).timestamp()
    secret = tmp_path / "client.pem"
    secret.write_text("no certificate in here")
    token = jwt(iat=now - 4000, exp=now - 400)
    environment = {"PATH": os.defpath, "TOKEN": token, "CLIENT_CERT": str(secret), "GIT_SHA": "bbb"}
    child = subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE)
    try:
        baseline = Baseline(facts={"release:GIT_SHA": "aaa", "container.image": ""})
        until = 200
        seen = Observations(())
        while until and not seen.readings("change.token_expired"):
            seen = Observations(ChangesProbe(pids=(child.pid,), baseline=baseline).observe(SYSTEM_CLOCK))
            until -= 1
        facts = ChangesProbe(pids=(child.pid,)).facts(SYSTEM_CLOCK)
    finally:
        child.communicate(b"\n")

    assert seen.value("change.token_expired", variable="TOKEN") == pytest.approx(400, abs=30)
    assert seen.value("change.token_issued", variable="TOKEN") == pytest.approx(4000, abs=30)
    assert seen.readings("change.credential_file", variable="CLIENT_CERT")
    (release,) = seen.readings("change.release")
    assert (release.labels["from"], release.labels["to"]) == ("aaa", "bbb")
    assert facts["release:GIT_SHA"] == "bbb"
    assert not any(token in str(item) or str(secret) in str(item) for item in seen)


def test_a_certificate_that_expired_or_began_lately_is_a_change() -> None:
    def certificate(name: str, value: float, service: str):
        return NOTES.reading(f"service.certificate.{name}", value, Unit.SECONDS, service=service, subject="CN=x")

    seen = Observations(
        [
            certificate("expires_in", -300, "a"),
            certificate("expires_in", 5000, "b"),
            certificate("age", 600, "b"),
            certificate("age", 9e6, "c"),
        ]
    )

    found = [(r.name, r.labels["service"], r.value) for r in certificates(seen, NOTES)]

    assert found == [("change.certificate", "b", 600), ("change.certificate_expired", "a", 300)]


# -- traffic ------------------------------------------------------------------------------------------------


def test_a_path_that_is_asked_much_more_is_named() -> None:
    before = {"/a": 500, "/b": 500, "/c": 20}
    recent = {"/a": 50, "/b": 50, "/c": 60}

    found = shifts(before, recent, 600, 60)

    assert found[0].path == "/c"
    assert found[0].share == pytest.approx(60 / 160)
    assert found[0].rate_ratio == pytest.approx(30.0)


def test_three_times_as_many_requests_are_a_change_of_all_paths() -> None:
    found = shifts({"/a": 1000}, {"/a": 300}, 600, 60)

    assert [(shift.path, round(shift.rate_ratio)) for shift in found] == [("", 3)]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_traffic_is_no_change(seed: int) -> None:
    rng = random.Random(seed)
    paths = ["/a"] * 5 + ["/b"] * 3 + ["/c"] * 2

    for _ in range(40):
        before: dict[str, int] = {}
        recent: dict[str, int] = {}
        for counts, number in ((before, rng.randint(300, 600)), (recent, rng.randint(30, 60))):
            for _ in range(number):
                path = rng.choice(paths)
                counts[path] = counts.get(path, 0) + 1
        assert shifts(before, recent, 600, 60) == []


def test_too_little_traffic_tells_nothing() -> None:
    assert shifts({"/a": 5}, {"/b": 5}, 600, 60) == []
    assert shifts({}, {}, 0, 0) == []


# -- against the onset ---------------------------------------------------------------------------------------


def reading(name: str, value: float, /, **labels: object):
    return NOTES.reading(name, value, Unit.SECONDS, **labels)


def test_what_came_shortly_before_the_onset_comes_first_and_what_came_after_it_last() -> None:
    onset = NOW - timedelta(minutes=10)
    seen = Observations(
        [
            reading("log.onset", onset.timestamp(), file="a", kind="errors"),
            reading("change.commit", 4 * 3600, sha="abc", subject="Faster search", files=""),
            reading("change.process_restart", 660, pid=7),
            reading("change.file", 60, path="hotfix.py"),
            reading("change.setting", 1, setting="work_mem", **{"from": "4MB", "to": "64kB"}),
            reading("change.commit", 30 * 3600, sha="old", subject="Old", files=""),
        ]
    )

    found = timeline(seen)

    assert [item.kind for item in found] == ["restart", "commit", "setting", "file"]
    assert found[0].before_onset == pytest.approx(60)
    assert found[0].at == NOW - timedelta(seconds=660)
    assert found[1].what == "commit abc: Faster search"
    assert found[2].at is None
    assert found[3].before_onset == pytest.approx(-540)
    assert seen.by_id(found[0].evidence).name == "change.process_restart"


def test_a_changed_variable_takes_effect_when_its_process_starts_and_is_told_once() -> None:
    seen = Observations(
        [
            reading("process.age", 300, pid=7),
            reading("process.age", 290, pid=8),
            reading("change.environment", 1, pid=7, name="DATABASE_URL", kind="changed"),
            reading("change.environment", 1, pid=8, name="DATABASE_URL", kind="changed"),
            reading("change.environment", 1, pid=8, name="EMPTY", kind="empty"),
        ]
    )

    (found,) = timeline(seen, onset=NOW)

    assert (found.kind, found.at, found.before_onset) == ("environment", NOW - timedelta(seconds=300), 300)


def test_without_an_onset_the_newest_comes_first() -> None:
    seen = Observations([reading("change.file", 500, path="a"), reading("change.file", 50, path="b")])

    assert [item.what[0] for item in timeline(seen)] == ["b", "a"]
    assert timeline(Observations(())) == ()
