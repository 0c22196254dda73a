"""Root cause and anomaly benchmarks on public data."""
