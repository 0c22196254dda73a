import asyncio
import json
from collections import UserList
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import debug_context, diagnostic_context, diagnostic_logger, log_system_state, validate_data
from diagnostics.core_diagnostics import (
    DiagnosticLogger,
    FlightRecorder,
    active_logger,
    current_correlation_id,
)
from diagnostics.core_diagnostics.correlation import CURRENT
from diagnostics.core_diagnostics.validation import shape_of
from diagnostics.errors import ConfigurationError, ValidationFailedError


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


@pytest.fixture
def logger():
    return DiagnosticLogger("tests", recorder=FlightRecorder())


def test_a_block_becomes_one_event_with_its_fields(logger):
    with diagnostic_context(logger, "IMPORT", file="a.csv", token="abc") as block:
        block.add(rows=5)

    (event,) = logger.recorder.snapshot()
    assert (event["event"], event["name"], event["outcome"]) == ("block", "IMPORT", "ok")
    assert event["fields"] == {"file": "a.csv", "token": "***", "rows": 5}


def test_blocks_within_blocks_share_the_id_and_give_the_outer_logger_back(logger):
    other = DiagnosticLogger("other", recorder=logger.recorder)
    with diagnostic_context(logger, "OUTER"):
        outer = current_correlation_id()
        with diagnostic_context(other, "INNER"):
            assert active_logger() is other
            assert current_correlation_id() == outer
        assert active_logger() is logger

    assert current_correlation_id() is None
    assert active_logger() is diagnostic_logger
    assert [event["logger"] for event in logger.recorder.snapshot()] == ["other", "tests"]


def test_an_exception_leaves_a_block_untouched(logger):
    error = ValueError("x")

    with pytest.raises(ValueError, match="x") as seen, diagnostic_context(logger, "BLOCK", n=1):
        raise error

    assert seen.value is error
    (event,) = logger.recorder.snapshot()
    assert event["outcome"] == "error"
    assert event["fields"] == {"n": 1}
    assert event["error"]["type"] == "ValueError"


def test_a_block_works_with_async_and_in_many_tasks(logger):
    async def work(number):
        async with diagnostic_context(logger, "TASK"):
            await asyncio.sleep(0)
            validate_data([number], "IN_TASK")
            return current_correlation_id()

    async def main():
        return await asyncio.gather(*(work(number) for number in range(20)))

    ids = asyncio.run(main())

    assert len(set(ids)) == 20
    events = logger.recorder.snapshot()
    assert sorted(event["correlation_id"] for event in events if event["event"] == "block") == sorted(ids)
    assert sorted(event["correlation_id"] for event in events if event["event"] == "validation") == sorted(ids)


def test_names_made_of_ids_do_not_fill_the_memory(logger):
    for number in range(5000):
        with diagnostic_context(logger, f"ORDER_{number}"):
            pass

    summaries = logger.recorder.baseline()["names"]
    assert len(summaries) <= 501
    assert sum(one["count"] for one in summaries.values()) >= 4000
    assert len(logger.sites) <= 4000


def test_module_functions_use_the_logger_of_the_block_and_else_the_default(logger):
    with diagnostic_context(logger, "BLOCK"):
        validate_data({"a": 1}, "CHECK")
        log_system_state("STATE")
        debug_context("function", {"x": 1, "password": "p"}, "step 1")
    validate_data({"a": 1}, "OUTSIDE")

    events = logger.recorder.snapshot()
    assert [event["event"] for event in events] == ["validation", "system_state", "debug", "block"]
    assert events[2]["locals"] == {"x": 1, "password": "***"}
    assert events[2]["step"] == "step 1"
    assert len({event["correlation_id"] for event in events}) == 1
    assert any(event.get("name") == "OUTSIDE" for event in diagnostic_logger.recorder.snapshot())


@given(
    st.recursive(
        st.none() | st.text(min_size=12).map(lambda text: f"value-{text}") | st.integers(10**9, 10**12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=10,
    )
)
def test_validation_returns_the_same_object_and_shows_no_value(data):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())

    assert validate_data(data, "CHECK", logger=logger) is data

    (event,) = logger.recorder.snapshot()
    assert "value-" not in json.dumps(event)
    assert event["level"] == ("WARNING" if data is None or data in ([], {}) else "INFO")


