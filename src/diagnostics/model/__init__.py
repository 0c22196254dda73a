"""The language: frozen values that every package speaks, without I/O."""
