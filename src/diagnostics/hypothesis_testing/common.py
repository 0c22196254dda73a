"""CommonHypotheses: hypotheses that nearly every incident raises, as conditions ready to be tested.

Every condition states what is seen *if the hypothesis holds*: "resource exhaustion" predicts that something
is exhausted **and** that work waits for it, not that the CPU is below 90 %. A hypothesis that may come true
in several ways (this resource or that one) puts its conditions in one group (``any_of``): one of them
observed is enough, and it is refuted only when all were tested and none was observed. All conditions only
read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing.conditions import TestCondition
from diagnostics.hypothesis_testing.shared import SharedLook
from diagnostics.runtime.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from diagnostics.causal_map.graph import CausalMap
    from diagnostics.hypothesis_testing.hypothesis import LookOnce

RESOURCE_EXHAUSTION = "resource_exhaustion"
DATABASE_CONNECTIVITY_ISSUES = "database_connectivity_issues"
EXTERNAL_SERVICE_FAILURE = "external_service_failure"
INPUT_VALIDATION_FAILURE = "input_validation_failure"

#: A session is open in a few milliseconds in the same data centre; TLS and a far region take up to 300 ms.
SLOW_CONNECT_SECONDS = 1.0
#: ``SELECT 1`` costs one round trip; 250 ms is a far continent and much too slow for an application beside
#: its database.
SLOW_ROUND_TRIP_SECONDS = 0.25
#: From here the next burst finds no slot.
SLOTS_USED = 0.95
#: Nielsen's limit for an unbroken flow of thought is 1 s; a dependency that takes two breaks every request
#: that needs it.
SLOW_SERVICE_SECONDS = 2.0
CONNECT_TIMEOUT_SECONDS = 5.0


class CommonHypotheses:
    """Ready-made hypotheses; each method returns conditions for ``HypothesisTester.test_hypothesis``."""

    @staticmethod
    def create_resource_exhaustion_hypothesis(*, clock: Clock = SYSTEM_CLOCK) -> list[TestCondition]:
        """Return what is seen if this host or process has run out of CPU, memory, disk, I/O or descriptors.

        Saturation together with waiting: a busy CPU for which nothing waits is well used, not exhausted.
        Measured over half a second; where the kernel does not show how long tasks wait (PSI), the number of
        tasks that want to run stands in.
        """
        from diagnostics.hypothesis_testing import resources

        ways: list[tuple[str, Callable[[], object], float]] = [
            ("the CPUs are saturated and tasks wait for them", lambda: resources.cpu(clock), 0.05),
            ("memory is used up and tasks stall for it", lambda: resources.memory(clock), 0.03),
            ("a file system that the application uses is full", resources.disk, 0.03),
            ("all tasks stall together waiting for disk I/O", lambda: resources.io(clock), 0.05),
            ("this process is out of file descriptors", resources.descriptors, 0.02),
        ]
        return [
            TestCondition(
                name, look, None, "is_true", timeout_seconds=10.0, any_of=RESOURCE_EXHAUSTION, if_false=chance
            )
            for name, look, chance in ways
        ]

    @staticmethod
    def create_database_connectivity_hypothesis(
        db_engine: Engine | AsyncEngine, *, clock: Clock = SYSTEM_CLOCK
    ) -> list[TestCondition]:
        """Return what is seen if the application cannot get to its database.

        One short session answers all conditions of a round, opened by the engine's own way to connect but beside its
        pool, so that an exhausted pool is seen and not made worse; an ``AsyncEngine`` works too. Sessions are
        read-only and limited in time where the server is PostgreSQL.
        """
        from diagnostics.hypothesis_testing import connectivity

        door = connectivity.Door(db_engine, clock)
        group = DATABASE_CONNECTIVITY_ISSUES
        conditions = [
            TestCondition(
                "a new database session cannot be opened",
                door.connects,
                (connectivity.CannotConnect, TimeoutError),
                "raises",
                timeout_seconds=CONNECT_TIMEOUT_SECONDS,
                any_of=group,
                if_false=0.01,
            ),
            TestCondition(
                f"opening a database session takes over {SLOW_CONNECT_SECONDS:g} s",
                door.connect_seconds,
                SLOW_CONNECT_SECONDS,
                "greater_than",
                timeout_seconds=CONNECT_TIMEOUT_SECONDS,
                any_of=group,
                if_false=0.03,
            ),
            TestCondition(
                f"one round trip to the database takes over {SLOW_ROUND_TRIP_SECONDS:g} s",
                door.round_trip_seconds,
                SLOW_ROUND_TRIP_SECONDS,
                "greater_than",
                timeout_seconds=2 * CONNECT_TIMEOUT_SECONDS,
                any_of=group,
                if_false=0.03,
            ),
        ]
        if door.has_pool_limit:
            conditions.append(
                TestCondition(
                    "all connections of the application's pool are in use all the time",
                    door.pool_used_ratio,
                    1.0,
                    "greater_or_equal",
                    timeout_seconds=CONNECT_TIMEOUT_SECONDS,
                    any_of=group,
                    if_false=0.03,
                )
            )
        if door.is_postgresql:
            conditions.append(
                TestCondition(
                    f"over {SLOTS_USED:.0%} of the server's connection slots are taken",
                    door.slots_used_ratio,
                    SLOTS_USED,
                    "greater_than",
                    timeout_seconds=2 * CONNECT_TIMEOUT_SECONDS,
                    any_of=group,
                    if_false=0.02,
                )
            )
        return conditions

    @staticmethod
    def create_external_service_hypothesis(
        service_url: str, *, clock: Clock = SYSTEM_CLOCK, headers: Mapping[str, str] | None = None
    ) -> list[TestCondition]:
        """Return what is seen if an outside service fails: it is out of reach, in error, limiting, or slow.

        One GET answers all conditions of a round. Without credentials a 401 or 403 is the right answer and no sign of
        failure.

        Raises:
            ConfigurationError: Not an http or https URL.
        """
        from diagnostics.runtime import http

        http.locate(service_url)

        def ask() -> tuple[int, float]:
            began = clock.monotonic()
            answer = http.request(service_url, clock, headers=headers, timeout=2 * CONNECT_TIMEOUT_SECONDS)
            return answer.status, clock.monotonic() - began

        look = SharedLook(ask)

        group = EXTERNAL_SERVICE_FAILURE
        limit = 3 * CONNECT_TIMEOUT_SECONDS
        return [
            TestCondition(
                "the service cannot be reached or does not answer",
                lambda: look.ask("answers", lambda seen: seen[0]),
                (http.ConnectError, TimeoutError),
                "raises",
                timeout_seconds=limit,
                any_of=group,
                if_false=0.01,
            ),
            TestCondition(
                "the service answers with a server error",
                lambda: look.ask("error", lambda seen: seen[0]),
                500,
                "greater_or_equal",
                timeout_seconds=limit,
                any_of=group,
                if_false=0.01,
            ),
            TestCondition(
                "the service limits our rate",
                lambda: look.ask("limit", lambda seen: seen[0]),
                429,
                "equals",
                timeout_seconds=limit,
                any_of=group,
                if_false=0.01,
            ),
            TestCondition(
                f"the service takes over {SLOW_SERVICE_SECONDS:g} s to answer",
                lambda: look.ask("seconds", lambda seen: seen[1]),
                SLOW_SERVICE_SECONDS,
                "greater_than",
                timeout_seconds=limit,
                any_of=group,
                if_false=0.03,
            ),
        ]

    @staticmethod
    def create_input_validation_hypothesis(
        test_data: Any, validation_function: Callable[[Any], Any]
    ) -> list[TestCondition]:
        """Return what is seen if the input is what fails: it is missing, or its validation rejects it.

        A validator rejects by a false result or by ``ValueError``, ``TypeError`` or ``AssertionError`` (so do
        pydantic and ``validate_data``); any other exception is a broken validator, and the condition could
        not be tested. A validator that returns None accepts, as those do that raise.
        """

        def verdict() -> str:
            try:
                answer = validation_function(test_data)
            except (ValueError, TypeError, AssertionError) as error:
                return f"rejected: {type(error).__name__}: {error}"
            return "accepted" if answer is None or answer else "rejected: the validator returned false"

        def is_missing() -> bool:
            return test_data is None or (hasattr(test_data, "__len__") and len(test_data) == 0)

        group = INPUT_VALIDATION_FAILURE
        return [
            TestCondition("the input is missing or empty", is_missing, None, "is_true", any_of=group, if_false=0.05),
            TestCondition(
                "the validation rejects the input",
                verdict,
                "^rejected",
                "matches",
                any_of=group,
                if_false=0.05,
            ),
        ]

    @staticmethod
    def for_mechanism(mechanism: str, look: LookOnce, *, causal_map: CausalMap | None = None) -> list[TestCondition]:
        """Return what is seen if this mechanism of the causal map is at work, and what would refute it.

        Generated from the map: its own detector, the effects that it makes likely, and the mechanisms with which it is
        easily confused (as falsifiers). ``look`` looks at the target once, and all conditions of a round share it:
        ``UltimateDiagnosticSystem.look`` is one.

        Raises:
            ConfigurationError: There is no such mechanism.
        """
        from diagnostics.hypothesis_testing.mechanisms import conditions_for

        return conditions_for(mechanism, look, causal_map=causal_map)

    @staticmethod
    def mechanisms(*, causal_map: CausalMap | None = None) -> tuple[str, ...]:
        """Return the mechanisms that ``for_mechanism`` knows: all of the map."""
        from diagnostics.causal_map.graph import standard_map

        return tuple(node.id for node in (causal_map if causal_map is not None else standard_map()))

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names that ``named`` knows."""
        return (DATABASE_CONNECTIVITY_ISSUES, RESOURCE_EXHAUSTION, EXTERNAL_SERVICE_FAILURE)

    @staticmethod
    def named(
        name: str,
        db_engine: Engine | AsyncEngine | None = None,
        service_url: str | None = None,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> list[TestCondition]:
        """Return the conditions of a hypothesis by its name.

        Raises:
            ConfigurationError: The name is unknown, or what it needs was not given.
        """
        if name == RESOURCE_EXHAUSTION:
            return CommonHypotheses.create_resource_exhaustion_hypothesis(clock=clock)
        if name == DATABASE_CONNECTIVITY_ISSUES:
            if db_engine is None:
                raise ConfigurationError(f"'{name}' needs db_engine.", hint="Pass the application's engine.")
            return CommonHypotheses.create_database_connectivity_hypothesis(db_engine, clock=clock)
        if name == EXTERNAL_SERVICE_FAILURE:
            if not service_url:
                raise ConfigurationError(
                    f"'{name}' needs service_url.",
                    hint="Pass the URL of the service, such as its health page.",
                )
            return CommonHypotheses.create_external_service_hypothesis(service_url, clock=clock)
        raise ConfigurationError(f"Unknown hypothesis {name!r}.", hint=f"Valid: {', '.join(CommonHypotheses.names())}.")
