"""Every receiver gets what its real counterpart would take, once for each change, and no secret."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from examples.support.certificates import write_certificates
from standardwebhooks import Webhook
from tests.receivers import Jira, PagerDuty, Receiver, ServiceNow, Slack, Telegram, Web, listening

from diagnostics.errors import ConfigurationError, DeliveryError
from diagnostics.integrations import (
    EmailChannel,
    JiraChannel,
    PagerDutyChannel,
    ServiceNowChannel,
    SlackChannel,
    SyslogChannel,
    TelegramChannel,
    WebhookChannel,
    channels_from,
)
from diagnostics.integrations.message import message_of
from diagnostics.integrations.siem import cef, ecs, ocsf
from diagnostics.model.alert import AlertChange, AlertSeverity, MonitoringAlert
from diagnostics.runtime.clock import SYSTEM_CLOCK

PASSWORD = "s3cr3t-pa55word"
HOSTILE = '<script>alert("1")</script> <!channel> & | = \\ ]\n"quoted"\n' + "x" * 5000
FIRED = MonitoringAlert(
    timestamp="2026-01-01T00:00:00+00:00", alert_id="orders-1", severity=AlertSeverity.CRITICAL, component="orders",
    message=f"orders fails in 3 of the last 5 results: postgresql://app:{PASSWORD}@db/x does not answer",
    details={"bad": 3, "of": 5, "metrics": {"p95_seconds": 0.25}, "token": "ghp_" + "a" * 36, "kind": "failing"},
)  # fmt: skip
RESOLVED = replace(
    FIRED, message="orders is well again", resolved=True, resolution_timestamp="2026-01-01T00:10:00+00:00",
    change=AlertChange.RESOLVED,
)  # fmt: skip
FLAPPING = replace(FIRED, message="orders goes up and down", change=AlertChange.FLAPPING)
NASTY = replace(FIRED, alert_id="nasty-1", component="a|b=c]", message=HOSTILE, details={"x" * 400: HOSTILE})
SECRET_KEY = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="


def made(kind: str) -> tuple[Receiver, Any]:
    """Return a receiver, and how to make the channel to it once it listens."""
    return {
        "pagerduty": lambda: (r := PagerDuty(), lambda: PagerDutyChannel(r.routing_key, source="shop", base_url=r.url)),
        "slack": lambda: (r := Slack(), lambda: SlackChannel(r.url + r.secret, source="shop")),
        "slack-bot": lambda: (
            r := Slack(),
            lambda: SlackChannel(token=r.token, channel="C1", source="shop", base_url=f"{r.url}/api"),
        ),
        "telegram": lambda: (
            r := Telegram(),
            lambda: TelegramChannel(r.token, r.chat_id, source="shop", base_url=r.url),
        ),
        "webhook": lambda: (r := Web(), lambda: WebhookChannel(f"{r.url}/hook", SECRET_KEY, source="shop")),
        "jira": lambda: (r := Jira(), lambda: JiraChannel(r.url, "OPS", user=r.user, token=r.token, source="shop")),
        "servicenow": lambda: (
            r := ServiceNow(),
            lambda: ServiceNowChannel(r.url, user=r.user, password=r.password, source="shop"),
        ),
    }[kind]()


KINDS = ["pagerduty", "slack", "slack-bot", "telegram", "webhook", "jira", "servicenow"]


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    receiver, channel = made(request.param)
    with listening(receiver):
        yield receiver, channel()


def all_said(receiver: Receiver) -> str:
    return "\n".join(f"{call.path}\n{call.body.decode()}" for call in receiver.calls)


def test_the_whole_life_of_an_incident_is_taken_and_nothing_secret_is_told(pair: Any) -> None:
    receiver, channel = pair
    for alert in (FIRED, FLAPPING, RESOLVED):
        channel.send(alert)

    said = all_said(receiver)
    assert "orders" in said
    assert PASSWORD not in said
    assert "ghp_" not in said


def test_whatever_an_alert_says_is_taken(pair: Any) -> None:
    receiver, channel = pair
    channel.send(NASTY)
    assert "<script>" not in all_said(receiver) or isinstance(receiver, Jira | ServiceNow | Web | PagerDuty)
    assert "<!channel>" not in all_said(receiver) or not isinstance(receiver, Slack)


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        ((500, {}, "oops"), True), ((503, {"Retry-After": "7"}, "busy"), True), ((429, {"Retry-After": "7"}, "slow"), True),
        ((400, {}, "wrong"), False), ((403, {}, "forbidden"), False), ((302, {"Location": "http://127.0.0.1:9/"}, ""), False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["pagerduty", "slack", "webhook", "jira", "servicenow"])
def test_a_refusal_says_whether_it_is_worth_trying_again(kind: str, answer: Any, retryable: bool) -> None:
    receiver, channel = made(kind)
    receiver.first = [answer]
    with listening(receiver), pytest.raises(DeliveryError) as caught:
        channel().send(FIRED)
    assert caught.value.retryable is retryable
    assert len(receiver.calls) == 1, "the outbox tries again, not the channel"
    if "Retry-After" in answer[1]:
        assert caught.value.retry_after == 7.0


def test_telegram_s_patience_is_in_its_body_and_its_token_never_told() -> None:
    receiver = Telegram()
    receiver.first = [
        (
            429,
            {},
            {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 9}},
        ),
        (403, {}, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
        "drop",
    ]
    with listening(receiver):
        channel = TelegramChannel(receiver.token, receiver.chat_id, base_url=receiver.url)
        errors = []
        for _ in range(3):
            with pytest.raises(DeliveryError) as caught:
                channel.send(FIRED)
            errors.append(caught.value)
    assert [(error.retryable, error.retry_after) for error in errors] == [(True, 9.0), (False, None), (True, None)]
    assert all(receiver.token not in f"{error!r} {error}" for error in errors)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_line_and_an_absent_receiver_are_worth_trying_again(kind: str) -> None:
    receiver, channel = made(kind)
    receiver.first = ["drop"]
    with listening(receiver):
        to = channel()
        with pytest.raises(DeliveryError) as cut:
            to.send(FIRED)
    with pytest.raises(DeliveryError) as absent:
        to.send(FIRED)
    assert cut.value.retryable
    assert absent.value.retryable


def test_pagerduty_joins_all_notices_of_one_incident_and_resolves_it() -> None:
    receiver = PagerDuty()
    with listening(receiver):
        channel = PagerDutyChannel(receiver.routing_key, source="shop", base_url=receiver.url)
        for alert in (FIRED, FIRED, FLAPPING):
            channel.send(alert)
        assert list(receiver.incidents.values()) == ["triggered"]
        channel.send(RESOLVED)
    assert list(receiver.incidents.values()) == ["resolved"]
    payload = receiver.taken[0]["payload"]
    assert payload["severity"] == "critical"
    assert payload["component"] == "orders"
    assert payload["custom_details"]["bad"] == "3"


def test_slack_s_bot_answers_in_the_thread_of_the_incident() -> None:
    receiver = Slack()
    with listening(receiver):
        channel = SlackChannel(token=receiver.token, channel="C1", base_url=f"{receiver.url}/api/")
        for alert in (FIRED, RESOLVED, FIRED):
            channel.send(alert)
    assert [said.get("thread_ts") for said in receiver.taken] == [None, "1700000001.000100", None]


def test_slack_s_own_refusals_are_final_but_for_those_that_pass() -> None:
    receiver = Slack()
    with listening(receiver):
        channel = SlackChannel(token="xoxb-wrong", channel="C1", base_url=f"{receiver.url}/api/")
        with pytest.raises(DeliveryError, match="invalid_auth") as final:
            channel.send(FIRED)
        receiver.first = [(429, {"Retry-After": "3"}, {"ok": False, "error": "ratelimited"})]
        with pytest.raises(DeliveryError, match="429") as passing:
            channel.send(FIRED)
    assert not final.value.retryable
    assert (passing.value.retryable, passing.value.retry_after) == (True, 3.0)


def test_telegram_answers_its_own_message() -> None:
    receiver = Telegram()
    with listening(receiver):
        channel = TelegramChannel(receiver.token, receiver.chat_id, base_url=receiver.url)
        channel.send(FIRED)
        channel.send(RESOLVED)
    assert receiver.taken[1]["reply_parameters"]["message_id"] == 101


def test_a_web_hook_is_verified_by_the_standard_s_own_library_and_forgeries_are_not() -> None:
    receiver = Web()
    with listening(receiver):
        WebhookChannel(f"{receiver.url}/hook", SECRET_KEY, source="shop").send(FIRED)
    (call,) = receiver.taken
    said = Webhook(SECRET_KEY).verify(call.body, call.headers)
    assert said["type"] == "alert.fired"
    assert said["data"]["component"] == "orders"
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET_KEY).verify(call.body.replace(b"orders", b"Orders"), call.headers)


def test_a_secret_that_is_too_short_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="24 bytes"):
        WebhookChannel("http://127.0.0.1:9/", "c2hvcnQ=")


def test_jira_has_one_issue_for_an_incident_whoever_tells_it_and_closes_it() -> None:
    receiver = Jira()
    with listening(receiver):
        one, other = (JiraChannel(receiver.url, "OPS", user=receiver.user, token=receiver.token) for _ in range(2))
        one.send(FIRED)
        other.send(FIRED)
        other.send(FLAPPING)
        one.send(RESOLVED)
        one.send(RESOLVED)
    (issue,) = receiver.issues.values()
    assert issue["status"] == "done"
    assert [comment.split(":")[0] for comment in issue["comments"]] == ["FIRING", "FLAPPING", "RESOLVED"]


def test_servicenow_has_one_record_for_an_incident_and_resolves_it() -> None:
    receiver = ServiceNow()
    with listening(receiver):
        channel = ServiceNowChannel(receiver.url, user=receiver.user, password=receiver.password)
        for alert in (FIRED, FIRED, RESOLVED, RESOLVED):
            channel.send(alert)
        channel.send(replace(FIRED, alert_id="orders-2"))
    first, second = receiver.records.values()
    assert (first["state"], first["active"]) == ("6", "false")
    assert second["active"] == "true"
    assert len(first["work_notes"]) == 2


# ---- mail


class Inbox:
    """Keeps what a real SMTP server took."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def smtp() -> Iterator[tuple[Inbox, int]]:
    from aiosmtpd.controller import Controller

    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox, port
    controller.stop()


