"""Finds the root cause of a sick Python backend with evidence, and cures it safely."""
