"""The fault laboratory: real faults injected into the running example, and healthy controls."""
