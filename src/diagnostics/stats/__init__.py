"""The mathematics: numbers to estimates with intervals; the only importer of numpy and scipy.

Each module answers one question; ``compare`` is the front door, ``together`` corrects what was tested together.
Importing this package costs nothing; numpy and scipy are loaded when a function that needs them is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnostics.stats.comparison import compare
    from diagnostics.stats.verdicts import together

__all__ = ["compare", "together"]

_HOME = {"compare": "diagnostics.stats.comparison", "together": "diagnostics.stats.verdicts"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
