"""Part of diagnostics."""