def test_none_and_empty_data_warn_and_nothing_more(logger):
    for data in (None, "", "   ", [], {}, (), set(), b""):
        assert validate_data(data, "CHECK", logger=logger) is data

    assert {event["level"] for event in logger.recorder.snapshot()} == {"WARNING"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"a": 1}, dict),
        ([1], (list, tuple)),
        ({"id": 5, "name": "x"}, {"id": int, "name": (str, bytes)}),
        ({"id": 5, "name": "x"}, ["id", "name"]),
        ({"id": 5}, {"id"}),
    ],
)
def test_data_as_expected_passes(logger, data, expected):
    assert validate_data(data, "CHECK", expected=expected, logger=logger) is data


@pytest.mark.parametrize(
    ("data", "expected", "said"),
    [
        ("x", dict, "expected dict, got str"),
        (None, (list, tuple), "expected list or tuple, got NoneType"),
        ({"id": "5"}, {"id": int}, "id is str, expected int"),
        ({"id": 5}, ["id", "name"], "missing name"),
        (object(), ["nowhere"], "missing nowhere"),
    ],
)
def test_data_unlike_what_was_declared_fails_and_says_how(logger, data, expected, said):
    with pytest.raises(ValidationFailedError, match=said):
        validate_data(data, "CHECK", expected=expected, logger=logger)

    (event,) = logger.recorder.snapshot()
    assert event["level"] == "ERROR"
    assert said in event["message"]


def test_a_validator_refuses_by_false_or_by_raising(logger):
    def positive(data):
        return data > 0

    def strict(data):
        raise KeyError(data)

    assert validate_data(5, "CHECK", validator=positive, logger=logger) == 5
    assert validate_data(0, "CHECK", validator=lambda data: None, logger=logger) == 0
    with pytest.raises(ValidationFailedError, match=r"refused by .*positive"):
        validate_data(-5, "CHECK", validator=positive, logger=logger)
    with pytest.raises(ValidationFailedError, match="KeyError") as seen:
        validate_data("secret", "CHECK", validator=strict, logger=logger)
    assert isinstance(seen.value.__cause__, KeyError)
    assert "secret" not in str(seen.value)


def test_no_foreign_code_runs_to_learn_a_shape():
    class Lazy(UserList):
        def __len__(self):
            raise AssertionError("a query would have been sent")

        __bool__ = __iter__ = __getitem__ = __len__

    @dataclass
    class Row:
        id: int
        name: str | None = None

    assert "size" not in shape_of(Lazy())
    assert shape_of(Row(5)) == {"type": f"{__name__}.test_no_foreign_code_runs_to_learn_a_shape.<locals>.Row",
                                "keys": ["id", "name"], "none_keys": ["name"]}  # fmt: skip
    assert shape_of(np.zeros((3, 0)))["shape"] == [3, 0]
    assert shape_of(np.zeros((3, 0)))["empty"] is True


def test_the_methods_of_the_logger_do_the_same(logger):
    assert logger.validate_data([1], "A") == [1]
    assert logger.validate_data_integrity([1], "B") == [1]
    state = logger.log_system_state("C")
    logger.debug_context("f", {"x": 1}, "D")

    assert state["process"]["rss_bytes"] > 1_000_000
    assert 0 < state["host"]["memory"]["used_ratio"] < 1
    assert [event["name"] for event in logger.recorder.snapshot()] == ["A", "B", "C", "f"]


def test_messages_carry_level_text_fields_and_errors(logger):
    logger.info("user %s has %d", "ann", 5, token="abc", n=1)
    logger.warning("careful")
    try:
        raise ValueError("x")
    except ValueError:
        logger.exception("it broke")

    first, second, third = logger.recorder.snapshot()
    assert (first["message"], first["fields"]) == ("user ann has 5", {"token": "***", "n": 1})
    assert second["level"] == "WARNING"
    assert third["error"]["type"] == "ValueError"
    assert third["level"] == "ERROR"


def test_a_message_with_wrong_placeholders_does_not_raise(logger):
    template = "%s and %s"

    logger.info("only %d", "text")
    logger.info(template, "one")


def test_an_unknown_level_is_refused_with_the_choices(logger):
    with pytest.raises(ConfigurationError, match="DEBUG, INFO"):
        DiagnosticLogger("x", level="LOUD")
    with pytest.raises(ConfigurationError, match="LOUD"):
        logger.level = "LOUD"
