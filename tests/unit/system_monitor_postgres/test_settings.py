from datetime import UTC, datetime

import pytest

from diagnostics.model.observation import Observations
from diagnostics.system_monitor.postgres.session import GUARDS
from diagnostics.system_monitor.postgres.settings import base_units, observations, value_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def setting(name, value, *, source="default", reset=None, boot="0", unit="", vartype="integer"):
    return {
        "name": name,
        "setting": value,
        "reset_val": reset or value,
        "boot_val": boot,
        "source": source,
        "unit": unit,
        "vartype": vartype,
    }


def seen(rows, overrides=(), url=None):
    return Observations(observations(rows, list(overrides), GUARDS, "app", url or {}, AT))


def test_our_own_guards_do_not_hide_what_the_application_has():
    row = setting("statement_timeout", "2000", source="session", reset="0", unit="ms")

    (got,) = seen([row]).readings("postgres.setting", setting="statement_timeout")

    assert (got.value, got.labels["value"], got.labels["source"]) == (0, "0", "default")


def test_a_role_override_is_shown_in_the_settings_unit():
    row = setting("statement_timeout", "2000", source="session", reset="300", unit="ms")
    override = {"role": "app", "database": "", "setting": "statement_timeout=300ms"}

    got = seen([row], [override]).readings("postgres.setting", setting="statement_timeout", source="role")

    assert {r.value for r in got} == {300}


def test_a_database_override_says_so():
    rows = [setting("work_mem", "64", source="database", unit="kB")]
    override = {"role": "", "database": "shop", "setting": "work_mem=64kB"}

    got = seen(rows, [override]).readings("postgres.setting", setting="work_mem", source="database")

    assert [r.value for r in got] == [64, 64]


def test_what_the_url_sets_is_a_source_of_its_own():
    row = setting("lock_timeout", "100", source="session", reset="10", unit="ms")

    got = seen([row], url={"lock_timeout": "10ms"}).readings("postgres.setting", setting="lock_timeout", source="url")

    assert {r.value for r in got} == {10}


def test_what_differs_from_the_default_is_shown_and_paths_are_not():
    rows = [
        setting("wal_compression", "on", source="configuration file", vartype="enum"),
        setting("config_file", "/x", source="override"),
    ]
    rows.append(setting("seq_page_cost", "1"))

    assert {r.labels["setting"] for r in seen(rows).readings("postgres.setting")} == {"wal_compression"}


@pytest.mark.parametrize(
    ("text", "unit", "result"),
    [
        ("2s", "ms", "2000"),
        ("1min", "s", "60"),
        ("64MB", "kB", "65536"),
        ("128MB", "8kB", "16384"),
        ("5", "ms", "5"),
        ("-1", "ms", "-1"),
        ("off", "", "off"),
    ],
)
def test_quantities_come_in_the_servers_unit(text, unit, result):
    assert base_units(text, unit) == result


def test_texts_are_zero_and_booleans_one_or_zero():
    assert (
        value_of("on", "bool"),
        value_of("off", "bool"),
        value_of("utf8", "string"),
        value_of("0.5", "real"),
    ) == (1, 0, 0, 0.5)
