"""A call under a time limit: what is late is left behind, and harms nobody."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import pytest

from diagnostics.errors import DiagnosticsError
from diagnostics.runtime.deadline import (
    DeadlineExceeded,
    DeadlinePool,
    call_with_deadline,
    run_side_by_side,
)

LONG = 30.0


@pytest.fixture
def released():
    """An event that hung calls wait for; set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def test_the_value_is_returned_and_arguments_are_passed():
    assert call_with_deadline(divmod, LONG, 17, 5) == (3, 2)


def test_an_error_of_the_call_reaches_the_caller_untouched():
    raised = KeyError("mine")

    def fails():
        raise raised

    with pytest.raises(KeyError) as caught:
        call_with_deadline(fails, LONG)
    assert caught.value is raised


def test_a_call_that_takes_too_long_raises_after_its_deadline_and_not_much_later(released):
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded, match=r"wait did not end within 0\.05 s") as caught:
        call_with_deadline(released.wait, 0.05)

    assert 0.05 <= time.monotonic() - began < 5
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, DiagnosticsError)
    assert caught.value.started
    assert caught.value.seconds == 0.05


def test_context_variables_are_those_of_the_caller_and_changes_stay_inside():
    variable = contextvars.ContextVar("variable", default="outside")
    variable.set("caller")

    def change():
        seen = variable.get()
        variable.set("worker")
        return seen

    assert call_with_deadline(change, LONG) == "caller"
    assert variable.get() == "caller"


def test_a_coroutine_function_runs_in_a_loop_of_its_own_even_inside_another_loop():
    async def inner(value):
        await asyncio.sleep(0)
        return value, threading.current_thread().name

    async def outer():
        return call_with_deadline(inner, LONG, 7)

    value, thread = asyncio.run(outer())
    assert value == 7
    assert thread.startswith("diagnostics-call-")


def test_a_late_coroutine_is_cancelled_and_frees_its_thread():
    pool = DeadlinePool(max_workers=1)
    cancelled = threading.Event()

    async def late():
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(DeadlineExceeded):
        call_with_deadline(late, 0.05, pool=pool)

    assert cancelled.wait(LONG)
    assert call_with_deadline(lambda: "next", LONG, pool=pool) == "next"


def test_a_timeout_error_of_the_coroutine_itself_is_not_taken_for_the_deadline():
    async def own():
        raise TimeoutError("the database said so")

    outcome = run_side_by_side({"own": own}, LONG)["own"]

    assert not outcome.timed_out
    assert str(outcome.error) == "the database said so"


def test_hung_calls_do_not_use_up_the_pool(released):
    pool = DeadlinePool(max_workers=2, max_abandoned=10)
    for _ in range(6):
        with pytest.raises(DeadlineExceeded):
            call_with_deadline(released.wait, 0.2, pool=pool)  # long enough for a thread to begin

    assert pool.abandoned == 6
    assert call_with_deadline(lambda: "free", LONG, pool=pool) == "free"


def test_the_number_of_threads_left_behind_is_bounded_and_the_error_says_that_nothing_started(released):
    pool = DeadlinePool(max_workers=2, max_abandoned=3)
    for _ in range(5):
        with pytest.raises(DeadlineExceeded):
            call_with_deadline(released.wait, 0.2, pool=pool)

    with pytest.raises(DeadlineExceeded, match="got no free thread") as caught:
        call_with_deadline(lambda: "never", 0.01, pool=pool)

    assert not caught.value.started
    assert pool.threads == 5


def test_threads_that_come_back_late_are_used_again(released):
    pool = DeadlinePool(max_workers=1, max_abandoned=0)
    with pytest.raises(DeadlineExceeded):
        call_with_deadline(released.wait, 0.01, pool=pool)

    released.set()

    assert call_with_deadline(lambda: "back", LONG, pool=pool) == "back"
    assert pool.abandoned == 0


