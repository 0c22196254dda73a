"""Root cause over many services: what changed, where, and which of it explains the rest.

``clues`` are what changed (from metrics, logs or traces), ``graph`` is who calls whom, ``rank`` compares the hypotheses "it began at
this node". The same inference as in the single backend: noisy-or along the edges, a leak for what nobody explains, and "nothing is
wrong" always in the race. Reading files is left to ``read``.
"""

from __future__ import annotations

from diagnostics.hypothesis_testing.fleet.answer import Answer, investigate
from diagnostics.hypothesis_testing.fleet.clues import Clue, Kind, Ranked, Ranking
from diagnostics.hypothesis_testing.fleet.graph import Graph
from diagnostics.hypothesis_testing.fleet.metrics import Seen, Table, look
from diagnostics.hypothesis_testing.fleet.rank import rank

__all__ = ["Answer", "Clue", "Graph", "Kind", "Ranked", "Ranking", "Seen", "Table", "investigate", "look", "rank"]
