"""Conditions that share one look."""

import asyncio

import pytest

from diagnostics.hypothesis_testing.shared import SharedLook


def test_a_round_looks_once_and_asking_again_begins_the_next():
    looks = iter(range(10))
    shared = SharedLook(lambda: next(looks) + 1)

    rounds = [[shared.ask(name, lambda n: n) for name in "abc"] for _ in range(3)]

    assert rounds == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]


def test_what_the_look_raised_is_raised_for_every_question_of_its_round():
    answers = iter([ConnectionError("refused"), None])

    def look():
        error = next(answers)
        if error:
            raise error
        return "fine"

    shared = SharedLook(look)

    for name in "ab":
        with pytest.raises(ConnectionError, match="refused"):
            shared.ask(name, str)
    assert shared.ask("a", str) == "fine"


def test_a_look_that_was_left_behind_is_not_waited_for_again():
    async def never():
        await asyncio.sleep(60)

    shared = SharedLook(never)

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(shared.ask("a", str), 0.01)

    asyncio.run(main())

    with pytest.raises(TimeoutError, match="has not ended"):
        shared.ask("b", str)


def test_an_asynchronous_look_is_shared_as_well():
    async def look():
        return 7

    shared = SharedLook(look)

    assert asyncio.run(shared.ask("a", lambda n: n)) == 7
    assert shared.ask("b", lambda n: n + 1) == 8
