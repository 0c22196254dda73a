"""The bookshop as a whole: Django, Celery, Redis and PostgreSQL run together and serve their users."""

import compileall
import re
import shutil
import time

import httpx2
import pytest
from examples.bookshop.load import Load
from examples.bookshop.releases import RELEASES
from examples.bookshop.stack import Stack, running_stack
from examples.support import redis
from examples.support.releases import apply, load_release

RELEASES_OF = "examples.bookshop.releases"
needs_redis = pytest.mark.skipif(not redis.is_installed(), reason=redis.MISSING)


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


def _order(client, **headers):
    body = {"customer_id": 7, "lines": [{"book_id": 11, "quantity": 2}, {"book_id": 5, "quantity": 1}]}
    return client.post("/orders/", json=body, headers=headers)


def _wait_until(holds, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_redis
def test_every_kind_of_request_is_served(stack, client):
    load = Load(stack.base_url, seed=3)

    for operation in load.mix:
        answer = client.request(**getattr(load, f"_{operation}")())
        assert answer.is_success, (operation, answer.status_code, answer.text[:300])
        load.learn(operation, answer)


@needs_redis
def test_an_order_is_paid_once_and_confirmed_by_the_worker(stack, client):
    first, again = _order(client, **{"idempotency-key": "once"}), _order(client, **{"idempotency-key": "once"})

    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    confirmed = f"SELECT 1 FROM bookshop_order WHERE id = {first.json()['id']} AND confirmed_at IS NOT NULL"
    _wait_until(lambda: stack.execute(confirmed))


@needs_redis
def test_a_price_list_is_imported_by_a_task(stack, client):
    task = client.post("/price-lists/", content=b"978-000000042,1234\n").json()["task"]

    _wait_until(lambda: client.get(f"/price-lists/{task}/").json()["state"] == "SUCCESS")

    assert client.get("/books/42/").json()["price"] == 1234


@needs_redis
def test_what_a_service_does_is_in_the_answer_and_in_the_log(stack, client):
    stack.fakes.set("payments", status=503)

    answer = _order(client)

    assert (answer.status_code, answer.json()) == (503, {"detail": "payments failed"})
    assert "ERROR bookshop.services POST /orders/: payments charge: HTTP 503" in stack.log_file.read_text()


@needs_redis
def test_a_release_that_fails_is_logged_as_django_logs_and_undone(stack, client):
    stack.commit_release("crashes")
    stack.restart_web()
    without_subtitle = client.get("/books/7/")
    stack.undo_deploy()

    assert without_subtitle.status_code == 500
    log = stack.log_file.read_text()
    assert "ERROR django.request Internal Server Error: /books/7/\nTraceback (most recent call last)" in log
    assert client.get("/books/7/").status_code == 200


@pytest.fixture
def package(tmp_path):
    target = tmp_path / "bookshop"
    shutil.copytree(Stack.source(), target, ignore=shutil.ignore_patterns("releases", "__pycache__"))
    return target


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_fits_the_source_and_compiles(name, package):
    before = {path: path.read_text() for path in package.rglob("*.py")}

    apply(load_release(RELEASES_OF, name), package)

    after = {path: path.read_text() for path in package.rglob("*.py")}
    assert after != before
    assert compileall.compile_dir(package, quiet=1, force=True)


@pytest.mark.parametrize("name", RELEASES)
def test_no_release_names_its_fault(name):
    release = load_release(RELEASES_OF, name)
    text = " ".join([release.message, *(edit.new for edit in release.edits)])

    assert name not in text
    assert not re.search(r"\b(leak|bug|fault|inject|broken|deadlock|crash)", text, re.IGNORECASE)
