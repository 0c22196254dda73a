import json
import sys
from datetime import UTC, datetime
from enum import StrEnum

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.core_diagnostics.capture import capture_error, freeze, freeze_mapping, render_error

PLAIN = [
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(),
    st.uuids(),
]
KEYS = st.text() | st.integers()


class Dangerous:
    """As an ORM row: everything that asks it for text or length would go to a database."""

    def __init__(self):
        self.id = 7
        self.password = "hunter2"
        self._state = object()

    def __repr__(self):
        raise AssertionError("repr was run")

    __str__ = __len__ = __iter__ = __bool__ = __repr__

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


class Colour(StrEnum):
    RED = "red"


def test_no_code_of_a_strange_object_runs():
    frozen = freeze({"row": Dangerous(), "rows": [Dangerous()]})

    assert frozen["row"]["id"] == 7
    assert frozen["row"]["password"] == "***"
    assert "_state" not in frozen["row"]
    json.dumps(frozen)


@given(
    st.recursive(
        st.one_of(PLAIN),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
        max_leaves=30,
    )
)
def test_whatever_is_frozen_is_plain_and_bounded(value):
    frozen = freeze_mapping({"value": value})

    assert len(json.dumps(frozen)) < 1_000_000
    assert set(frozen) == {"value"}


def test_cycles_and_big_values_end():
    cyclic: list[object] = []
    cyclic.append(cyclic)

    frozen = freeze({"cycle": cyclic, "long": "x" * 10_000, "many": list(range(10_000))})

    assert len(frozen["long"]) == 2000
    assert frozen["many"][-1] == "… 9980 more"
    json.dumps(frozen)


def test_well_known_values_show_what_they_are():
    assert freeze(datetime(2026, 11, 25, tzinfo=UTC)) == "2026-11-25 00:00:00+00:00"
    assert freeze(Colour.RED) == "Colour.RED"
    assert freeze(ValueError("x")) == "ValueError: x"
    assert freeze(b"abc") == "<bytes of 3 bytes>"
    assert freeze(Colour) == f"<class {__name__}.Colour>"


def failing(password, amount):
    label = f"amount {amount}"
    raise ValueError(f"cannot book {label} for token=abc123")


def caught(call):
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("it did not raise")


def test_an_error_shows_its_frames_and_locals_without_secrets():
    secret = "hunter1".replace("1", "2")
    error = caught(lambda: failing(secret, 5))

    rendered = render_error(capture_error(error, detail=True))

    assert rendered["type"] == "ValueError"
    assert rendered["message"] == "cannot book amount 5 for token=***"
    assert rendered["traceback"].startswith("Traceback (most recent call last):\n")
    assert "in failing\n    raise ValueError" in rendered["traceback"]
    assert rendered["locals"][0]["function"].endswith("failing")
    assert rendered["locals"][0]["variables"] == {"password": "***", "amount": 5, "label": "amount 5"}
    assert secret not in json.dumps(rendered)
    assert "abc123" not in json.dumps(rendered)


def test_the_chain_of_causes_is_told_in_the_order_of_a_traceback():
    def chained():
        try:
            raise KeyError("first")
        except KeyError as first:
            raise RuntimeError("second") from first

    text = render_error(capture_error(caught(chained), detail=True))["traceback"]

    assert text.index("KeyError: 'first'") < text.index("direct cause") < text.index("RuntimeError: second")


def test_a_group_tells_its_members():
    group = ExceptionGroup("several", [ValueError("a"), OSError("b password=hunter2")])

    rendered = render_error(capture_error(group, detail=True))

    assert [member["type"] for member in rendered["members"]] == ["ValueError", "OSError"]
    assert rendered["members"][1]["message"] == "b password=***"


def test_an_error_that_cannot_say_anything_is_still_told():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    captured = capture_error(Mute(), detail=True)

    assert captured["message"] == "<no text: RuntimeError>"


def test_a_deep_recursion_keeps_the_innermost_frames_only():
    def down(depth):
        if depth == 0:
            raise ValueError("bottom")
        down(depth - 1)

    captured = capture_error(caught(lambda: down(min(200, sys.getrecursionlimit() - 200))), detail=True)

    assert len(captured["frames"]) == 30
    assert captured["frames"][-1]["function"].endswith("down")
    assert sum("locals" in frame for frame in captured["frames"]) == 4
