"""What follows from the conditions: verdict, posterior, conclusion and what to look at next (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.model.hypothesis import ConditionResult, Verdict
from diagnostics.stats.proportions import Rate, trials_for, wilson
from diagnostics.stats.sequential import posterior, watched_rate

#: How likely a prediction is observed when the hypothesis holds: nothing is certain, a probe may look a
#: moment too late.
IF_TRUE = 0.95
#: A falsifier is not observed when the hypothesis holds; a probe errs sometimes.
NEVER = 0.99
#: Looks before "every time" means something, where nobody said how often to look.
FIRST_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One prediction over all its repetitions: what is judged.

    Attributes:
        name: In words; a group names its conditions.
        trials: Repetitions in which it was decided: observed, or all its conditions tested without being
            observed.
        successes: Repetitions in which it was observed.
        repetitions: How often it was tried.
        if_false: How likely it is observed although the hypothesis is false.
        if_true: How likely it is observed when the hypothesis holds.
    """

    name: str
    trials: int
    successes: int
    repetitions: int
    if_false: float
    if_true: float = IF_TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Verdict and the numbers behind it; ``falsified`` names the falsifiers that were observed."""

    verdict: Verdict
    rate: Rate
    posterior: float
    falsified: tuple[str, ...] = ()


def predictions(
    conditions: Sequence[tuple[str, str, float]], trials: Sequence[Sequence[bool | None]]
) -> tuple[Prediction, ...]:
    """Join conditions of one group into the prediction that one of them comes true.

    Args:
        conditions: Name, group (empty for none) and ``if_false`` of each.
        trials: For each condition what each repetition showed; None where it could not be tested.
    """
    groups: dict[object, list[int]] = {}
    for index, (_, group, _) in enumerate(conditions):
        groups.setdefault(group or index, []).append(index)
    joined = []
    for members in groups.values():
        rounds = list(zip(*(trials[i] for i in members), strict=True))
        seen = [_any(answers) for answers in rounds]
        # At least one of several unlikely things is more likely than each.
        none = math.prod(1.0 - conditions[i][2] for i in members)
        joined.append(
            Prediction(
                name=" or ".join(conditions[i][0] for i in members),
                trials=sum(s is not None for s in seen),
                successes=sum(s is True for s in seen),
                repetitions=len(seen),
                if_false=min(0.9, 1.0 - none),
            )
        )
    return tuple(joined)


def falsifier(name: str, if_false: float, trials: Sequence[bool | None]) -> Prediction:
    """Return a falsifier as the prediction that it is not observed."""
    tested = [seen for seen in trials if seen is not None]
    return Prediction(
        name=name,
        trials=len(tested),
        successes=sum(not seen for seen in tested),
        repetitions=len(trials),
        if_false=1.0 - if_false,
        if_true=NEVER,
    )


def judge(
    made: Sequence[Prediction],
    required: float,
    prior: float,
    *,
    falsifiers: Sequence[Prediction] = (),
    watched: bool = False,
) -> Judgement:
    """Return the verdict on a hypothesis from its predictions and falsifiers.

    - A falsifier was observed: refuted.
    - Nothing that is predicted could be tested: inconclusive.
    - Once each: the rate is a count. Supported when the required share is reached whatever the untested ones
      would show, refuted when it cannot be reached any more, else inconclusive.
    - Repeated: the rate is an estimate. Supported when all was tested and observed every time, or when
      Wilson's lower bound reaches the required rate; refuted when the upper bound stays below it, or when every
      time was required and one time showed otherwise; else inconclusive: repeat more often.
    - Repeated until it is settled (``watched``): the same by the confidence sequence, which holds at every look;
      all observed every time counts only where every time was required, and from the fifth look.
    """
    total = sum(p.repetitions for p in made)
    trials = sum(p.trials for p in made)
    successes = sum(p.successes for p in made)
    rate = _rate(successes, trials, watched=watched)
    said = [p for p in (*made, *falsifiers) if p.trials]
    after = posterior(sum(map(_log_ratio, said)), prior) if said else prior
    observed = tuple(f.name for f in falsifiers if f.successes < f.trials)
    if observed:
        return Judgement(verdict=Verdict.REFUTED, rate=rate, posterior=min(after, prior), falsified=observed)
    if trials == 0:
        return Judgement(verdict=Verdict.INCONCLUSIVE, rate=rate, posterior=after)
    missing = total - trials
    verdict = Verdict.INCONCLUSIVE
    every_time = successes == total
    if watched:
        every_time = every_time and required >= 1.0 and all(p.repetitions >= FIRST_LOOKS for p in made)
    if all(p.repetitions == 1 for p in made) and not watched:
        # The tolerance keeps 0.6 of 5 from failing at 2.9999999999999996.
        if successes >= required * total - 1e-9:
            verdict = Verdict.SUPPORTED
        elif successes + missing < required * total - 1e-9:
            verdict = Verdict.REFUTED
    elif every_time or (rate.low >= required and missing == 0):
        verdict = Verdict.SUPPORTED
    elif (required >= 1.0 and successes < trials) or (
        _rate(successes + missing, total, watched=watched).high < required
    ):
        verdict = Verdict.REFUTED
    return Judgement(verdict=verdict, rate=rate, posterior=after)


def _rate(successes: int, trials: int, *, watched: bool) -> Rate:
    if not watched:
        return wilson(successes, trials)
    seen = watched_rate(successes, trials)
    return Rate(successes=successes, n=trials, rate=seen.rate, low=seen.low, high=seen.high, confidence=seen.confidence)


def conclude(name: str, judgement: Judgement, conditions: Sequence[ConditionResult], required: float) -> str:
    """Return the verdict in words, with what decided it."""
    title = name.replace("_", " ")
    rate = judgement.rate
    observed = [c for c in conditions if c.passed and not c.refutes]
    missed = [c for c in conditions if c.passed is False and not c.refutes]
    untested = [c for c in conditions if c.passed is None and not c.refutes]
    if not conditions:
        return f"Inconclusive: '{title}' predicts nothing, so nothing was tested."
    if judgement.falsified:
        shown = [c for c in conditions if c.refutes and c.passed is False]
        return f"Refuted: what excludes it was observed: {_seen(shown)}."
    if rate.n == 0:
        return f"Inconclusive: no condition of '{title}' could be tested ({_first(untested)})."
    share = f"{rate.successes} of {rate.n} predictions observed"
    if any(c.trials > 1 for c in conditions):
        share += f" (95 % interval {rate.low:.0%} to {rate.high:.0%})"
    if judgement.verdict is Verdict.SUPPORTED:
        said = f"Supported: {share}; {_seen(observed)}"
        open_ = [c for c in conditions if c.refutes and c.passed is None]
        return f"{said}; but nobody could look whether {_first(open_)}." if open_ else f"{said}."
    if judgement.verdict is Verdict.REFUTED:
        return f"Refuted: {share}, {required:.0%} required; instead {_seen(missed)}."
    if untested:
        return f"Inconclusive: {share}, but {len(untested)} could not be tested ({_first(untested)})."
    return f"Inconclusive: {share}; this is too little to tell whether {required:.0%} is reached."


def recommend(
    judgement: Judgement, conditions: Sequence[ConditionResult], required: float, repetitions: int
) -> tuple[str, ...]:
    """Return what to look at next, never a fix: one supported hypothesis is no diagnosis."""
    decided = {c.any_of for c in conditions if c.passed and c.any_of}
    open_questions = [c for c in conditions if c.passed is None and c.any_of not in decided]
    advice = [f"Make it possible to test '{c.name}': {c.error}." for c in open_questions]
    if not conditions:
        advice.append("Write down what is seen if the hypothesis holds, and what is seen if it does not.")
    elif judgement.verdict is Verdict.SUPPORTED:
        seen = next((c for c in conditions if c.passed and not c.refutes), conditions[0])
        advice.append(f"Ask why '{seen.name}' is so: what is upstream of it, and since when?")
        if judgement.posterior < 0.9:
            advice.append("Test a rival that predicts the same: this was not improbable without the hypothesis.")
    elif judgement.verdict is Verdict.REFUTED:
        advice.append("Look elsewhere: test the next likely hypothesis.")
        some = next((c for c in conditions if c.passed and not c.refutes), None)
        if some is not None:
            advice.append(f"'{some.name}' was observed all the same: find out what else explains it.")
    elif all(c.passed is not None for c in conditions):
        needed = trials_for(required) if required < 1 else 2 * repetitions
        times = max(needed, 2 * repetitions)
        advice.append(f"Repeat more often: {times} repetitions can settle a rate of {required:.0%}.")
    return tuple(advice)


def _any(answers: tuple[bool | None, ...]) -> bool | None:
    if any(a is True for a in answers):
        return True
    return None if any(a is None for a in answers) else False


def _log_ratio(prediction: Prediction) -> float:
    """Log-likelihood ratio of a prediction: the mean over its repetitions, which are looks at one moment."""
    if prediction.trials == 0:
        return 0.0
    observed = math.log(prediction.if_true / prediction.if_false)
    missed = math.log((1.0 - prediction.if_true) / (1.0 - prediction.if_false))
    share = prediction.successes / prediction.trials
    return share * observed + (1.0 - share) * missed


def _seen(conditions: Sequence[ConditionResult]) -> str:
    shown = "; ".join(f"'{c.name}': {c.actual}" for c in conditions[:3])
    more = len(conditions) - 3
    return shown + (f"; and {more} more" if more > 0 else "")


def _first(conditions: Sequence[ConditionResult]) -> str:
    return f"'{conditions[0].name}': {conditions[0].error}" if conditions else "no reason given"
