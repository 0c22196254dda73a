"""Read migrations without importing them: the code of a sick application is not ours to run (pure)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change of the schema.

    ``kind`` is ``add_table``, ``add_column``, ``drop_table``, ``drop_column``, ``rename_table``, ``rename_column``
    (``name``: old and new, one a line) or ``raw`` (``name``: the SQL text).
    """

    kind: str
    table: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One migration file."""

    revision: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    message: str = ""
    operations: tuple[Operation, ...] = field(default=())


def parse_revision(text: str) -> Revision | None:
    """Return what a migration file says of itself, or None when it is no Alembic migration."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return _by_text(text)
    values: dict[str, object] = {}
    upgrade: ast.AST | None = None
    for node in tree.body:
        name, value = _assignment(node)
        if name in {"revision", "down_revision", "depends_on"} and value is not None:
            try:
                values[name] = ast.literal_eval(value)
            except ValueError:
                continue
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade":
            upgrade = node
    revision = values.get("revision")
    if not isinstance(revision, str) or "down_revision" not in values:
        return None
    message = (ast.get_docstring(tree) or "").strip().splitlines()[:1]
    return Revision(
        revision=revision,
        parents=_names(values.get("down_revision")),
        depends_on=_names(values.get("depends_on")),
        message=message[0] if message else "",
        operations=tuple(_operations(upgrade)) if upgrade is not None else (),
    )


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


_REVISION = re.compile(r"^revision\b[^=\n]*=\s*['\"]([^'\"]+)", re.MULTILINE)
_DOWN = re.compile(r"^down_revision\b[^=\n]*=\s*(?:['\"]([^'\"]+)|None)", re.MULTILINE)


def _by_text(text: str) -> Revision | None:
    revision, down = _REVISION.search(text), _DOWN.search(text)
    if revision is None or down is None:
        return None
    return Revision(revision=revision[1], parents=_names(down[1]))


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, tuple | list | set) else ()


def _operations(upgrade: ast.AST) -> Iterable[Operation]:
    yield from _walk(upgrade, {})


def _walk(node: ast.AST, batches: Mapping[str, str]) -> Iterable[Operation]:
    """Yield the operations in the order of the text; ``batches`` maps a batch's variable to its table."""
    if isinstance(node, ast.With):
        inner = dict(batches)
        for item in node.items:
            call, target = item.context_expr, item.optional_vars
            if isinstance(call, ast.Call) and isinstance(target, ast.Name) and _method(call)[1] == "batch_alter_table":
                inner[target.id] = _text(call, 0, "table_name")
        for statement in node.body:
            yield from _walk(statement, inner)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, batches)
    if isinstance(node, ast.Call):
        yield from _call(node, batches)


def _method(call: ast.Call) -> tuple[str, str]:
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id, call.func.attr
    return "", ""


def _argument(call: ast.Call, index: int, name: str) -> ast.expr | None:
    if index < len(call.args):
        return call.args[index]
    return next((item.value for item in call.keywords if item.arg == name), None)


def _text(call: ast.Call, index: int, name: str) -> str:
    value = _argument(call, index, name)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _column(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call):
        function = value.func
        called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if called == "Column":
            return _text(value, 0, "name")
    return ""


