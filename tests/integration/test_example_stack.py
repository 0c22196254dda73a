"""The example as a whole: it runs, serves its users, and shows what its surroundings do to it."""

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx2
import psutil
import pytest
from examples.meeting_scheduler.load import Load
from examples.meeting_scheduler.seed import MEETINGS
from examples.meeting_scheduler.stack import running_stack


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


_minutes = iter(range(0, 100_000, 60))


def _book(client):
    starts_at = datetime(2040, 1, 1, tzinfo=UTC) + timedelta(minutes=next(_minutes))
    body = {
        "manager_id": 7,
        "title": "Offer",
        "starts_at": starts_at.isoformat(),
        "attendee_email": "a@example.org",
    }
    return client.post("/meetings", json=body)


def test_users_are_served_at_the_usual_rate_with_a_quarter_of_a_cpu(stack, client):
    app = psutil.Process(stack.app_pid)
    before = sum(app.cpu_times()[:2])

    with Load(stack.base_url, rate=25, seed=3) as load:
        time.sleep(6)
        window = load.snapshot(5)

    assert window.requests > 60
    assert window.success_rate > 0.99
    assert 0 < window.p50 <= window.p95 <= window.p99
    assert (sum(app.cpu_times()[:2]) - before) / 6 < 0.5  # a quarter when nobody else uses the machine
    assert len(load.seconds()) >= 5


def test_the_same_seed_sends_the_same_requests():
    first, second = Load("http://127.0.0.1:9", seed=5), Load("http://127.0.0.1:9", seed=5)

    assert [first._next()[0] for _ in range(50)] == [second._next()[0] for _ in range(50)]


def test_a_meeting_is_booked_moved_and_cancelled(stack, client):
    calls = stack.fakes.state()["telegram"]["calls"].get("sendMessage 200", 0)

    booked = _book(client)
    moved = client.post(f"/meetings/{booked.json()['id']}/reschedule", json={"starts_at": "2041-05-05T09:00:00Z"})
    cancelled = client.delete(f"/meetings/{booked.json()['id']}")

    assert (booked.status_code, moved.status_code, cancelled.status_code) == (201, 200, 200)
    assert moved.json()["starts_at"].startswith("2041-05-05T09:00:00")
    assert client.get(f"/meetings/{booked.json()['id']}").json()["status"] == "cancelled"
    assert stack.fakes.state()["telegram"]["calls"]["sendMessage 200"] >= calls + 3


def test_a_taken_time_is_a_conflict_and_an_unknown_meeting_is_not_found(client):
    first = _book(client).json()
    again = client.post("/meetings", json={**first, "attendee_email": "b@example.org"})

    assert again.status_code == 409
    assert client.get("/meetings/999999999").status_code == 404
    assert client.post("/meetings", json={"title": "no time"}).status_code == 422


def test_free_slots_leave_out_what_google_calls_busy(client):
    day = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()

    slots = client.get("/managers/7/slots", params={"day": day}).json()

    assert len(slots) == 17  # nine hours of halves, less the one that the calendar holds


def test_two_meetings_change_places(client):
    first, second = _book(client).json(), _book(client).json()

    assert client.post("/meetings/swap", json={"first_id": first["id"], "second_id": second["id"]}).is_success

    assert client.get(f"/meetings/{first['id']}").json()["starts_at"] == second["starts_at"]


def test_an_attachment_is_on_the_disk(stack, client):
    before = set(stack.upload_dir.iterdir())

    answer = client.post(f"/meetings/{MEETINGS}/attachments", params={"name": "a.txt"}, content=b"hello")

    assert answer.status_code == 201
    (new,) = set(stack.upload_dir.iterdir()) - before
    assert new.read_bytes() == b"hello"