def test_mails_of_one_incident_are_one_thread_and_ask_for_no_answer(smtp: tuple[Inbox, int]) -> None:
    inbox, port = smtp
    channel = EmailChannel("127.0.0.1", port, sender="ops@example.org", recipients=["a@example.org", "b@example.org"])
    for alert in (FIRED, RESOLVED, NASTY):
        channel.send(alert)
    fired, resolved, nasty = inbox.mails
    assert fired["Subject"] == "FIRING: orders (backend)"
    assert resolved["References"] == fired["Message-ID"]
    assert fired["Auto-Submitted"] == "auto-generated"
    assert "\n" not in nasty["Subject"]
    assert PASSWORD not in fired.get_content()


def test_a_mail_server_s_answer_says_whether_it_is_worth_trying_again(smtp: tuple[Inbox, int]) -> None:
    inbox, port = smtp
    inbox.answers = ["451 later", "554 never"]
    channel = EmailChannel("127.0.0.1", port, sender="ops@example.org", recipients=["a@example.org"])
    outcomes = []
    for _ in range(2):
        with pytest.raises(DeliveryError) as caught:
            channel.send(FIRED)
        outcomes.append(caught.value.retryable)
    assert outcomes == [True, False]


def test_a_password_is_not_sent_in_the_clear(smtp: tuple[Inbox, int]) -> None:
    _, port = smtp
    channel = EmailChannel(
        "127.0.0.1", port, sender="ops@example.org", recipients=["a@example.org"], user="ops", password=PASSWORD
    )
    with pytest.raises(DeliveryError, match="no TLS") as caught:
        channel.send(FIRED)
    assert not caught.value.retryable