def _call(call: ast.Call, batches: Mapping[str, str]) -> Iterable[Operation]:
    owner, method = _method(call)
    if owner != "op" and owner not in batches:
        return
    # Inside a batch the table is known and the arguments move up by one.
    first = 0 if owner in batches else 1
    table = batches[owner] if owner in batches else _text(call, 0, "table_name")
    if method == "execute":
        sql = " ".join(n.value for n in ast.walk(call) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        yield Operation(kind="raw", table="", name=sql)
    elif method == "create_table" and table:
        yield Operation(kind="add_table", table=table)
        for argument in call.args[1:]:
            name = _column(argument)
            if name:
                yield Operation(kind="add_column", table=table, name=name)
    elif method == "add_column" and table:
        name = _column(_argument(call, first, "column"))
        if name:
            yield Operation(kind="add_column", table=table, name=name)
    elif method == "drop_column" and table:
        yield Operation(kind="drop_column", table=table, name=_text(call, first, "column_name"))
    elif method == "drop_table" and table:
        yield Operation(kind="drop_table", table=table)
    elif method == "rename_table" and (_text(call, 0, "old_table_name")):
        yield Operation(
            kind="rename_table", table=_text(call, 0, "old_table_name"), name=_text(call, 1, "new_table_name")
        )
    elif method == "alter_column" and table:
        renamed = next((k.value for k in call.keywords if k.arg in {"new_column_name", "name"}), None)
        if isinstance(renamed, ast.Constant) and isinstance(renamed.value, str):
            old = _text(call, first, "column_name")
            yield Operation(kind="rename_column", table=table, name=f"{old}\n{renamed.value}")


def heads(revisions: Mapping[str, Revision]) -> tuple[str, ...]:
    """Return the revisions that nobody follows."""
    parents = {parent for item in revisions.values() for parent in item.parents}
    return tuple(sorted(name for name in revisions if name not in parents))


def ancestors(start: Iterable[str], revisions: Mapping[str, Revision]) -> set[str]:
    """Return those revisions and all that come before them."""
    seen: set[str] = set()
    front = [name for name in start if name in revisions]
    while front:
        name = front.pop()
        if name in seen:
            continue
        seen.add(name)
        item = revisions[name]
        front.extend(parent for parent in (*item.parents, *item.depends_on) if parent in revisions)
    return seen


def ordered(revisions: Mapping[str, Revision]) -> list[Revision]:
    """Return all revisions, parents first."""
    done: dict[str, Revision] = {}
    waiting = dict(sorted(revisions.items()))
    while waiting:
        ready = [
            name
            for name, item in waiting.items()
            if all(parent in done or parent not in revisions for parent in (*item.parents, *item.depends_on))
        ]
        if not ready:  # a cycle: take the rest as it stands
            ready = list(waiting)
        for name in ready:
            done[name] = waiting.pop(name)
    return list(done.values())


def final_schema(revisions: Iterable[Revision]) -> dict[str, set[str]]:
    """Return the tables and columns that exist after these migrations, as far as their text tells.

    Raw SQL is not understood: a table that raw SQL drops or renames, or whose columns it drops or renames, is
    left out.
    """
    schema: dict[str, set[str]] = {}
    doubtful: list[str] = []
    for item in revisions:
        for step in item.operations:
            _apply(step, schema, doubtful)
    raw = " ".join(doubtful).lower()
    return {
        table: columns for table, columns in schema.items() if not re.search(rf"\b{re.escape(table.lower())}\b", raw)
    }


def _apply(step: Operation, schema: dict[str, set[str]], doubtful: list[str]) -> None:
    if step.kind == "add_table":
        schema[step.table] = set()
    elif step.kind == "add_column":
        schema.setdefault(step.table, set()).add(step.name)
    elif step.kind == "drop_table":
        schema.pop(step.table, None)
    elif step.kind == "drop_column":
        schema.get(step.table, set()).discard(step.name)
    elif step.kind == "rename_table":
        schema[step.name] = schema.pop(step.table, set())
    elif step.kind == "rename_column":
        old, _, new = step.name.partition("\n")
        columns = schema.setdefault(step.table, set())
        columns.discard(old)
        columns.add(new)
    elif re.search(r"\b(drop|rename)\b", step.name, re.IGNORECASE):
        doubtful.append(step.name)


def missing(wanted: Mapping[str, set[str]], present: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Return (table, column) that are not there; the column is empty when the table is missing."""
    found: list[tuple[str, str]] = []
    for table, columns in sorted(wanted.items()):
        if table not in present:
            found.append((table, ""))
        else:
            found.extend((table, column) for column in sorted(columns - present[table]))
    return found


def state_of(database: Iterable[str], revisions: Mapping[str, Revision], known_elsewhere: bool = False) -> str:
    """Return the state of a database whose ``alembic_version`` holds these rows."""
    rows = set(database)
    tops = heads(revisions)
    if len(tops) > 1:
        return "multiple_heads"
    if rows - set(revisions):
        return "ahead" if known_elsewhere else "unknown_revision"
    return "current" if rows == set(tops) else "behind"
