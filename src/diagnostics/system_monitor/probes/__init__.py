"""Probes of host, processes, logs, changes, endpoints and services."""
