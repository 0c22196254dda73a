"""Receivers of alerts on loopback that speak the real protocols, check what they get, and misbehave as the real ones do.

The limits are those of the vendors' references: PagerDuty "Events API v2", Slack "Block Kit", Telegram "Bot API", Atlassian
"Jira Cloud REST v3" and "Atlassian Document Format", ServiceNow "Table API".
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], Any]


@dataclass
class Call:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What all receivers have in common.

    Attributes:
        calls: All requests.
        taken: The bodies that were accepted.
        first: Answers given to the next requests instead of looking at them: a triple, or "drop" (the line is cut
            before the answer), or "drop-after" (the request is taken, then the line is cut).
    """

    calls: list[Call] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    first: list[Answer | str] = field(default_factory=list)
    url: str = ""

    def answer(self, call: Call) -> Answer:
        raise NotImplementedError


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    """Serve it on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, self.path, headers, self.rfile.read(length))
            receiver.calls.append(call)
            scripted = receiver.first.pop(0) if receiver.first else None
            if scripted == "drop":
                self.close_connection = True
                self.connection.close()
                return
            answer = scripted if isinstance(scripted, tuple) else receiver.answer(call)
            if scripted == "drop-after":
                self.close_connection = True
                self.connection.close()
                return
            status, extra, said = answer
            body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            if "content-type" not in {name.lower() for name in extra}:
                self.send_header("Content-Type", "text/plain" if isinstance(said, str) else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class PagerDuty(Receiver):
    """Events API v2; incidents by key, as the real one joins them."""

    routing_key: str = "0" * 32
    incidents: dict[str, str] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        if call.path != "/v2/enqueue":
            return 404, {}, {}
        event = call.json
        problems = []
        if event.get("routing_key") != self.routing_key:
            problems.append("'routing_key' is invalid")
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            problems.append("'event_action' is invalid")
        if len(event.get("dedup_key", "")) > 255 or not event.get("dedup_key"):
            problems.append("'dedup_key' is invalid")
        if event.get("event_action") == "trigger":
            payload = event.get("payload") or {}
            if not payload.get("summary") or len(payload["summary"]) > 1024:
                problems.append("'payload.summary' is missing or too long")
            if not payload.get("source"):
                problems.append("'payload.source' is missing or blank")
            if payload.get("severity") not in ("critical", "error", "warning", "info"):
                problems.append("'payload.severity' is invalid")
            if "timestamp" in payload:
                datetime.fromisoformat(payload["timestamp"])
            if not isinstance(payload.get("custom_details", {}), dict):
                problems.append("'payload.custom_details' is invalid")
        if problems:
            return 400, {}, {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
        self.taken.append(event)
        key = event["dedup_key"]
        if event["event_action"] == "resolve":
            if key in self.incidents:
                self.incidents[key] = "resolved"
        elif self.incidents.get(key) != "triggered":
            self.incidents[key] = "triggered"
        return 202, {}, {"status": "success", "message": "Event processed", "dedup_key": key}


def _wrong_blocks(blocks: list[dict[str, Any]]) -> str:
    if len(blocks) > 50:
        return "too many blocks"
    for block in blocks:
        if block["type"] == "header":
            text = block["text"]
            if text["type"] != "plain_text" or not 1 <= len(text["text"]) <= 150:
                return "header"
        elif block["type"] == "section":
            texts = [block["text"]] if "text" in block else []
            fields = block.get("fields", [])
            if (not texts and not fields) or len(fields) > 10:
                return "section"
            if any(not 1 <= len(t["text"]) <= 3000 for t in texts) or any(
                not 1 <= len(f["text"]) <= 2000 for f in fields
            ):
                return "section text"
        else:
            return f"unknown type {block['type']}"
    return ""


@dataclass
class Slack(Receiver):
    """An incoming web hook under /services/..., and chat.postMessage."""

    secret: str = "/services/T0/B0/abcdefgh"
    token: str = "xoxb-1"

    def answer(self, call: Call) -> Answer:
        if call.path == "/api/chat.postMessage":
            if call.headers.get("authorization") != f"Bearer {self.token}":
                return 200, {}, {"ok": False, "error": "invalid_auth"}
            said = call.json if "json" in call.headers["content-type"] else _form(call)
            if _wrong_blocks(said.get("blocks", [])):
                return 200, {}, {"ok": False, "error": "invalid_blocks"}
            self.taken.append(said)
            return 200, {}, {"ok": True, "channel": said["channel"], "ts": f"17000000{len(self.taken):02}.000100"}
        if call.path != self.secret:
            return 404, {}, "no_service"
        said = call.json
        if not said.get("text") and not said.get("blocks"):
            return 400, {}, "no_text"
        if _wrong_blocks(said.get("blocks", [])):
            return 400, {}, "invalid_blocks"
        self.taken.append(said)
        return 200, {}, "ok"


def _form(call: Call) -> dict[str, Any]:
    said: dict[str, Any] = {name: values[-1] for name, values in parse_qs(call.body.decode()).items()}
    if "blocks" in said:
        said["blocks"] = json.loads(said["blocks"])
    return said


class _TelegramText(HTMLParser):
    """Telegram's HTML: a few tags, all closed; counts what is left as text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.length = 0
        self.wrong = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("b", "i", "u", "s", "code", "pre", "a", "blockquote"):
            self.wrong = f"Unsupported start tag {tag!r}"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong = f"Unmatched end tag {tag!r}"

    def handle_data(self, data: str) -> None:
        self.length += len(data.encode("utf-16-le")) // 2


