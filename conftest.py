"""Every Python block of the README and of the documentation is a test; the specification has tests of its own."""

import os
import tempfile
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


def _elsewhere(namespace: dict[str, Any]) -> None:
    """Let the examples write their files into a folder that goes away."""
    namespace["_home"] = Path.cwd()
    namespace["_folder"] = tempfile.TemporaryDirectory()
    os.chdir(namespace["_folder"].name)


def _back(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_home"])
    namespace["_folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    excludes=["docs/specification.md", "**/node_modules/**", ".venv/**"],
    setup=_elsewhere,
    teardown=_back,
).pytest()
