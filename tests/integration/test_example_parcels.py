"""The parcel service as a whole: it runs, serves its users, and shows what its surroundings do to it."""

import compileall
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
import time

import httpx2
import jwt
import psutil
import pytest
from examples.parcels.fakes import WEBHOOK_SECRET
from examples.parcels.load import MIX, Load
from examples.parcels.releases import RELEASES
from examples.parcels.seed import code_of, email_of, password_of
from examples.parcels.stack import Stack, running_stack
from examples.support.releases import apply, load_release

_PACKAGE = "examples.parcels.releases"


@pytest.fixture(scope="module")
def stack(postgres):
    with running_stack(postgres=postgres) as running:
        yield running


@pytest.fixture
def client(stack):
    stack.fakes.normal()
    with httpx2.Client(base_url=stack.base_url, timeout=10, trust_env=False) as client:
        yield client
    stack.fakes.normal()


def _take(client):
    body = {
        "customer_id": 7,
        "depot_id": 3,
        "recipient": "R. Recipient",
        "address": "1 Main Street, City 3",
        "weight_grams": 1200,
    }
    return client.post("/parcels", json=body)


def test_users_are_served_by_three_workers(stack, client):
    with Load(stack.base_url, rate=60, seed=3) as load:
        time.sleep(3)
        window = load.snapshot(3)

    assert window.requests > 60
    assert window.success_rate > 0.99
    assert len(psutil.Process(stack.app_pid).children()) == 3
    assert {sample.operation for sample in load.samples()} <= set(MIX)


def test_a_parcel_is_taken_scanned_moved_and_delivered(stack, client):
    taken = _take(client)
    code = taken.json()["tracking_code"]
    assert (taken.status_code, taken.json()["status"]) == (201, "waiting")

    assert client.post(f"/parcels/{code}/scans", json={"depot_id": 5, "kind": "arrived"}).status_code == 201
    assert client.post("/parcels/transfer", json={"codes": [code, code_of(4)], "depot_id": 6}).is_success
    before = set(stack.upload_dir.iterdir())
    assert client.post(f"/parcels/{code}/delivery", content=b"a photo").status_code == 201

    assert client.get(f"/parcels/{code}").json()["status"] == "delivered"
    assert client.get(f"/parcels/{code}").json()["depot"] == "City 6"
    assert [scan["depot_id"] for scan in client.get(f"/parcels/{code}/scans").json()] == [5]
    (photo,) = set(stack.upload_dir.iterdir()) - before
    assert photo.read_bytes() == b"a photo"


def test_a_returned_parcel_goes_nowhere_and_the_attempt_is_kept(stack, client):
    code = code_of(97)

    refused = client.post(f"/parcels/{code}/scans", json={"depot_id": 5, "kind": "loaded"})

    assert refused.status_code == 409
    assert stack.execute(f"SELECT action FROM audit WHERE tracking_code = '{code}'")[-1] == ("scan loaded",)


def test_only_a_token_of_ours_opens_what_belongs_to_a_customer(stack, client):
    credentials = {"email": email_of(9), "password": password_of(9)}
    token = client.post("/login", json=credentials).json()["token"]

    mine = client.get("/me/parcels", headers={"authorization": f"Bearer {token}"})
    forged_token = jwt.encode({"sub": "9"}, "somebody else's secret, as long as it should be")
    forged = client.get("/me/parcels", headers={"authorization": f"Bearer {forged_token}"})
    wrong = client.post("/login", json={**credentials, "password": "guessed"})

    assert len(mine.json()) == 20
    assert (forged.status_code, wrong.status_code) == (401, 401)
    assert "InvalidSignatureError('Signature verification failed')" in stack.log_file.read_text()


def test_the_carriers_events_are_taken_once_and_only_with_its_signature(stack, client):
    body = json.dumps({"event_id": "evt_1", "reference": code_of(5), "kind": "picked_up"}).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()

    def send(signature):
        headers = {"x-carrier-signature": f"sha256={signature}", "content-type": "application/json"}
        return client.post("/webhooks/carrier", content=body, headers=headers)

    assert send(signature).json() == {"stored": True}
    assert send(signature).json() == {"stored": False}
    assert send("0" * 64).status_code == 401


