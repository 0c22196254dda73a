"""The knowledge: a graph of the ways in which a Python backend gets sick."""

from diagnostics.causal_map.graph import CausalMap, standard_map

__all__ = ["CausalMap", "standard_map"]
