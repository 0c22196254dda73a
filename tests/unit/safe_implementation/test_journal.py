"""Journals are read as they were written, torn ends are dropped, damage before the end is seen."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.safe_implementation.journal import encode, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=6).filter(lambda name: name != "seq"), VALUES, max_size=4)
JOURNALS = st.lists(FIELDS, min_size=1, max_size=6)


def written(records: list[dict[str, Any]]) -> tuple[bytes, list[int]]:
    data, ends = b"", []
    for number, fields in enumerate(records):
        data += encode(number, fields)
        ends.append(len(data))
    return data, ends


@given(JOURNALS)
def test_what_was_written_is_read(records: list[dict[str, Any]]) -> None:
    data, _ = written(records)
    parsed = parse(data)
    assert [dict(record) for record in parsed.records] == [{"seq": n, **fields} for n, fields in enumerate(records)]
    assert (parsed.good_length, parsed.damage) == (len(data), "")


@given(JOURNALS, st.data())
def test_cut_anywhere_only_the_torn_record_is_lost(records: list[dict[str, Any]], data: st.DataObject) -> None:
    whole, ends = written(records)
    cut = data.draw(st.integers(0, len(whole)))
    parsed = parse(whole[:cut])
    assert parsed.damage == ""
    assert len(parsed.records) == sum(end <= cut for end in ends)
    assert parsed.good_length == max([end for end in ends if end <= cut], default=0)


@given(JOURNALS, st.data())
def test_one_wrong_byte_drops_the_last_record_or_makes_the_journal_corrupt(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole, ends = written(records)
    at = data.draw(st.integers(0, len(whole) - 1))
    wrong = bytearray(whole)
    wrong[at] ^= data.draw(st.integers(1, 255))
    hit = sum(end <= at for end in ends)

    parsed = parse(bytes(wrong))

    assert len(parsed.records) == hit
    assert bool(parsed.damage) is (hit < len(records) - 1)


@given(JOURNALS, st.binary(max_size=80))
def test_rubbish_behind_a_journal_loses_no_record(records: list[dict[str, Any]], rubbish: bytes) -> None:
    whole, _ = written(records)
    assert len(parse(whole + rubbish).records) == len(records)


@given(JOURNALS)
def test_a_missing_record_in_the_middle_is_damage(records: list[dict[str, Any]]) -> None:
    parts = [encode(number, fields) for number, fields in enumerate([*records, {}, {}])]
    del parts[len(records)]
    parsed = parse(b"".join(parts))
    assert len(parsed.records) == len(records)


def test_text_that_looks_like_a_record_does_not_confuse_the_search_for_damage() -> None:
    trap = '0000012f deadbeef {"seq":1}'
    data = encode(0, {"description": trap})
    assert parse(data[:-1]).damage == ""
    assert parse(data).records[0]["description"] == trap


def test_zeros_behind_the_last_record_are_a_torn_end() -> None:
    data = encode(0, {"state": "INTENT"})
    parsed = parse(data + bytes(4096))
    assert (len(parsed.records), parsed.damage) == (1, "")
