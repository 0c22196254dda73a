"""The mathematics: numbers to estimates with intervals; the only importer of numpy and scipy.

Each module answers one question. Everything but rank tests, trends and exact p-values is plain Python.
Importing this package costs nothing; numpy and scipy are loaded when a function that needs them is called.
"""
