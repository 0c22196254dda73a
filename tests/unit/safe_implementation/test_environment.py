"""Variables come back; after a restart only what the change did and nobody has changed since."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.safe_implementation.snapshotters.environment import changed_names, restore, restore_after_restart

VARIABLES = st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["1", "2", "3"]))


@given(VARIABLES, VARIABLES)
def test_a_restore_brings_back_exactly_what_was(before: dict[str, str], now: dict[str, str]) -> None:
    names = changed_names(before, now)
    assert restore(before, now) == names
    assert now == before


@given(VARIABLES, VARIABLES, VARIABLES)
def test_after_a_restart_foreign_values_stay(
    before: dict[str, str], after: dict[str, str], now: dict[str, str]
) -> None:
    was = dict(now)
    restore_after_restart(before, after, now)
    for name in "ABCDE":
        ours = before.get(name) != after.get(name) and was.get(name) == after.get(name)
        assert now.get(name) == (before.get(name) if ours else was.get(name))
