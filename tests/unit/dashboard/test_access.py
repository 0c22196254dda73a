"""Nobody gets in without a token, nobody acts without the role and a form of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.dashboard.access import FAILURE_SECONDS, FAILURES, Access, Role, TooManyAttemptsError
from diagnostics.errors import ConfigurationError
from diagnostics.testing import FakeClock

TOKEN = "correct-horse-battery"


@pytest.fixture
def access() -> Access:
    made = Access(clock=FakeClock())
    made.allow(TOKEN, Role.VIEWER, "Ольга")
    return made


def test_a_token_lets_in_again_and_again_with_its_role(access):
    for _ in range(3):
        visitor = access.visitor(access.sign_in(TOKEN))
        assert visitor is not None
        assert (visitor.name, visitor.role, visitor.may_act) == ("Ольга", Role.VIEWER, False)


def test_a_token_for_once_lets_in_once(access):
    token = access.allow_once(Role.OPERATOR)
    visitor = access.visitor(access.sign_in(token))
    assert visitor is not None
    assert visitor.may_act
    assert access.sign_in(token) is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_token_or_a_cookie(text):
    access = Access(clock=FakeClock())
    access.allow(TOKEN, Role.OPERATOR)
    assert text == TOKEN or access.sign_in(text) is None
    assert access.visitor(text) is None


def test_a_cookie_of_another_process_is_none_of_ours(access):
    cookie = Access().allow_once()
    other = Access()
    other.allow(TOKEN, Role.OPERATOR)
    assert access.visitor(other.sign_in(TOKEN)) is None
    assert access.visitor(cookie) is None


def test_a_changed_cookie_is_none(access):
    cookie = access.sign_in(TOKEN)
    assert cookie is not None
    for place in range(0, len(cookie), 7):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        assert access.visitor(changed) is None


def test_guessing_closes_the_door_for_a_while_also_for_the_right_token():
    clock = FakeClock()
    access = Access(clock=clock)
    access.allow(TOKEN, Role.VIEWER)
    for number in range(FAILURES):
        assert access.sign_in(f"guess-{number}") is None
    with pytest.raises(TooManyAttemptsError):
        access.sign_in(TOKEN)
    clock.sleep(FAILURE_SECONDS + 1)
    assert access.sign_in(TOKEN) is not None


def test_a_form_belongs_to_one_sign_in(access):
    one, other = access.visitor(access.sign_in(TOKEN)), access.visitor(access.sign_in(TOKEN))
    assert one is not None
    assert other is not None
    assert access.is_our_form(one, access.form_token(one))
    assert not access.is_our_form(one, access.form_token(other))
    assert not access.is_our_form(one, "")
    assert not access.is_our_form(one, "é")


def test_a_short_token_is_refused():
    with pytest.raises(ConfigurationError, match="16"):
        Access().allow("short", Role.VIEWER)
