"""See `RELEASES`."""

from dataclasses import replace

from .r10 import RELEASE as UNMIGRATED

RELEASE = replace(UNMIGRATED, migrate=True)
