"""Record: a frozen value that can also be read like a mapping and written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import Enum
from typing import Any


def plain(value: object) -> Any:
    """Return ``value`` as JSON knows it: dicts, lists, text, numbers, booleans and None."""
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Record):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(v) for v in value), key=repr)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


class Record:
    """Mixin for dataclasses: ``result["root_cause"]``, ``dict(result)``, ``result.to_json()``.

    Keys are the fields, then the properties of the class (not those whose name begins with ``_``).
    """

    __slots__ = ()

    @classmethod
    def _keys(cls) -> tuple[str, ...]:
        fields = [f.name for f in dataclasses.fields(cls) if not f.name.startswith("_")]  # type: ignore[arg-type]
        extra = [
            name
            for base in cls.__mro__
            for name, member in vars(base).items()
            if isinstance(member, property) and not name.startswith("_")
        ]
        return tuple(dict.fromkeys([*fields, *extra]))

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())

    def __contains__(self, key: object) -> bool:
        return key in self._keys()

    def keys(self) -> tuple[str, ...]:
        """Return the names that can be read."""
        return self._keys()

    def values(self) -> list[Any]:
        """Return the values in the order of the keys."""
        return [getattr(self, key) for key in self._keys()]

    def items(self) -> list[tuple[str, Any]]:
        """Return pairs of key and value."""
        return [(key, getattr(self, key)) for key in self._keys()]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return getattr(self, key) if key in self._keys() else default

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {key: plain(getattr(self, key)) for key in self._keys()}

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return one JSON document."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)


Mapping.register(Record)
