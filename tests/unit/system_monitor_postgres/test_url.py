import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.system_monitor.postgres.url import parse_database_url


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"]
)
def test_every_usual_scheme_is_the_same_place(scheme):
    address = parse_database_url(f"{scheme}://app:s%40cret@db.example:6432/shop")

    assert address.hosts == (("db.example", 6432),)
    assert (address.user, address.password, address.database) == ("app", "s@cret", "shop")


def test_a_password_may_hold_an_unescaped_at_sign_and_slash():
    address = parse_database_url("postgresql://app:p@ss/w@db/shop")

    assert (address.password, address.hosts, address.database) == ("p@ss/w", (("db", 5432),), "shop")


def test_the_password_is_in_no_repr():
    assert "hunter2" not in repr(parse_database_url("postgresql://app:hunter2@db/shop?options=-c%20a.b=hunter2"))


def test_a_socket_folder_and_a_conninfo_are_understood():
    by_url = parse_database_url("postgresql+psycopg://app@/shop?host=/run/pg&port=5433")
    by_words = parse_database_url(r"host=/run/pg port=5433 user=app dbname=shop password='it\'s me'")

    assert by_url.hosts == by_words.hosts == (("/run/pg", 5433),)
    assert by_words.password == "it's me"


def test_several_hosts_are_tried_in_their_order():
    assert parse_database_url("postgresql://a:1,b:2/x").hosts == (("a", 1), ("b", 2))
    assert parse_database_url("postgresql://u@/x?host=a,b&port=1,2").hosts == (("a", 1), ("b", 2))


def test_an_ipv6_address_keeps_its_colons():
    assert parse_database_url("postgresql://u@[::1]:5433/x").hosts == (("::1", 5433),)


def test_asyncpg_ssl_becomes_sslmode_and_driver_options_are_dropped():
    address = parse_database_url("postgresql+asyncpg://u@h/x?ssl=require&prepared_statement_cache_size=0")

    assert address.parameters == {"sslmode": "require"}


def test_settings_in_the_url_are_seen():
    address = parse_database_url("postgresql://u@h/x?options=-c%20statement_timeout%3D500%20-csearch_path%3Da")

    assert address.settings == {"statement_timeout": "500", "search_path": "a"}


@pytest.mark.parametrize("text", ["mysql://u:secret@h/x", "nonsense", "", "postgresql://u:secret@h:99999/x"])
def test_what_is_no_postgresql_address_is_refused_without_its_secret(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_database_url(text)

    assert "secret" not in str(caught.value)
