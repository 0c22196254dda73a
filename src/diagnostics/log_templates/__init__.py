"""Log messages to templates: one setting for every system, streaming, in bounded memory (pure)."""

from diagnostics.log_templates.miner import MOST_SHAPES, OTHER, OTHER_TEXT, Miner, Template
from diagnostics.log_templates.refine import MOST_WORDS
from diagnostics.log_templates.shapes import shape
from diagnostics.log_templates.text import fits, render

__all__ = ["MOST_SHAPES", "MOST_WORDS", "OTHER", "OTHER_TEXT", "Miner", "Template", "fits", "render", "shape"]