@pytest.mark.parametrize(
    ("service", "misbehaviour", "status", "logged"),
    [
        ("carrier", {"status": 503}, 503, "answered 503 Service Unavailable"),
        ("carrier", {"status": 500}, 502, "answered 500 Internal Server Error"),
        ("carrier", {"status": 401}, 502, "The API key is invalid or has been revoked."),
        ("carrier", {"status": 429, "retry_after": 30}, 503, "Rate limit exceeded"),
        ("carrier", {"reset": True}, 503, "ConnectionResetError"),
        ("carrier", {"truncate": True}, 503, "IncompleteRead"),
        ("carrier", {"hang": True}, 503, "TimeoutError"),
        ("carrier", {"listening": False}, 503, "Connection refused"),
        ("carrier", {"schema": "html"}, 502, "no JSON in the answer"),
        ("carrier", {"schema": "changed"}, 502, "no 'shipment_id' in the answer"),
        ("geocoder", {"status": 502}, 502, "answered 502 Bad Gateway"),
        ("geocoder", {"schema": "changed"}, 502, "answer without 'lat'"),
    ],
)  # fmt: skip
def test_what_an_external_service_does_reaches_the_user_and_the_log(
    stack, client, service, misbehaviour, status, logged
):
    stack.fakes.set(service, **misbehaviour)
    mark = stack.log_file.stat().st_size

    answer = _take(client)

    text = stack.log_file.read_bytes()[mark:].decode()
    assert (answer.status_code, answer.json()) == (status, {"error": f"{service} failed"})
    assert logged in text
    assert "Traceback (most recent call last)" in text
    assert answer.headers.get("retry-after") == (
        str(misbehaviour["retry_after"]) if "retry_after" in misbehaviour else None
    )


def test_all_workers_write_one_log_with_gunicorns_own_lines(stack, client):
    client.get("/depots/7/board")

    lines = [line for line in stack.log_file.read_text().splitlines() if '"GET /depots/7/board HTTP/1.1" 200 ' in line]

    pattern = r"\[[-\d]{10} [:\d]{8} [+-]\d{4}\] \[\d+\] \[INFO\] gunicorn\.access: 127\.0\.0\.1 .* \d+us"
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert lines
    assert "[INFO] gunicorn.error: Booting worker with pid" in stack.log_file.read_text()


def test_the_nightly_report_counts_the_scans_of_yesterday(stack):
    done = subprocess.run(
        [sys.executable, "-m", "parcels.report"],
        cwd=stack.repository,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(done.stdout.splitlines()) == 24
    assert int(done.stdout.split()[-1]) > 10


def test_releases_come_as_commits_with_or_without_their_migration(postgres):
    with running_stack(postgres=postgres, start=False) as stack:
        stack.commit_release("missing_migration")
        assert stack.revision() == "3"
        stack.start_app()
        with httpx2.Client(base_url=stack.base_url, timeout=10, trust_env=False) as client:
            assert client.get(f"/parcels/{code_of(3)}").status_code == 500

            stack.migrate()

            assert client.get(f"/parcels/{code_of(3)}").json()["insured_cents"] is None
        assert "psycopg2.errors.UndefinedColumn" in stack.log_file.read_text()
        assert stack.revision() == "4"

        with pytest.raises(RuntimeError, match="JWT_SECRET is missing"):
            stack.restart_app(env={"JWT_SECRET": None})


def test_an_instrumented_service_writes_what_belongs_to_a_request_under_one_id(postgres):
    with running_stack(postgres=postgres, instrumented=True) as stack:
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        with httpx2.Client(base_url=stack.base_url, timeout=10, trust_env=False, headers=headers) as client:
            assert _take(client).status_code == 201
            httpx2.get(f"{stack.base_url}/depots/7/board", trust_env=False)
        stack.stop_app()

        events = [json.loads(line) for line in stack.diagnostics_file.read_text().splitlines()]

    ours = [event for event in events if event.get("correlation_id") == trace]
    assert {event["name"].rsplit(".", 1)[-1] for event in ours} == {"create", "locate", "create_shipment"}
    assert any(event["name"].endswith(".board") for event in events)
    assert all(event["duration_seconds"] > 0 for event in ours)


@pytest.fixture
def package(tmp_path):
    target = tmp_path / "parcels"
    shutil.copytree(Stack.source(), target, ignore=shutil.ignore_patterns("releases", "__pycache__"))
    return target


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_fits_the_source_compiles_and_does_not_name_its_fault(name, package):
    release = load_release(_PACKAGE, name)
    before = {path: path.read_text() for path in package.rglob("*.py")}

    apply(release, package)

    after = {path: path.read_text() for path in package.rglob("*.py")}
    assert after != before
    assert compileall.compile_dir(package, quiet=1, force=True)
    text = " ".join([release.message, *(edit.new for edit in release.edits)])
    assert name not in text
    assert not re.search(r"\b(leak|bug|fault|inject|broken|deadlock|crash)", text, re.IGNORECASE)