def test_a_call_within_a_call_gets_a_thread_though_the_pool_is_full():
    pool = DeadlinePool(max_workers=1)

    def outer():
        return call_with_deadline(lambda: "inner", LONG, pool=pool)

    assert call_with_deadline(outer, LONG, pool=pool) == "inner"


def test_side_by_side_runs_at_the_same_time_and_keeps_the_order():
    barrier = threading.Barrier(5, timeout=LONG)
    jobs = dict.fromkeys("edcba", barrier.wait)

    outcomes = run_side_by_side(jobs, LONG)

    assert list(outcomes) == list("edcba")
    assert sorted(o.value for o in outcomes.values()) == [0, 1, 2, 3, 4]
    assert all(o.ok for o in outcomes.values())


def test_side_by_side_waits_for_each_no_longer_than_its_own_deadline(released):
    def slow():
        time.sleep(0.2)
        return "slow but in time"

    def broken():
        raise ValueError("broken")

    outcomes = run_side_by_side(
        {"hung": released.wait, "slow": slow, "broken": broken, "quick": lambda: "quick"},
        {"hung": 0.05, "slow": LONG, "broken": LONG, "quick": LONG},
    )

    assert outcomes["hung"].timed_out
    assert 0.04 <= outcomes["hung"].elapsed_seconds < 5
    assert isinstance(outcomes["hung"].error, DeadlineExceeded)
    assert outcomes["slow"].value == "slow but in time"
    assert outcomes["slow"].elapsed_seconds >= 0.2
    assert isinstance(outcomes["broken"].error, ValueError)
    assert not outcomes["broken"].timed_out
    assert outcomes["quick"].ok


def test_nothing_to_do_gives_nothing():
    assert run_side_by_side({}, 1.0) == {}


def test_a_job_without_a_deadline_is_refused_before_others_are_left_running():
    with pytest.raises(KeyError, match="second"):
        run_side_by_side({"first": lambda: 1, "second": lambda: 2}, {"first": LONG})


def test_idle_threads_end():
    pool = DeadlinePool(idle_seconds=0.01)
    call_with_deadline(lambda: None, LONG, pool=pool)
    for _ in range(500):
        if pool.threads == 0:
            break
        time.sleep(0.01)
    assert pool.threads == 0


def test_many_calls_from_many_threads_lose_nothing():
    pool = DeadlinePool(max_workers=4, idle_seconds=0.001)
    results: list[int] = []

    def caller(base):
        results.extend(call_with_deadline(lambda v: v, LONG, base + i, pool=pool) for i in range(200))

    callers = [threading.Thread(target=caller, args=(1000 * n,)) for n in range(8)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()

    assert sorted(results) == sorted(1000 * n + i for n in range(8) for i in range(200))


def test_errors_leave_no_reference_cycles():
    class Marker:
        pass

    gc.collect()
    gc.disable()
    try:
        marker = Marker()
        gone = weakref.ref(marker)

        def fails(held):
            raise ValueError(held)

        try:
            call_with_deadline(fails, LONG, marker)
        except ValueError:
            pass
        del marker
        for _ in range(200):
            if gone() is None:
                break
            time.sleep(0.01)
        assert gone() is None
    finally:
        gc.enable()


def test_a_hung_call_does_not_keep_the_interpreter_from_exiting_and_asyncio_is_not_imported():
    program = (
        "import sys, threading\n"
        "from diagnostics.runtime.deadline import call_with_deadline\n"
        "assert 'asyncio' not in sys.modules\n"
        "try:\n"
        "    call_with_deadline(threading.Event().wait, 0.05)\n"
        "except TimeoutError as error:\n"
        "    print('late')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "late\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_pool_that_works():
    program = (
        "import os\n"
        "from diagnostics.runtime.deadline import call_with_deadline\n"
        "call_with_deadline(lambda: 1, 5)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os._exit(call_with_deadline(lambda: 7, 5))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "7\n", done.stderr
