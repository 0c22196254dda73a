import asyncio
import functools
import inspect
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.core_diagnostics import (
    DiagnosticLogger,
    FlightRecorder,
    current_correlation_id,
    diagnose_function,
    diagnostic_context,
)
from diagnostics.core_diagnostics.correlation import CURRENT


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


@pytest.fixture
def logger():
    return DiagnosticLogger("tests", recorder=FlightRecorder())


def calls(logger):
    return [event for event in logger.recorder.snapshot() if event["event"] == "call"]


def test_a_call_becomes_one_event_with_duration_and_outcome(logger):
    @diagnose_function(logger, name="double")
    def double(number, *, plus=0):
        """Double it."""
        return 2 * number + plus

    assert double(4, plus=1) == 9

    (event,) = calls(logger)
    assert event["name"] == "double"
    assert event["outcome"] == "ok"
    assert event["level"] == "INFO"
    assert 0 <= event["duration_seconds"] < 1
    assert len(event["correlation_id"]) == 32
    assert double.__name__ == "double"
    assert double.__doc__ == "Double it."
    assert list(inspect.signature(double).parameters) == ["number", "plus"]


def test_every_kind_of_function_stays_of_its_kind(logger):
    def plain():
        return 1

    async def coroutine():
        return 1

    def generator():
        yield 1

    async def async_generator():
        yield 1

    for kind in (plain, coroutine, generator, async_generator):
        for wrapped in (diagnose_function(logger)(kind), diagnose_function(logger, log_entry=True)(kind)):
            assert inspect.iscoroutinefunction(wrapped) == inspect.iscoroutinefunction(kind)
            assert inspect.isgeneratorfunction(wrapped) == inspect.isgeneratorfunction(kind)
            assert inspect.isasyncgenfunction(wrapped) == inspect.isasyncgenfunction(kind)


@pytest.mark.parametrize(
    "kind", [ValueError, KeyError, OSError, KeyboardInterrupt, SystemExit, asyncio.CancelledError, StopIteration]
)
def test_the_same_exception_passes_through_with_one_frame_more(kind):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())
    error = kind("it")

    def fails():
        raise error

    with pytest.raises(kind) as bare:
        fails()
    depth = len(traceback.extract_tb(bare.value.__traceback__))
    error.__traceback__ = None
    with pytest.raises(kind) as seen:
        diagnose_function(logger)(fails)()

    assert seen.value is error
    assert len(traceback.extract_tb(seen.value.__traceback__)) == depth + 1
    assert error.__cause__ is None
    assert error.__context__ is None
    assert vars(error) == {}


def test_an_error_tells_what_where_and_with_which_values(logger):
    @diagnose_function(logger, name="book")
    def book(amount, password):
        raise ValueError(f"no {amount}")

    with pytest.raises(ValueError, match="no 5"):
        book(5, "hun" + "ter2")

    (event,) = calls(logger)
    assert event["level"] == "ERROR"
    assert event["outcome"] == "error"
    assert event["message"] == "book failed: ValueError: no 5"
    assert event["error"]["locals"][0]["variables"] == {"amount": 5, "password": "***"}
    assert event["system_state"]["process"]["threads"] >= 1
    assert logger.recorder.total("book").errors == 1


def test_an_error_that_rises_through_several_calls_is_told_in_full_once(logger):
    @diagnose_function(logger, name="inner")
    def inner():
        raise ValueError("deep")

    @diagnose_function(logger, name="outer")
    def outer():
        inner()

    with pytest.raises(ValueError, match="deep"):
        outer()

    first, second = calls(logger)
    assert (first["name"], second["name"]) == ("inner", "outer")
    assert "traceback" in first["error"]
    assert second["error"] == {"type": "ValueError", "message": "deep", "repeated": True}
    assert first["correlation_id"] == second["correlation_id"]


def test_a_swarm_of_errors_is_counted_in_full_but_told_in_detail_now_and_then(logger):
    @diagnose_function(logger, name="flaky")
    def flaky(number):
        raise ValueError(number)

    for number in range(200):
        with pytest.raises(ValueError, match=str(number)):
            flaky(number)

    events = calls(logger)
    assert len(events) == 200
    assert logger.recorder.total("flaky").errors == 200
    assert 1 <= sum("traceback" in event["error"] for event in events) < 100


def test_nested_calls_share_one_id_and_the_next_outermost_has_another(logger):
    seen = []

    @diagnose_function(logger)
    def inner():
        seen.append(current_correlation_id())

    @diagnose_function(logger)
    def outer():
        inner()
        inner()

    outer()
    outer()

    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert current_correlation_id() is None
    assert [event["correlation_id"] for event in calls(logger)[:3]] == [seen[0]] * 3


def test_coroutines_give_their_result_and_their_whole_duration(logger):
    @diagnose_function(logger, name="wait")
    async def wait(seconds):
        await asyncio.sleep(seconds)
        return "done"

    assert asyncio.run(wait(0.05)) == "done"

    (event,) = calls(logger)
    assert event["duration_seconds"] >= 0.05


def test_a_cancelled_task_is_no_error(logger):
    @diagnose_function(logger, name="forever")
    async def forever():
        await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(forever())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    (event,) = calls(logger)
    assert event["outcome"] == "cancelled"
    assert event["level"] == "INFO"
    assert logger.recorder.total("forever").errors == 0


