"""The order of states, as a table, as properties, and as a life that is killed anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from diagnostics.errors import JournalError
from diagnostics.model.change import ChangeState, RiskLevel
from diagnostics.safe_implementation.machine import (
    SETTLED,
    TERMINAL,
    Duty,
    Life,
    after_validation,
    duty,
    follows,
    pending_undos,
    replay,
    step,
)

S = ChangeState


def test_what_is_over_stays_over() -> None:
    assert {S.COMMITTED, S.ROLLED_BACK, S.ABORTED} == TERMINAL
    assert not any(follows(state, following) for state in TERMINAL for following in S)


def test_nothing_is_applied_before_the_snapshot_is_durable() -> None:
    assert [state for state in S if follows(state, S.APPLYING)] == [S.SNAPSHOTTED, S.APPLYING]


def test_success_needs_validation_or_a_person() -> None:
    expected = {S.APPLIED, S.VALIDATING, S.UNCONFIRMED, S.ROLLBACK_BLOCKED}
    assert {state for state in S if follows(state, S.COMMITTED)} == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, Duty.ABORT),
        (S.INTENT, Duty.ABORT),
        (S.SNAPSHOTTED, Duty.ROLL_BACK),
        (S.APPLYING, Duty.ROLL_BACK),
        (S.APPLIED, Duty.ROLL_BACK),
        (S.VALIDATING, Duty.ROLL_BACK),
        (S.ROLLING_BACK, Duty.ROLL_BACK),
        (S.COMMITTED, Duty.NOTHING),
        (S.ROLLED_BACK, Duty.NOTHING),
        (S.ABORTED, Duty.NOTHING),
        (S.ROLLBACK_BLOCKED, Duty.NOTHING),
        (S.UNCONFIRMED, Duty.WAIT),
    ],
)
def test_recovery_owes_each_state_one_thing(state: ChangeState | None, expected: Duty) -> None:
    assert duty(state) is expected


def test_a_change_that_nobody_confirms_in_time_is_owed_its_way_back() -> None:
    assert duty(S.UNCONFIRMED, overdue=True) is Duty.ROLL_BACK
    assert duty(S.COMMITTED, overdue=True) is Duty.NOTHING


@pytest.mark.parametrize("risk", RiskLevel)
def test_what_was_watched_and_stayed_unclear_is_rolled_back_whatever_its_risk(risk: RiskLevel) -> None:
    assert after_validation(None, risk=risk, auto_rollback=True, watched=True) is S.ROLLING_BACK
    assert after_validation(True, risk=risk, auto_rollback=True, watched=True, confirmed=False) is S.UNCONFIRMED
    assert after_validation(False, risk=risk, auto_rollback=True, confirmed=False) is S.ROLLING_BACK


@pytest.mark.parametrize("risk", RiskLevel)
def test_a_failed_check_always_rolls_back_and_a_passed_one_always_stays(risk: RiskLevel) -> None:
    assert after_validation(False, risk=risk, auto_rollback=True) is S.ROLLING_BACK
    assert after_validation(True, risk=risk, auto_rollback=True) is S.COMMITTED
    assert after_validation(False, risk=risk, auto_rollback=False) is S.COMMITTED
    kept = risk in (RiskLevel.LOW, RiskLevel.MEDIUM)
    assert (after_validation(None, risk=risk, auto_rollback=True) is S.COMMITTED) is kept


def test_a_record_of_an_unknown_state_is_refused() -> None:
    with pytest.raises(JournalError, match="known state"):
        step(Life(), {"state": "HAPPY"})


def test_undos_are_owed_last_step_first_until_they_are_done() -> None:
    records: list[dict[str, Any]] = [
        {"state": S.INTENT},
        {"state": S.SNAPSHOTTED, "manifest": "m"},
        {"state": S.APPLYING},
        {"state": S.APPLYING, "step": 0, "undo": {"action": "a", "data": "d0"}},
        {"state": S.APPLYING, "step": 1},
        {"state": S.APPLYING, "step": 2, "undo": {"action": "b", "data": "d2"}},
    ]
    assert [undo["data"] for undo in pending_undos(replay(records))] == ["d2", "d0"]
    records += [{"state": S.ROLLING_BACK, "reason": "r"}, {"state": S.ROLLING_BACK, "undone": 2}]
    life = replay(records)
    assert [undo["data"] for undo in pending_undos(life)] == ["d0"]
    assert (life.manifest, life.reason) == ("m", "r")


@given(st.lists(st.sampled_from(list(S)), max_size=30))
def test_any_list_of_records_is_a_possible_life_or_is_refused(states: list[ChangeState]) -> None:
    life = Life()
    for state in states:
        if follows(life.state, state):
            life = step(life, {"state": state})
        else:
            with pytest.raises(JournalError):
                step(life, {"state": state})


class KilledAnywhere(RuleBasedStateMachine):
    """A change whose process may die after any record; the world is what the records allow it to be."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.world = "old"
        self.snapshot = False

    @property
    def state(self) -> ChangeState | None:
        return replay(self.records).state

    def write(self, state: ChangeState, **fields: Any) -> None:
        step(replay(self.records), {"state": state, **fields})
        self.records.append({"state": state, **fields})

    @precondition(lambda self: self.state is None)
    @rule()
    def begin(self) -> None:
        self.write(S.INTENT)

    @precondition(lambda self: self.state is S.INTENT)
    @rule()
    def keep(self) -> None:
        self.snapshot = True
        self.write(S.SNAPSHOTTED)

    @precondition(lambda self: self.state in (S.SNAPSHOTTED, S.APPLYING))
    @rule(half=st.booleans())
    def act(self, half: bool) -> None:
        self.write(S.APPLYING)
        self.world = "half" if half else "new"

    @precondition(lambda self: self.state is S.APPLYING and self.world == "new")
    @rule()
    def finish(self) -> None:
        self.write(S.APPLIED)

    @precondition(lambda self: self.state in (S.APPLIED, S.VALIDATING))
    @rule(passed=st.sampled_from([True, False, None]), risk=st.sampled_from(list(RiskLevel)))
    def judge(self, passed: bool | None, risk: RiskLevel) -> None:
        self.write(after_validation(passed, risk=risk, auto_rollback=True))

    @rule()
    def die_and_recover(self) -> None:
        owed = duty(self.state)
        if owed is Duty.ROLL_BACK:
            assert self.snapshot
            self.write(S.ROLLING_BACK)
            self.world = "old"
            self.write(S.ROLLED_BACK)
        elif owed is Duty.ABORT and self.records:
            self.write(S.ABORTED)
        assert duty(self.state) is Duty.NOTHING or not self.records

    @invariant()
    def nothing_settled_is_half_done(self) -> None:
        if self.state in SETTLED:
            assert self.world == ("new" if self.state is S.COMMITTED else "old")


TestKilledAnywhere = KilledAnywhere.TestCase