# ---- SIEM


RFC5424 = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
    r'\[([^\]= "]{1,32})((?: [^\]= "]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\] \ufeff(.*)',
    re.DOTALL,
)


@pytest.mark.parametrize("alert", [FIRED, FLAPPING, RESOLVED, NASTY])
def test_ecs_has_the_fields_that_its_schema_asks_for(alert: MonitoringAlert) -> None:
    said = json.loads(ecs(message_of(alert, "shop"), alert))
    datetime.fromisoformat(said["@timestamp"])
    assert said["event"]["kind"] in ("alert", "enrichment", "event", "metric", "state", "pipeline_error", "signal")
    assert set(said["event"]["type"]) <= {"start", "end", "change", "info"}
    assert set(said["event"]["category"]) <= {"host", "process", "network", "database"}
    assert isinstance(said["event"]["severity"], int)
    assert all(isinstance(value, str) and "." not in key for key, value in said["labels"].items())
    assert PASSWORD not in json.dumps(said)


@pytest.mark.parametrize("alert", [FIRED, RESOLVED, NASTY])
def test_cef_can_be_taken_apart_again(alert: MonitoringAlert) -> None:
    line = cef(message_of(alert, "shop"), alert)
    assert "\n" not in line
    head = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    assert len(head) == 8
    assert head[0] == "CEF:0"
    assert 0 <= int(head[6]) <= 10
    keys = re.findall(r"(?:^| )([A-Za-z0-9]+)=", re.sub(r"\\.", "", head[7]))
    assert keys == ["rt", "start", "externalId", "cat", "dvchost", "msg", "cs1Label", "cs1", "cs2Label", "cs2"]


