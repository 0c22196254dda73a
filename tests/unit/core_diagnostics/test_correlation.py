import asyncio
import contextvars

import pytest

from diagnostics.core_diagnostics.correlation import (
    CURRENT,
    begin,
    bind_correlation_id,
    bind_traceparent,
    carry,
    current_correlation_id,
    current_traceparent,
)
from diagnostics.runtime.ids import parse_traceparent

HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


def test_outside_any_work_there_is_no_id():
    assert current_correlation_id() is None
    assert current_traceparent() is None


def test_a_bound_id_lasts_as_long_as_its_block():
    with bind_correlation_id("order-7"):
        assert current_correlation_id() == "order-7"
        with bind_correlation_id() as inner:
            assert current_correlation_id() == inner.correlation_id != "order-7"
        assert current_correlation_id() == "order-7"

    assert current_correlation_id() is None


def test_releasing_twice_does_no_harm():
    binding = bind_correlation_id("x")

    binding.release()
    binding.release()

    assert current_correlation_id() is None


def test_a_traceparent_gives_its_trace_id_and_is_passed_on():
    with bind_traceparent(HEADER):
        assert current_correlation_id() == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert current_traceparent() == HEADER


@pytest.mark.parametrize("header", [None, "", "garbage", HEADER.replace("00-4", "ff-4")])
def test_a_missing_or_invalid_traceparent_starts_a_new_id(header):
    with bind_traceparent(header):
        assert len(current_correlation_id()) == 32
        assert parse_traceparent(current_traceparent()).trace_id == current_correlation_id()


def test_own_work_is_passed_on_as_a_trace_that_nobody_samples():
    CURRENT.set(begin())

    trace = parse_traceparent(current_traceparent())

    assert trace.trace_id == current_correlation_id()
    assert trace.flags == 0


def test_numbers_of_own_work_never_repeat():
    def one():
        CURRENT.set(begin())
        return current_correlation_id()

    assert len({contextvars.copy_context().run(one) for _ in range(1000)}) == 1000


def test_tasks_follow_by_themselves_and_do_not_disturb_each_other():
    async def work(name):
        with bind_correlation_id(name):
            await asyncio.sleep(0)
            inner = await asyncio.create_task(asyncio.sleep(0, current_correlation_id()))
            return inner, current_correlation_id()

    async def main():
        return await asyncio.gather(*(work(f"w{n}") for n in range(20)))

    assert asyncio.run(main()) == [(f"w{n}", f"w{n}") for n in range(20)]


def test_a_carried_function_keeps_name_result_and_id():
    def named(factor, *, offset):
        return current_correlation_id(), factor * 2 + offset

    with bind_correlation_id("carried"):
        function = carry(named)

    assert function.__name__ == "named"
    assert function(3, offset=1) == ("carried", 7)
    assert current_correlation_id() is None


def test_an_opentelemetry_span_that_is_active_gives_the_id():
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
        CURRENT.set(begin())

        assert current_correlation_id() == trace_id
        assert parse_traceparent(current_traceparent()).span_id == f"{span.get_span_context().span_id:016x}"
