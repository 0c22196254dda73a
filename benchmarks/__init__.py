"""Measures what we cost, beside what others cost, as ratios within one run."""
