"""The command line: verbs, flags and what a person sees."""
