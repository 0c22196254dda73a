"""One look, many questions: conditions that ask the same thing of the world share one answer per round."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedLook(Generic[T]):
    """Looks once for all conditions of a round; a condition that asks again begins the next round.

    So a service that takes ten seconds is asked once and not once for each condition, and what all of them
    judge is the same event. A look that did not end in time is not waited for again.
    """

    def __init__(self, look: Callable[[], T | Awaitable[T]]) -> None:
        self._look = look
        self._asked: set[str] = set()
        self._running = False
        self._value: T | None = None
        self._error: Exception | None = None

    def ask(self, name: str, use: Callable[[T], Any]) -> Any:
        """Return ``use`` of this round's answer, or an awaitable of it where looking is asynchronous.

        Raises:
            TimeoutError: The look of this round has not ended.
            Exception: What the look of this round raised.
        """
        if not self._asked or name in self._asked:
            self._asked = {name}
            return self._begin(use)
        self._asked.add(name)
        if self._running:
            raise TimeoutError("the look that this shares has not ended")
        if self._error is not None:
            raise self._error
        assert self._value is not None
        return use(self._value)

    def _begin(self, use: Callable[[T], Any]) -> Any:
        self._running, self._value, self._error = True, None, None
        try:
            found = self._look()
        except Exception as error:
            self._running, self._error = False, error
            raise
        if inspect.isawaitable(found):
            return self._await(found, use)
        self._running, self._value = False, found
        return use(found)

    async def _await(self, found: Awaitable[T], use: Callable[[T], Any]) -> Any:
        try:
            value = await found
        except Exception as error:
            self._running, self._error = False, error
            raise
        self._running, self._value = False, value
        return use(value)
