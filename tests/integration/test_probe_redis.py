"""The Redis probe before a real server, in its good and bad moments."""

import json
import subprocess
import sys
import threading

import pytest
from examples.support import redis as private
from redis import Redis

from diagnostics.model.observation import FailureKind, Observations
from diagnostics.runtime.clock import SYSTEM_CLOCK
from diagnostics.system_monitor.probes.redis_server import RedisProbe

pytestmark = pytest.mark.skipif(not private.is_installed(), reason=private.MISSING)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = private.Redis(tmp_path_factory.mktemp("redis"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server):
    with Redis.from_url(server.url, protocol=2) as client:
        client.flushall()
        yield client


def look(url, seconds=0.3):
    return Observations(RedisProbe(urls=(url,), window_seconds=seconds).observe(SYSTEM_CLOCK))


def message(id_, task="shop.tasks.send", retries=0):
    headers = {"id": id_, "task": task, "retries": retries}
    return json.dumps({"headers": headers, "properties": {"delivery_info": {}}, "body": ""})


def test_a_server_that_is_well_says_so(server, client):
    client.set("a", "b", ex=100)

    seen = look(server.url)

    assert seen.value("redis.connect", -1.0) > 0
    assert seen.value("redis.ping", 9.0) < 0.5
    assert seen.value("redis.loading", 1.0) == 0
    assert (seen.value("redis.keys", 0.0), seen.value("redis.keys.expiring", 0.0)) == (1, 1)
    assert not seen.readings("redis.queue.length")


def test_tasks_that_nobody_takes_are_counted_by_queue_and_task(server, client):
    client.sadd("_kombu.binding.mail", "mail\x06\x16\x06\x16mail")
    for number in range(4):
        client.lpush("mail", message(f"id-{number}"))
    client.lpush("celery", message("other", task="shop.tasks.report"))

    seen = look(server.url)

    assert seen.value("redis.queue.length", 0.0, queue="mail") == 4
    assert seen.value("redis.queue.length", 0.0, queue="celery") == 1
    assert seen.value("redis.queue.consumers", -1.0) == 0
    assert seen.value("redis.queue.waiting", 0.0, task="shop.tasks.send") == 4


def test_somebody_who_waits_for_a_task_is_a_consumer(server, client):
    client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    waiting = threading.Thread(target=Redis.from_url(server.url).brpop, args=("celery", 2))
    waiting.start()
    while not any(one["cmd"] == "brpop" for one in client.client_list()):
        pass

    seen = look(server.url)

    client.lpush("celery", "done")
    waiting.join()
    assert seen.value("redis.queue.consumers", 0.0) == 1


def test_a_message_that_comes_again_and_again_is_named(server, client):
    client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    client.lpush("celery", message("poison", retries=73))

    (reading,) = look(server.url).readings("redis.queue.retried")

    assert reading.value == 73
    assert (reading.labels["id"], reading.labels["task"]) == ("poison", "shop.tasks.send")


def test_a_full_server_shows_what_it_refuses(server, client):
    first = int(client.info("memory")["used_memory"])
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", first // 2)
    stopped = threading.Event()

    def write():
        with Redis.from_url(server.url) as other:
            while not stopped.wait(0.01):
                with pytest.raises(Exception, match="used memory"):
                    other.set("a", "b")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        seen = look(server.url, seconds=0.5)
    finally:
        stopped.set()
        writing.join()
        client.config_set("maxmemory", 0)

    assert seen.value("redis.memory.used", 0.0) > seen.value("redis.memory.limit", 0.0) > 0
    assert seen.value("redis.errors.rate", 0.0, error="OOM") > 0


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        (lambda url: url.replace("redis://:", "redis://:x"), FailureKind.AUTHENTICATION, "wrong_password"),
        (lambda url: "redis://" + url.partition("@")[2], FailureKind.AUTHENTICATION, "no_password"),
        (lambda url: url.rpartition(":")[0] + ":1", FailureKind.REFUSED, ""),
        (lambda url: "redis://no-such-host.invalid:6379", FailureKind.DNS_NOT_FOUND, ""),
    ],
)
def test_a_failure_says_what_kind_it_is_and_no_password(server, change, kind, reason):
    ((_, failure),) = look(change(server.url)).failures("redis.connect")

    assert failure.kind in (kind, FailureKind.DNS_UNAVAILABLE if kind is FailureKind.DNS_NOT_FOUND else kind)
    assert failure.labels["reason"] == reason
    assert server.password not in str(failure)


def test_a_server_with_too_many_clients_says_so(server, client):
    client.config_set("maxclients", int(client.info("clients")["connected_clients"]))
    try:
        ((_, failure),) = look(server.url).failures("redis.connect")
    finally:
        client.config_set("maxclients", 1000)

    assert (failure.kind, failure.labels["reason"]) == (FailureKind.EXHAUSTED, "maxclients")


def test_the_processes_variables_say_where_redis_is(server):
    command = [sys.executable, "-c", "print(1, flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env={"BROKER": f"{server.url}/3"}, **pipes) as process:
        process.stdout.readline()
        seen = Observations(RedisProbe(pids=(process.pid,), window_seconds=0.1).observe(SYSTEM_CLOCK))
        process.communicate(b"\n")

    assert seen.readings("redis.connect")[0].labels["named_by"] == "BROKER"
