"""See `RELEASES`."""

from dataclasses import replace

from .r12 import RELEASE as UNMIGRATED

RELEASE = replace(UNMIGRATED, migrate=True)
