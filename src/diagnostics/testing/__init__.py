"""For our tests and those of users: a clock that obeys."""

from diagnostics.testing.clock import FakeClock

__all__ = ["FakeClock"]