@pytest.mark.parametrize(("alert", "activity"), [(FIRED, 1), (FLAPPING, 2), (RESOLVED, 3), (NASTY, 1)])
def test_ocsf_is_an_incident_finding(alert: MonitoringAlert, activity: int) -> None:
    said = json.loads(ocsf(message_of(alert, "shop"), alert))
    required = {
        "activity_id", "category_uid", "class_uid", "finding_info_list", "metadata", "severity_id", "status_id", "time",
        "type_uid",
    }  # fmt: skip
    assert required <= said.keys()
    assert (said["class_uid"], said["category_uid"]) == (2005, 2)
    assert said["type_uid"] == 200500 + activity
    assert said["metadata"]["product"]["vendor_name"]
    assert all(finding["uid"] for finding in said["finding_info_list"])


@pytest.mark.parametrize("form", ["ecs", "cef", "ocsf"])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_syslog_arrives_as_rfc_5424_says(transport: Any, form: Any, tmp_path: Path) -> None:
    got: list[bytes] = []
    if transport == "udp":
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
    else:
        server = socket.create_server(("127.0.0.1", 0))
    client = None
    if transport == "tls":
        files = write_certificates(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files["valid"])
        client = ssl.create_default_context(cafile=str(files["ca"]))

    def collect() -> None:
        for _ in range(2):
            if transport == "udp":
                got.append(server.recv(65_535))
                continue
            line, _ = server.accept()
            with context.wrap_socket(line, server_side=True) if transport == "tls" else line as reading:
                framed = b"".join(iter(lambda: reading.recv(65_536), b""))
            length, _, rest = framed.partition(b" ")
            assert int(length) == len(rest)
            got.append(rest)

    thread = threading.Thread(target=collect)
    thread.start()
    channel = SyslogChannel(
        "127.0.0.1", server.getsockname()[1], transport=transport, form=form, source="shop", context=client,
        clock=SYSTEM_CLOCK,
    )  # fmt: skip
    for alert in (FIRED, NASTY):
        channel.send(alert)
    thread.join(20)
    server.close()

    assert len(got) == 2
    for message in got:
        match = RFC5424.fullmatch(message.decode())
        assert match is not None
        assert int(match[1]) == 16 * 8 + 2
        assert datetime.fromisoformat(match[2]).tzinfo == UTC
        assert PASSWORD not in match[9]


def test_a_collector_that_is_away_is_worth_trying_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError) as caught:
        SyslogChannel("127.0.0.1", port, transport="tcp").send(FIRED)
    assert caught.value.retryable


# ---- from a file


def test_a_file_describes_receivers_and_keeps_their_secrets_elsewhere(tmp_path: Path) -> None:
    receiver = Web()
    with listening(receiver):
        (tmp_path / "hook.secret").write_text(SECRET_KEY + "\n")
        file = tmp_path / "channels.toml"
        file.write_text(
            f"""
            [[channel]]
            kind = "webhook"
            url = "{receiver.url}/hook"
            secret = "file:hook.secret"
            minimum = "critical"
            components = ["ord*"]

            [[channel]]
            kind = "telegram"
            token = "env:BOT"
            chat_id = "1"
            """
        )
        hook, telegram = channels_from(file, environment={"BOT": "1:x"})
        hook.send(FIRED)
        hook.send(replace(FIRED, severity=AlertSeverity.WARNING))
        hook.send(replace(FIRED, component="db"))
    assert len(receiver.taken) == 1
    assert telegram.name == "telegram"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "no [[channel]]"),
        ("[[channel]]\nkind='pager'", "Choose from: pagerduty"),
        ("[[channel]]\nkind='telegram'\ntoken='1:plain-text-token'\nchat_id='1'", "env:NAME"),
        ("[[channel]]\nkind='telegram'\ntoken='env:NONE'\nchat_id='1'", "NONE"),
        ("[[channel]]\nkind='telegram'\ntoken='file:none'\nchat_id='1'", "No such file"),
        ("[[channel]]\nkind='syslog'\nhost='x'\ncolour='red'", "colour"),
        ("[[channel]]\nkind='syslog'\nhost='x'\nminimum='loud'", "Channel 1 (syslog)"),
        ("[[channel]]\nkind='syslog'\nhost='x'\n[[channel]]\nkind='syslog'\nhost='y'", "two channels"),
        ("kind=", "channels.toml"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_never_a_secret(text: str, wanted: str, tmp_path: Path) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        channels_from(file, environment={})
    assert wanted in f"{caught.value} {caught.value.hint}"
    assert "plain-text-token" not in str(caught.value)
