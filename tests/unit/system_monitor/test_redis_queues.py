"""What is read from Redis' lists of keys, clients and messages."""

import json

import pytest

from diagnostics.system_monitor.probes.redis_queues import (
    Glance,
    clients_of,
    consumers,
    counts,
    is_redis,
    listeners,
    message_of,
    queues_of,
    retried,
    servers_of,
)
from diagnostics.system_monitor.probes.schedulers import application, scheduler_kind


def test_one_server_named_twice_is_one_server_with_its_databases():
    environment = {"CACHE": "redis://:p@r:6380/1", "BROKER": "redis://:p@r:6380/0", "OTHER": "postgresql://x/y"}

    (server,) = servers_of([environment])

    assert (server.label, server.databases, server.named_by) == ("r:6380", (0, 1), ("BROKER", "CACHE"))
    assert "p@" not in repr(server)


def test_two_passwords_are_two_servers():
    assert len(servers_of([{"A": "redis://:p@r/0", "B": "redis://:q@r/0"}])) == 2


def test_host_port_and_password_may_be_apart():
    (server,) = servers_of([{"MY_REDIS_HOST": "r", "MY_REDIS_PORT": "7000", "MY_REDIS_PASSWORD": "a/b"}])

    assert (server.url, server.label) == ("redis://:a%2Fb@r:7000/0", "r:7000")


@pytest.mark.parametrize("text", ["redis://[", "redis://r:x/0", ""])
def test_what_cannot_be_read_is_no_server(text):
    assert servers_of([{"A": text}]) == ()


def test_celerys_way_to_write_tls_options_is_translated():
    (server,) = servers_of([], ["rediss://r:1/0?ssl_cert_reqs=CERT_NONE"])

    assert server.url.endswith("ssl_cert_reqs=none")


def test_urls_of_redis_are_known():
    assert is_redis("rediss://x")
    assert not is_redis("http://x")


def _client(**changes):
    return {"db": "0", "cmd": "brpop", "flags": "b", "psub": "0", "idle": "1", "addr": "10.0.0.7:5", **changes}


def test_only_who_is_blocked_in_that_database_consumes():
    clients = clients_of(
        [_client(), _client(flags="N"), _client(db="1"), _client(cmd="get"), _client(psub="1", db="2")]
    )

    assert consumers(clients, 0) == 1
    assert listeners(clients) == 1


def test_queues_are_found_by_bindings_and_by_name():
    bindings = ["a\x06\x16\x06\x16mail", "x\x06\x16\x06\x16celery@h.celery.pidbox", "x\x06\x16\x06\x16celeryev.1"]

    assert queues_of(["rq:queue:low", "cart:7", "dramatiq:default"], bindings) == (
        "dramatiq:default",
        "mail",
        "rq:queue:low",
    )


def _message(id_="1", retries=0, redelivered=False):
    headers = {"id": id_, "task": "t", "retries": retries}
    return {"headers": headers, "properties": {"delivery_info": {"redelivered": redelivered}}}


def test_a_message_is_read_from_a_queue_and_from_what_is_held():
    waiting, held = message_of(json.dumps(_message())), message_of(json.dumps([_message(), "", "celery"]))

    assert waiting == held
    assert waiting.task == "t"


@pytest.mark.parametrize("text", ["", "no", "[]", "3", '{"headers": {}}', '{"headers": {"task": 1}, "properties": 2}'])
def test_anything_else_is_no_message(text):
    assert message_of(text) is None


def _glance(*messages):
    return Glance(
        lengths={"celery": 1},
        held=0,
        consumers=0,
        listeners=0,
        messages=tuple(message_of(json.dumps(one)) for one in messages),
    )


def test_the_message_that_comes_again_most_often_is_first():
    seen = [_glance(_message("a", 3), _message("b", 1)), _glance(_message("a", 9), _message("b", 1), _message("c"))]

    found = retried(seen)

    assert [(one.message.id, one.message.retries, one.rise) for one in found] == [("a", 9, 6), ("b", 1, 0)]


def test_counters_of_errors_are_read():
    assert counts({"errorstat_OOM": {"count": 3}, "errorstat_X": 1, "other": 2}, "errorstat_") == {"OOM": 3.0}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("/usr/bin/python3.11 -m celery -A shop beat -l INFO", "celery beat"),
        ("/srv/venv/bin/python /srv/venv/bin/celery -A shop beat", "celery beat"),
        ("celery -A shop worker -B", "celery worker with beat"),
        ("python -m celery -A shop worker", ""),
        ("/bin/sh -c celery -A shop beat", ""),
        ("vim celery beat", ""),
        ("", ""),
    ],
)
def test_a_scheduler_is_known_by_its_command_line(line, kind):
    assert scheduler_kind(line.split()) == kind


def test_the_application_is_read_from_the_command_line():
    assert application(["celery", "-A", "shop.celery", "beat"]) == "shop.celery"
    assert application(["celery", "--app=shop", "beat"]) == "shop"
    assert application(["celery", "beat"]) == ""
