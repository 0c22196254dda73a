"""The torture test of safe change: killed, starved and cut off at every write, it leaves the old state or the new one.

``python -m lab.torture`` (or ``make torture``) runs all of it; tests/lab runs a sample.
"""
