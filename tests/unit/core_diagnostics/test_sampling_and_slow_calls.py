import asyncio

import pytest

from diagnostics.core_diagnostics import (
    DiagnosticLogger,
    FlightRecorder,
    bind_correlation_id,
    bind_traceparent,
    current_correlation_id,
    diagnose_function,
    diagnostic_context,
    validate_data,
)
from diagnostics.core_diagnostics.aggregates import NEVER, Slot, slow_after
from diagnostics.core_diagnostics.correlation import CURRENT
from diagnostics.errors import ConfigurationError


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


def a_logger(**options):
    return DiagnosticLogger("tests", recorder=FlightRecorder(), **options)


def test_the_outermost_call_decides_for_everything_inside():
    logger = a_logger(sampling=0.5)

    @diagnose_function(logger, name="inner")
    def inner():
        with diagnostic_context(logger, "block"):
            pass

    @diagnose_function(logger, name="outer")
    def outer():
        inner()
        inner()

    for _ in range(400):
        outer()

    counts = {name: logger.recorder.total(name).count for name in ("outer", "inner", "block")}
    assert 120 < counts["outer"] < 280
    assert counts["inner"] == counts["block"] == 2 * counts["outer"]
    by_work = {}
    for event in logger.recorder.snapshot():
        by_work.setdefault(event["correlation_id"], []).append(event["name"])
    assert set(map(len, by_work.values())) == {5}


def test_sampling_changes_while_the_program_runs():
    logger = a_logger()

    @diagnose_function(logger, name="work")
    async def work():
        return current_correlation_id()

    async def many(count):
        return [await work() for _ in range(count)]

    asyncio.run(many(10))
    logger.sampling = 0.0
    asyncio.run(many(10))
    logger.sampling = 1.0
    asyncio.run(many(10))

    assert logger.recorder.total("work").count == 20


def test_what_is_sampled_out_still_tells_its_errors_and_its_messages_under_one_id():
    logger = a_logger(sampling=0.0)

    @diagnose_function(logger, name="charge")
    def charge(amount):
        logger.info("charging")
        raise ValueError(f"no {amount}")

    with pytest.raises(ValueError, match="no 5"), diagnostic_context(logger, "ORDER"):
        charge(5)

    message, error, again = logger.recorder.snapshot()
    assert message["message"] == "charging"
    assert error["sampled"] is False
    assert error["arguments"] == {"amount": 5}
    assert "duration_seconds" not in error
    assert again["name"] == "ORDER"
    assert again["error"]["repeated"] is True
    assert message["correlation_id"] == error["correlation_id"] == again["correlation_id"]
    assert logger.recorder.total("charge").count == 0


def test_a_sampled_out_block_of_another_logger_still_names_who_speaks():
    outer, inner = a_logger(sampling=0.0), a_logger()

    with diagnostic_context(outer, "A"), diagnostic_context(inner, "B"):
        validate_data(None, "CHECK")

    assert [event["name"] for event in inner.recorder.snapshot()] == ["CHECK"]
    assert outer.recorder.snapshot() == []
    assert current_correlation_id() is None


def test_services_with_the_same_ratio_keep_the_same_traces():
    logger = a_logger()
    kept = []

    @diagnose_function(logger, name="work")
    def work():
        pass

    for number in range(200):
        header = f"00-4bf92f3577b34da6a3{number * 0x147AE147AE1AE:014x}-00f067aa0ba902b7-01"
        for _service in range(2):
            before = logger.recorder.total("work").count
            with bind_traceparent(header, sampling=0.25):
                work()
            kept.append(logger.recorder.total("work").count - before)

    assert kept[::2] == kept[1::2]
    assert 40 <= sum(kept[::2]) <= 60


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_a_ratio_that_is_none_is_refused(ratio):
    with pytest.raises(ConfigurationError):
        a_logger(sampling=ratio)


def test_a_generator_in_work_that_is_sampled_out_makes_no_event():
    logger = a_logger(sampling=0.0)

    @diagnose_function(logger, name="items")
    def items():
        yield from range(3)

    @diagnose_function(logger, name="aitems")
    async def aitems():
        for item in range(3):
            yield item

    async def collect():
        return [item async for item in aitems()]

    assert list(items()) == [0, 1, 2]
    assert asyncio.run(collect()) == [0, 1, 2]
    assert logger.recorder.snapshot() == []


def test_a_call_slower_than_allowed_is_a_warning_with_its_arguments():
    logger = a_logger()

    @diagnose_function(logger, name="export")
    def export(rows, api_key, *rest, **more):
        return len(rows)

    export([1, 2], "k" * 30)
    logger.slow_seconds = 0.0
    export([1, 2], "k" * 30, 7, verbose=True)

    quick, slow = logger.recorder.snapshot()
    assert "arguments" not in quick
    assert slow["level"] == "WARNING"
    assert slow["outcome"] == "ok"
    assert slow["arguments"] == {"rows": [1, 2], "api_key": "***", "*": [7], "verbose": True}
    assert slow["message"].startswith("export took 0.0")
    assert logger.recorder.total("export").count == 2


def test_what_is_slow_is_learnt_from_what_was_normal():
    slot = Slot(0)
    slot.add([1_000_000] * 99, 0)
    assert slow_after(slot) == NEVER

    slot.add([5_000_000] * 901, 0)
    assert 19_000_000 < slow_after(slot) < 21_500_000
    assert slow_after(Slot(0)) == NEVER


def test_an_error_tells_the_last_events_of_its_own_work_only():
    logger = a_logger()

    @diagnose_function(logger, name="read")
    def read(key):
        return key

    @diagnose_function(logger, name="fail")
    def fail():
        raise LookupError("gone")

    with bind_correlation_id("other"):
        read("x")
    with bind_correlation_id("mine"):
        for number in range(15):
            read(number)
        logger.info("reading token=%s", "abcdefgh12345678")
        with pytest.raises(LookupError):
            fail()

    event = logger.recorder.snapshot()[-1]
    recent = event["recent"]
    assert len(recent) == 10
    assert [one["event"] for one in recent] == ["call"] * 9 + ["log"]
    assert recent[-1]["message"] == "reading token=***"
    assert {one["name"] for one in recent[:-1]} == {"read"}
    assert all(one["outcome"] == "ok" and one["duration_seconds"] >= 0 for one in recent[:-1])


def test_off_at_decoration_is_the_function_itself(monkeypatch):
    def function():
        return 1

    assert diagnose_function(a_logger(), enabled=False)(function) is function
    monkeypatch.setenv("DIAGNOSTICS_OFF", "1")
    assert diagnose_function(function) is function
    monkeypatch.setenv("DIAGNOSTICS_OFF", "0")
    assert diagnose_function(function) is not function


def test_a_block_inside_one_of_the_same_logger_shares_its_work():
    logger = a_logger()

    with diagnostic_context(logger, "A") as outer:
        first = current_correlation_id()
        with diagnostic_context(logger, "B") as inner:
            inner.add(x=1)
            assert current_correlation_id() == first
        outer.add(y=2)

    b, a = logger.recorder.snapshot()
    assert (b["name"], b["fields"]) == ("B", {"x": 1})
    assert (a["name"], a["fields"]) == ("A", {"y": 2})
    assert a["correlation_id"] == b["correlation_id"] == first
