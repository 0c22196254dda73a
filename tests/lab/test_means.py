"""The means of the laboratory do what they say, and undo it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from lab.means import CannotInject, Front, NameServer, Poller, firewall, private_files

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _post(url: str) -> tuple[int, bytes]:
    try:
        with _direct.open(urllib.request.Request(url, b"{}", method="POST"), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_front_answers_for_a_service_or_passes_on() -> None:
    with (
        Front("http://127.0.0.1:9/", lambda path, headers, body: (200, b'{"behind": true}')) as behind,
        Front(f"{behind.url}v1", lambda path, headers, body: (418, b"{}") if "tea" in path else None) as front,
    ):
        assert front.url.endswith("/v1")
        assert _post(front.url + "/coffee") == (200, b'{"behind": true}')
        assert _post(front.url + "/tea") == (418, b"{}")


def test_of_two_that_poll_with_one_token_the_first_is_sent_away() -> None:
    answers: list[tuple[int, bytes]] = []
    with Front("http://127.0.0.1:9", Poller()) as front:
        first = threading.Thread(target=lambda: answers.append(_post(front.url + "/bot1:x/getUpdates")))
        first.start()
        while first.is_alive():  # whenever the first has begun to wait, the next one ends its wait
            second = _post(front.url + "/bot1:x/getUpdates")
        first.join()

    assert answers[0][0] in (200, 409)
    assert second[0] in (200, 409)
    assert 409 in (answers[0][0], second[0])
    assert (
        "terminated by other getUpdates request"
        in json.loads(next(body for status, body in (*answers, second) if status == 409))["description"]
    )


def test_other_contents_of_a_file_are_seen_by_what_is_started_and_by_nobody_afterwards() -> None:
    before = Path("/etc/hosts").read_text()
    command = [sys.executable, "-c", "print(open('/etc/hosts').read(), end='')"]
    try:
        with private_files({"/etc/hosts": "127.0.0.9 elsewhere\n"}):
            inside = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except CannotInject as reason:
        pytest.skip(str(reason))

    assert inside == "127.0.0.9 elsewhere\n"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == before


def test_a_name_server_answers_keeps_silent_or_fails() -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03api\x07example\x00\x00\x01\x00\x01"
    try:
        server = NameServer()
    except CannotInject as reason:
        pytest.skip(str(reason))
    with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.sendto(query, (server.address, 53))
        answer = line.recv(512)
        server.mode = "servfail"
        line.sendto(query, (server.address, 53))
        failed = line.recv(512)

    assert answer.endswith(bytes((127, 0, 0, 1)))
    assert failed[3] & 0x0F == 2


def test_a_firewall_rule_drops_and_goes_away_again() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may do this")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        try:
            rule = ("INPUT", "-i", "lo", "-p", "tcp", "--dport", str(address[1]), "-j", "DROP")
            with firewall(*rule), pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
        except CannotInject as reason:
            pytest.skip(str(reason))
        socket.create_connection(address, timeout=5).close()
