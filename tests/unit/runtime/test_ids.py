import re
import string

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.runtime.ids import TraceParent, new_id, new_span_id, parse_traceparent, timed_id

HEX32 = st.text("0123456789abcdef", min_size=32, max_size=32).filter(lambda text: text.strip("0"))
HEX16 = st.text("0123456789abcdef", min_size=16, max_size=16).filter(lambda text: text.strip("0"))


def test_ids_are_unique_and_of_the_promised_form():
    ids = [new_id() for _ in range(10_000)]

    assert len(set(ids)) == 10_000
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert re.fullmatch("[0-9a-f]{16}", new_span_id())
    assert re.fullmatch(r"diag_\d{8}T\d{6}Z_[0-9a-f]{6}", timed_id("diag"))


@given(HEX32, HEX16, st.integers(0, 255))
def test_a_traceparent_survives_writing_and_reading(trace_id, span_id, flags):
    trace = TraceParent(trace_id, span_id, flags)

    assert parse_traceparent(str(trace)) == trace


@given(HEX32, HEX16)
def test_a_later_version_may_append_fields_but_version_00_may_not(trace_id, span_id):
    assert parse_traceparent(f"cc-{trace_id}-{span_id}-01-what-the-future-brings") is not None
    assert parse_traceparent(f"00-{trace_id}-{span_id}-01-extra") is None
    assert parse_traceparent(f"ff-{trace_id}-{span_id}-01") is None


@given(st.text(string.printable, max_size=80))
def test_anything_else_is_ignored_without_an_error(text):
    trace = parse_traceparent(text)

    assert trace is None or str(trace)[3:] == text.strip()[3:55]


def test_zero_ids_are_invalid():
    assert parse_traceparent(f"00-{'0' * 32}-{'1' * 16}-01") is None
    assert parse_traceparent(f"00-{'1' * 32}-{'0' * 16}-01") is None
