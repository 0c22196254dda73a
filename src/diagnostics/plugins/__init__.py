"""The extension API: protocols, and the registry that finds what fits them."""
