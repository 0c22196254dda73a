"""Regular expressions that are compiled when they are first needed: most programs never need most of them."""

from __future__ import annotations

import re
from typing import Any


class LazyPattern:
    """Looks like a compiled pattern; its methods are those of the real one from the first use on.

    Example:
        >>> LazyPattern(r"a+").sub("b", "caat")
        'cbt'
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.source = pattern
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self.source, self.flags)
        for method in ("search", "match", "fullmatch", "sub", "finditer", "findall"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