@dataclass
class Telegram(Receiver):
    """sendMessage of the Bot API."""

    token: str = "42:secret-token"
    chat_id: str = "-100"

    def answer(self, call: Call) -> Answer:
        if call.path != f"/bot{self.token}/sendMessage":
            return 404, {}, {"ok": False, "error_code": 404, "description": "Not Found"}
        said = call.json
        if str(said.get("chat_id")) != self.chat_id:
            return 400, {}, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        parser = _TelegramText()
        parser.feed(said["text"])
        parser.close()
        if said.get("parse_mode") != "HTML" or parser.wrong or parser.open:
            return (
                400,
                {},
                {"ok": False, "error_code": 400, "description": f"Bad Request: can't parse entities: {parser.wrong}"},
            )
        if not 1 <= parser.length <= 4096:
            return 400, {}, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}
        self.taken.append(said)
        return 200, {}, {"ok": True, "result": {"message_id": 100 + len(self.taken), "date": 1, "chat": {"id": -100}}}


@dataclass
class Web(Receiver):
    """A web hook of one's own; checks nothing by itself."""

    def answer(self, call: Call) -> Answer:
        self.taken.append(call)
        return 204, {}, ""


def _basic(call: Call) -> str:
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    return base64.b64decode(value).decode() if kind == "Basic" else ""


def _wrong_document(document: Any) -> bool:
    """Return whether this is no Atlassian document: text nodes must not be empty."""
    if document.get("type") != "doc" or document.get("version") != 1:
        return True
    return any(
        node["type"] != "paragraph" or any(not part.get("text") for part in node["content"])
        for node in document["content"]
    )


@dataclass
class Jira(Receiver):
    """Issues of one project; a closed one is found no more by the query that asks for open ones."""

    user: str = "ops@example.org"
    token: str = "jira-token"
    issues: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        if _basic(call) != f"{self.user}:{self.token}":
            return 401, {}, {"errorMessages": ["Client must be authenticated"]}
        path = urlsplit(call.path).path.removeprefix("/rest/api/3")
        if path == "/search/jql" and call.method == "POST":
            label = re.search(r'labels = "([^"]+)"', call.json["jql"])
            found = [
                {"key": key}
                for key, issue in self.issues.items()
                if label and label[1] in issue["labels"] and issue["status"] != "done"
            ]
            return 200, {}, {"issues": found[: call.json.get("maxResults", 50)], "isLast": True}
        if path == "/issue" and call.method == "POST":
            fields = call.json["fields"]
            if not fields.get("summary") or len(fields["summary"]) > 255 or "\n" in fields["summary"]:
                return 400, {}, {"errors": {"summary": "You must specify a summary of the issue."}}
            if any(" " in label for label in fields["labels"]) or _wrong_document(fields["description"]):
                return 400, {}, {"errors": {"labels": "wrong"}}
            key = f"OPS-{len(self.issues) + 1}"
            self.issues[key] = {"labels": fields["labels"], "status": "new", "comments": [], "fields": fields}
            return 201, {}, {"id": "1", "key": key}
        match = re.fullmatch(r"/issue/(OPS-\d+)/(comment|transitions)", path)
        if not match or match[1] not in self.issues:
            return 404, {}, {"errorMessages": ["Issue does not exist"]}
        issue = self.issues[match[1]]
        if match[2] == "comment":
            if _wrong_document(call.json["body"]):
                return 400, {}, {"errors": {"comment": "INVALID_INPUT"}}
            issue["comments"].append(call.json["body"]["content"][0]["content"][0]["text"])
            return 201, {}, {"id": "1"}
        if call.method == "GET":
            offered = [
                {"id": "11", "to": {"statusCategory": {"key": "indeterminate"}}},
                {"id": "31", "to": {"statusCategory": {"key": "done"}}},
            ]
            return 200, {}, {"transitions": offered}
        if call.json["transition"]["id"] == "31":
            issue["status"] = "done"
        return 204, {}, ""


@dataclass
class ServiceNow(Receiver):
    """The table ``incident``."""

    user: str = "diagnose"
    password: str = "snow-password"
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, call: Call) -> Answer:
        if _basic(call) != f"{self.user}:{self.password}":
            return 401, {}, {"error": {"message": "User Not Authenticated", "detail": ""}, "status": "failure"}
        place = urlsplit(call.path)
        record = place.path.removeprefix("/api/now/table/incident").strip("/")
        if call.method == "GET":
            query = parse_qs(place.query)["sysparm_query"][0]
            wanted = dict(part.split("=", 1) for part in query.split("^"))
            found = [
                {"sys_id": key}
                for key, one in self.records.items()
                if one["correlation_id"] == wanted["correlation_id"] and one["active"] == wanted["active"]
            ]
            return 200, {}, {"result": found}
        if call.method == "POST":
            said = call.json
            if len(said["short_description"]) > 160 or {said["urgency"], said["impact"]} - {"1", "2", "3"}:
                return 400, {}, {"error": {"message": "Invalid", "detail": ""}, "status": "failure"}
            key = f"{len(self.records):032x}"
            self.records[key] = said | {"active": "true", "state": "1", "work_notes": []}
            return 201, {}, {"result": {"sys_id": key, "number": "INC0010001"}}
        if record not in self.records:
            return 404, {}, {"error": {"message": "No Record found", "detail": ""}, "status": "failure"}
        kept, said = self.records[record], call.json
        kept["work_notes"].append(said.pop("work_notes"))
        if said.get("state") == "6" and not (said.get("close_code") and said.get("close_notes")):
            return 403, {}, {"error": {"message": "Data Policy Exception", "detail": ""}, "status": "failure"}
        kept.update(said)
        if kept["state"] in ("6", "7"):
            kept["active"] = "false"
        return 200, {}, {"result": kept}
