"""Variables of the process as they were: set, changed and removed ones come back."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from diagnostics.safe_implementation.store import Store


def capture(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all variables; the caller puts them where nobody else can read them."""
    return dict(os.environ if environ is None else environ)


def keep(variables: Mapping[str, str], store: Store) -> str:
    """Store variables in a private object and return its digest."""
    return store.put_json(dict(variables))


def changed_names(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names, never the values, of variables that differ."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def restore(before: Mapping[str, str], environ: MutableMapping[str, str] | None = None) -> list[str]:
    """Make the variables of this process as they were; return the names that differed."""
    environ = os.environ if environ is None else environ
    names = changed_names(before, environ)
    for name in names:
        _put(environ, name, before.get(name))
    return names


def restore_after_restart(
    before: Mapping[str, str], after: Mapping[str, str], environ: MutableMapping[str, str] | None = None
) -> list[str]:
    """Undo in another process only what the change did, and only where its effect is seen.

    The process that was changed is gone and its variables with it. A variable that has neither the old nor
    the new
    value was set by somebody else (a rotated password), and stays.
    """
    environ = os.environ if environ is None else environ
    names = [name for name in changed_names(before, after) if environ.get(name) == after.get(name)]
    for name in names:
        _put(environ, name, before.get(name))
    return names


def _put(environ: MutableMapping[str, str], name: str, value: str | None) -> None:
    if value is None:
        environ.pop(name, None)
    else:
        environ[name] = value
