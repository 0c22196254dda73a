"""Fixtures that every test may use: a real PostgreSQL, and new databases in it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: what must be fast is measured in benchmarks/, never by a deadline of a test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)  # `examples` and `lab`, also when a test is started from elsewhere

from examples.support.postgres import Postgres, running_postgres  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server that the whole session shares; a test that stops or breaks it starts its own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The URL of the shared server's application database."""
    return postgres.url


@pytest.fixture
def fresh_database(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    name = f"fresh_{next(_numbers)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)
