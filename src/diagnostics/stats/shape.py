"""What do the values look like? Checks of what tests take for granted, on values about their own medians."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.stats.summary import MAD_TO_SIGMA, quantile
from diagnostics.stats.verdicts import Assumption

#: Normal data have 0.27 % of their values beyond three standard deviations, t with three degrees of freedom 4 %.
FAR_SHARE = 0.015
#: Above the uniform distribution's 5/9 a sample has two modes, or a long tail.
TWO_MODES = 5.0 / 9.0
#: A single value that makes up more of a sample than this is no continuous measurement.
TIED = 0.2
#: Spreads that differ more than this need a test that allows it.
SPREADS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Form of two samples, each about its own median.

    Attributes:
        far: Share of values beyond three robust standard deviations.
        bimodality: Sarle's coefficient; above 5/9 for two modes (and for long tails).
        tied: Share of the most frequent value.
        spread_ratio: The larger spread (interquartile range) over the smaller.
    """

    far: float
    bimodality: float
    tied: float
    spread_ratio: float

    @property
    def is_regular(self) -> bool:
        """Whether means describe such values well."""
        return self.far <= FAR_SHARE and self.bimodality <= TWO_MODES and self.tied <= TIED

    def assumptions(self, scale: str) -> tuple[Assumption, ...]:
        """Return what holds of light tails, one mode, no ties and equal spreads, on the scale of the test."""
        return (
            Assumption(
                name="light tails",
                holds=self.far <= FAR_SHARE,
                detail=f"{self.far:.1%} of the {scale} lie beyond three standard deviations (normal: 0.3 %)",
            ),
            Assumption(
                name="one mode",
                holds=self.bimodality <= TWO_MODES,
                detail=f"bimodality coefficient {self.bimodality:.2f} (uniform: 0.56)",
            ),
            Assumption(
                name="few ties",
                holds=self.tied <= TIED,
                detail=f"the most frequent value makes up {self.tied:.0%}",
            ),
            Assumption(
                name="equal spreads",
                holds=self.spread_ratio <= SPREADS,
                detail=f"one is {self.spread_ratio:.2g} times the other; the test allows for it",
            ),
        )


def shape_of(before: Sequence[float], after: Sequence[float]) -> Shape:
    """Return the form of two samples.

    Source: Sarle's coefficient as in SAS/STAT (1990) and Pfister et al. (2013), Front. Psychol. 4:700.
    """
    centred: list[float] = []
    spreads = []
    for values in (before, after):
        ordered = sorted(values)
        middle = quantile(ordered, 0.5)
        spreads.append(quantile(ordered, 0.75) - quantile(ordered, 0.25))
        centred.extend(v - middle for v in values)
    n = len(centred)
    scale = MAD_TO_SIGMA * quantile(sorted(abs(c) for c in centred), 0.5)
    far = sum(abs(c) > 3.0 * scale for c in centred) / n if scale > 0.0 else 1.0
    tied = max(max(Counter(values).values()) / len(values) for values in (before, after))
    low, high = min(spreads), max(spreads)
    return Shape(
        far=far,
        bimodality=_bimodality(centred),
        tied=tied if n > 20 else 0.0,
        spread_ratio=high / low if low > 0.0 else (1.0 if high == 0.0 else math.inf),
    )


def _bimodality(values: Sequence[float]) -> float:
    n = len(values)
    if n < 4:
        return 0.0
    mean = math.fsum(values) / n
    m2, m3, m4 = (math.fsum((v - mean) ** k for v in values) / n for k in (2, 3, 4))
    if m2 <= 0.0:
        return 1.0
    skew = m3 / m2**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3.0) + 6.0)
    return float(skew * skew + 1.0) / (excess + 3.0 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