def test_concurrent_tasks_have_ids_of_their_own(logger):
    @diagnose_function(logger)
    async def inner():
        await asyncio.sleep(0)
        return current_correlation_id()

    @diagnose_function(logger)
    async def outer():
        return {await inner(), await inner(), current_correlation_id()}

    async def main():
        return await asyncio.gather(*(outer() for _ in range(50)))

    ids = asyncio.run(main())
    assert all(len(one) == 1 for one in ids)
    assert len(set().union(*ids)) == 50


@given(st.lists(st.one_of(st.just("next"), st.just("send"), st.just("throw"), st.just("close")), max_size=8))
def test_a_generator_behaves_as_it_would_alone(steps):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())

    def echo():
        got = []
        try:
            for number in range(3):
                try:
                    got.append((yield number))
                except KeyError as error:
                    got.append(repr(error))
        finally:
            got.append("closed")
        return got

    def drive(generator):
        said = []
        for step in steps:
            try:
                if step == "next":
                    said.append(next(generator))
                elif step == "send":
                    said.append(generator.send("hello" if said else None))
                elif step == "throw":
                    said.append(generator.throw(KeyError("k")))
                else:
                    said.append(generator.close())
            except BaseException as error:
                said.append((type(error), error.args))
        return said

    assert drive(diagnose_function(logger)(echo)()) == drive(echo())


@given(st.lists(st.one_of(st.just("next"), st.just("send"), st.just("throw"), st.just("close")), max_size=8))
def test_an_async_generator_behaves_as_it_would_alone(steps):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())

    async def echo():
        for number in range(3):
            try:
                got = yield number
            except KeyError as error:
                got = repr(error)
            if got is not None:
                yield got

    async def drive(generator):
        said = []
        for step in steps:
            try:
                if step == "next":
                    said.append(await anext(generator))
                elif step == "send":
                    said.append(await generator.asend("hello" if said else None))
                elif step == "throw":
                    said.append(await generator.athrow(KeyError("k")))
                else:
                    said.append(await generator.aclose())
            except BaseException as error:
                said.append((type(error), error.args))
        await generator.aclose()
        return said

    wrapped = asyncio.run(drive(diagnose_function(logger)(echo)()))
    assert wrapped == asyncio.run(drive(echo()))


def test_an_exhausted_async_generator_counts_its_items(logger):
    @diagnose_function(logger, name="three")
    async def three():
        for number in range(3):
            yield number

    async def main():
        return [item async for item in three()]

    assert asyncio.run(main()) == [0, 1, 2]
    (event,) = calls(logger)
    assert event["items"] == 3


def test_a_generator_that_is_left_early_is_closed_not_failed(logger):
    @diagnose_function(logger, name="endless")
    def endless():
        while True:
            yield 1

    for _ in endless():
        break

    (event,) = calls(logger)
    assert event["outcome"] == "closed"


def test_methods_static_methods_class_methods_partials_and_callable_objects(logger):
    class Service:
        @diagnose_function(logger)
        def method(self):
            return self

        @diagnose_function(logger)
        @staticmethod
        def static(value):
            return value

        @classmethod
        @diagnose_function(logger)
        def of_class(cls):
            return cls

        def __call__(self, value):
            return value

    service = Service()

    assert service.method() is service
    assert Service.static(3) == 3
    assert Service.of_class() is Service
    assert diagnose_function(logger)(functools.partial(pow, 2))(5) == 32
    assert diagnose_function(logger)(service)(4) == 4
    assert [event["outcome"] for event in calls(logger)] == ["ok"] * 5


def test_without_a_logger_events_go_to_the_innermost_context_s_logger():
    mine = DiagnosticLogger("mine")

    @diagnose_function
    def bare():
        return current_correlation_id()

    @diagnose_function(name="with-options")
    def with_options():
        return 1

    with diagnostic_context(mine, "BLOCK"):
        correlation_id = bare()
        with_options()

    events = [event for event in mine.recorder.snapshot() if event["correlation_id"] == correlation_id]
    assert [event["event"] for event in events] == ["call", "call", "block"]
    assert {event["logger"] for event in events} == {"mine"}


def test_a_disabled_logger_runs_the_function_and_nothing_else(logger):
    @diagnose_function(logger)
    def function():
        return current_correlation_id()

    logger.enabled = False
    assert function() is None
    logger.info("nobody hears")
    assert logger.recorder.snapshot() == []

    logger.enabled = True
    assert function() is not None
    assert len(calls(logger)) == 1


def test_the_beginning_of_a_call_can_be_an_event_too(logger):
    @diagnose_function(logger, name="slow", log_entry=True)
    def slow():
        return [event["event"] for event in logger.recorder.snapshot()]

    assert slow() == ["enter"]
    first, second = logger.recorder.snapshot()
    assert (first["event"], second["event"]) == ("enter", "call")
    assert first["correlation_id"] == second["correlation_id"]
    assert logger.recorder.total("slow").count == 1


@pytest.mark.parametrize("wrong", [5, "name", dict])
def test_what_is_no_function_is_refused_at_once(logger, wrong):
    with pytest.raises(TypeError, match="instruments functions"):
        diagnose_function(logger)(wrong)


def test_a_value_whose_attributes_are_traps_does_not_disturb_the_host(logger):
    class Trap:
        def __getattribute__(self, name):
            raise RuntimeError("touched")

    @diagnose_function(logger, name="trapped")
    def trapped(value):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        trapped(Trap())

    assert calls(logger)[0]["error"]["type"] == "LookupError"
