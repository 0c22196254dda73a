"""Every Python block of the README and of the documentation is a test; the specification has tests of its own."""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    excludes=["docs/specification.md", "**/node_modules/**", ".venv/**"],
).pytest()
