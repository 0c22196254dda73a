"""Rules shared by the data sets: recall at k with ties by expectation, Wilson intervals."""

from collections.abc import Sequence

from diagnostics.stats.proportions import wilson


def recall(ranked: Sequence[tuple[str, float]], truth: str, k: int) -> float:
    """Return the credit for ``truth`` among the best ``k``; ties by expectation, no answer is a miss.

    With ``h`` names strictly above the truth and ``e`` equal to it (itself included): min(1, max(0, k - h) / e).
    A name that stands several times counts once, with its best score.
    """
    best: dict[str, float] = {}
    for name, score in ranked:
        best[name] = max(score, best.get(name, float("-inf")))
    if truth not in best:
        return 0.0
    above = sum(score > best[truth] for score in best.values())
    equal = sum(score == best[truth] for score in best.values())
    return min(1.0, max(0, k - above) / equal)


def rate(credits: Sequence[float]) -> str:
    """Return the mean and Wilson's 95 % interval (of the rounded count, where ties gave parts)."""
    if not credits:
        return "-"
    found = wilson(round(sum(credits)), len(credits))
    return f"{sum(credits) / len(credits):.3f} ({found.low:.2f}-{found.high:.2f})"
