from diagnostics.system_monitor.postgres.revisions import (
    ancestors,
    final_schema,
    heads,
    missing,
    ordered,
    parse_revision,
    state_of,
)

FIRST = '''"""first"""
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None

def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    op.create_table("gone", sa.Column("id", sa.Integer))

def downgrade():
    op.drop_table("users")
'''
SECOND = '''"""add things

More words.
"""
from alembic import op
import sqlalchemy as sa
from typing import Sequence, Union

revision: str = "b2"
down_revision: Union[str, None] = "a1"
branch_labels: Union[str, Sequence[str], None] = None

def upgrade() -> None:
    op.add_column("users", sa.Column("email", sa.Text()))
    op.drop_table("gone")
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("phone", sa.Text()))
        batch.alter_column("name", new_column_name="full_name")
    op.rename_table("users", "people")
'''


def revisions(*texts):
    found = [parse_revision(text) for text in texts]
    return {item.revision: item for item in found}


def chain(**parents):
    return revisions(*[f"revision = {name!r}\ndown_revision = {parent!r}\n" for name, parent in parents.items()])


def test_a_migration_is_read_without_being_run():
    item = parse_revision("raise SystemExit\nrevision = 'x'\ndown_revision = 'w'\n")

    assert (item.revision, item.parents) == ("x", ("w",))


def test_annotations_messages_and_merges_are_understood():
    item = parse_revision(SECOND)
    merge = parse_revision("revision = 'm'\ndown_revision = ('b', 'c')\n")

    assert (item.revision, item.parents, item.message) == ("b2", ("a1",), "add things")
    assert merge.parents == ("b", "c")


def test_a_file_with_a_syntax_error_is_still_read():
    assert parse_revision('revision = "x"\ndown_revision = "w"\ndef upgrade(:\n').parents == ("w",)


def test_what_is_no_migration_is_none():
    assert parse_revision("revision = 5\n") is None
    assert parse_revision("x = 1\n") is None


def test_the_schema_at_the_head_follows_every_operation():
    schema = final_schema(ordered(revisions(SECOND, FIRST)))

    assert schema == {"people": {"id", "full_name", "email", "phone"}}


def test_raw_sql_that_drops_makes_a_table_doubtful():
    raw = (
        'revision = "c3"\ndown_revision = "b2"\nfrom alembic import op\n'
        'def upgrade():\n    op.execute("ALTER TABLE people DROP COLUMN phone")\n'
    )

    assert final_schema(ordered(revisions(FIRST, SECOND, raw))) == {}


def test_missing_tables_and_columns_are_named():
    wanted = {"users": {"id", "email"}, "meetings": {"id"}}

    assert missing(wanted, {"users": {"id"}}) == [("meetings", ""), ("users", "email")]
    assert missing(wanted, {"users": {"id", "email"}, "meetings": {"id", "more"}}) == []


def test_heads_and_ancestors():
    files = chain(a=None, b="a", c="b", x="a")

    assert heads(files) == ("c", "x")
    assert ancestors(["c"], files) == {"a", "b", "c"}


def test_the_states_of_a_database():
    line = chain(a=None, b="a", c="b")

    assert state_of(["c"], line) == "current"
    assert state_of(["a"], line) == "behind"
    assert state_of([], line) == "behind"
    assert state_of(["zzz"], line) == "unknown_revision"
    assert state_of(["zzz"], line, known_elsewhere=True) == "ahead"
    assert state_of(["b"], chain(a=None, b="a", x="a")) == "multiple_heads"


def test_a_cycle_of_revisions_ends():
    assert {item.revision for item in ordered(chain(a="b", b="a"))} == {"a", "b"}