def test_due_reminders_are_sent_by_the_worker(stack, client):
    starts_at = (datetime.now(UTC) + timedelta(minutes=15)).isoformat()
    body = {"manager_id": 9, "title": "Soon", "starts_at": starts_at, "attendee_email": "a@example.org"}
    meeting = client.post("/meetings", json=body).json()

    deadline = time.monotonic() + 10
    while not stack.execute(f"SELECT 1 FROM reminders WHERE meeting_id = {meeting['id']} AND sent_at IS NOT NULL"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_lists_use_the_index(stack):
    plan = stack.execute(
        "EXPLAIN SELECT * FROM meetings WHERE manager_id = 7 AND starts_at >= now() ORDER BY starts_at LIMIT 20"
    )

    assert any("ix_meetings_manager_id_starts_at" in line for (line,) in plan)


@pytest.mark.parametrize(
    ("service", "misbehaviour", "status", "logged"),
    [
        ("calendar", {"status": 503}, 503, "HTTP 503: Service Unavailable"),
        ("calendar", {"status": 500}, 502, "HTTP 500: Backend Error"),
        ("calendar", {"status": 403}, 502, "User Rate Limit Exceeded"),
        ("calendar", {"status": 429, "retry_after": 30}, 503, "HTTP 429: Rate Limit Exceeded"),
        ("calendar", {"reset": True}, 503, "no answer (response): "),
        ("calendar", {"truncate": True}, 503, "no answer (response): RemoteProtocolError"),
        ("calendar", {"hang": True}, 503, "no answer (response): ReadTimeout"),
        ("calendar", {"latency": 3.5}, 503, "no answer (response): ReadTimeout"),
        ("calendar", {"listening": False}, 503, "no answer (connect): ConnectError"),
        ("calendar", {"schema": "html"}, 502, "answer is no JSON"),
        ("calendar", {"schema": "changed"}, 502, "answer has no event id"),
        ("token", {"token_error": "invalid_grant"}, 502, "invalid_grant (Token has been expired"),
        ("token", {"token_error": "invalid_client"}, 502, "HTTP 401: invalid_client"),
        ("telegram", {"status": 429, "retry_after": 5}, 503, "Too Many Requests: retry after 5"),
        ("telegram", {"status": 401, "reason": "Unauthorized"}, 502, "HTTP 401: Unauthorized"),
        ("telegram", {"status": 502}, 502, "HTTP 502: Bad Gateway"),
        ("telegram", {"reset": True}, 503, "no answer (response): "),
    ],
)  # fmt: skip
def test_what_an_external_service_does_reaches_the_user_and_the_log(
    stack, client, service, misbehaviour, status, logged
):
    if service == "token":  # the calendar withdraws its tokens, so that a new one is needed
        stack.fakes.set("token", token_error="invalid_request")
    stack.fakes.set(service, **misbehaviour)
    mark = stack.log_file.stat().st_size

    answer = _book(client)

    with stack.log_file.open() as log:
        log.seek(mark)
        text = log.read()
    assert answer.status_code == status
    assert logged in text
    assert "Traceback (most recent call last)" in text
    assert answer.headers.get("retry-after") == (
        str(misbehaviour["retry_after"]) if "retry_after" in misbehaviour else None
    )
    assert "loopback-bot-token" not in text


def test_a_withdrawn_token_is_renewed_without_anybody_noticing(stack, client):
    assert _book(client).status_code == 201
    stack.fakes.set("token", token_error="invalid_grant")
    stack.fakes.normal("token")

    assert _book(client).status_code == 201


def test_unknown_misbehaviour_is_refused(stack):
    with pytest.raises(ValueError, match="no service 'fax'"):
        stack.fakes.set("fax", latency=1)
    with pytest.raises(ValueError, match="colour"):
        stack.fakes.set("calendar", colour="red")


def test_the_log_has_one_line_for_each_request(stack, client):
    # The worker and late answers of other tests write too: count the lines of this request only.
    before = _lines_about(stack, '"GET /managers/7" 200 ')
    client.get("/managers/7")

    lines = _lines_about(stack, '"GET /managers/7" 200 ')
    assert len(lines) == len(before) + 1
    assert "INFO meeting_scheduler.access " in lines[-1]
    assert lines[-1].endswith("ms")
    assert stack.output_file.read_text() == ""


def _lines_about(stack, request):
    return [line for line in stack.log_file.read_text().splitlines() if request in line]


def test_a_bad_deploy_is_a_commit_that_can_be_reverted(postgres):
    with running_stack(postgres=postgres) as stack:
        first = stack.app_pid
        stack.deploy("crashes")
        broken = httpx2.get(f"{stack.base_url}/managers/7/meetings", trust_env=False)
        assert (broken.status_code, stack.app_pid != first) == (500, True)
        assert "AttributeError: 'NoneType' object has no attribute 'strip'" in stack.log_file.read_text()
        if shutil.which("git"):
            log = subprocess.check_output(["git", "log", "--format=%s"], cwd=stack.repository, text=True)
            assert log.splitlines() == ["Trim descriptions in answers", "Release 1"]

            stack.undo_deploy()
            mended = httpx2.get(f"{stack.base_url}/managers/7/meetings", trust_env=False)
            assert mended.status_code == 200


def test_a_release_without_its_migration_asks_for_a_column_that_is_not_there(postgres):
    with running_stack("missing_migration", postgres=postgres) as stack:
        broken = httpx2.get(f"{stack.base_url}/meetings/7", trust_env=False)
        assert (broken.status_code, stack.revision()) == (500, "0004")

        stack.migrate()

        mended = httpx2.get(f"{stack.base_url}/meetings/7", trust_env=False)
        assert (mended.status_code, stack.revision()) == (200, "0005")


def test_a_missing_variable_keeps_it_from_starting(postgres):
    with running_stack(postgres=postgres, start=False) as stack:
        with pytest.raises(RuntimeError, match="DATABASE_URL is not set"):
            stack.restart_app(env={"DATABASE_URL": None})

        stack.restart_app(env={"DATABASE_URL": stack.database_url})
        assert stack.app_running


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("wrong_host", "Hostname mismatch"),
        ("self_signed", "self-signed certificate"),
        ("unknown_ca", "unable to get local issuer certificate"),
    ],
)
def test_each_bad_certificate_is_refused_with_its_reason(tls_stack, certificate, reason):
    stack = tls_stack
    with httpx2.Client(base_url=stack.base_url, timeout=10, trust_env=False) as client:
        stack.fakes.set("calendar", tls="valid")
        assert _book(client).status_code == 201

        stack.fakes.set("calendar", tls=certificate)

        assert _book(client).status_code == 503
        assert reason in stack.log_file.read_text()


@pytest.fixture(scope="module")
def tls_stack(postgres):
    with running_stack(postgres=postgres, tls=True) as running:
        yield running


def test_the_commands_speak_json(stack, client):
    command = [
        sys.executable,
        "-m",
        "examples.meeting_scheduler.load",
        "--url",
        stack.base_url,
        "--seconds",
        "2.5",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["second"] for line in lines] == [0, 1, "all"]
    assert lines[-1]["success_rate"] > 0.99


def test_an_instrumented_service_writes_what_belongs_to_a_request_under_one_id(postgres):
    with running_stack(postgres=postgres, instrumented=True) as stack:
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        with httpx2.Client(base_url=stack.base_url, timeout=10, trust_env=False, headers=headers) as client:
            assert _book(client).status_code == 201
        stack.stop_app()

        events = [json.loads(line) for line in stack.diagnostics_file.read_text().splitlines()]

    ours = [event for event in events if event.get("correlation_id") == trace]
    assert {event["name"].rsplit(".", 1)[-1] for event in ours} >= {"create", "insert_event", "send_message"}
    assert all(event["duration_seconds"] > 0 for event in ours)
