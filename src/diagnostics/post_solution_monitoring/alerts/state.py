"""The life of an alert, as two pure steps: what is the case, and what people are told of it."""

from __future__ import annotations

import math
from dataclasses import replace

from diagnostics.model.alert import AlertChange, AlertPhase, AlertRule, AlertState

NO_DATA_RULE = AlertRule(bad_to_fire=3, window=3, good_to_resolve=3)
"""No data is an alert of its own: three results in a row that say nothing."""


CHANCE = 5e-6
"""How probable a window that fires by chance may be: with a look a minute, one false alarm in some months."""
PRIOR_QUIET, PRIOR_NOISE = 500.0, 0.5
"""A check is taken to fail by chance once in a thousand looks until its own looks say otherwise."""
MOST_QUIET = 10_000
"""Looks after which those before count half: a week of minutes."""
HALF_DEAD = 1e-5
"""How probable as many good results in a row may be, by what got through during the outage, for it to count as over."""
LEAST_EPISODE = 10
"""Results of an outage before what got through says something about it."""
MOST_GOOD = 30


def bad_needed(state: AlertState, rule: AlertRule) -> int:
    """Return how many bad results in the window make it fire: the rule's number, or one more where noise would reach it.

    A rule that even a quiet check would reach by chance was meant to be that sensitive, and stays as it is.

    Example:
        >>> bad_needed(AlertState(), AlertRule()), bad_needed(AlertState(quiet=5000, noise=100), AlertRule())
        (3, 4)
    """
    if not rule.adapts or rule.bad_to_fire >= rule.window or _tail(rule, PRIOR_NOISE / PRIOR_QUIET) > CHANCE:
        return rule.bad_to_fire
    noise = (state.noise + PRIOR_NOISE) / (state.quiet + PRIOR_QUIET)
    return rule.bad_to_fire + (_tail(rule, noise) > CHANCE)


def _tail(rule: AlertRule, p: float) -> float:
    """Return how probable it is that a window holds enough bad results when each is bad with this probability."""
    n = rule.window
    return sum(math.comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(rule.bad_to_fire, n + 1))


def good_needed(state: AlertState, rule: AlertRule) -> int:
    """Return how many good results in a row end the alert: more where good ones came through while it was failing.

    Example:
        >>> good_needed(AlertState(episode=60), AlertRule()), good_needed(AlertState(episode=60, passed=20), AlertRule())
        (5, 11)
    """
    failing = state.episode - state.good
    if not rule.adapts or rule.good_to_resolve < 2 or failing < LEAST_EPISODE:
        return rule.good_to_resolve
    through = (state.passed - state.good + 0.5) / (failing + 1.0)
    return max(rule.good_to_resolve, min(MOST_GOOD, math.ceil(math.log(HALF_DEAD) / math.log(through))))


def step(state: AlertState, rule: AlertRule, *, bad: bool) -> AlertState:
    """Return the state after one more result.

    Example:
        >>> state = AlertState()
        >>> for bad in (True, False, True, True):
        ...     state = step(state, AlertRule(), bad=bad)
        >>> state.phase
        <AlertPhase.FIRING: 'firing'>
    """
    seen = state.seen + 1
    recent = (*state.recent, bad)[-rule.window :]
    good = 0 if bad else state.good + 1
    quiet, noise, episode, passed = state.quiet, state.noise, state.episode, state.passed
    if state.firing:
        episode, passed = episode + 1, passed + (not bad)
        counted = replace(state, good=good, episode=episode, passed=passed)
        firing = good < good_needed(counted, rule)
        if not firing:
            recent = ()  # what was bad before the recovery must not help to fire again
    else:
        firing = sum(recent) >= rule.bad_to_fire and sum(recent) >= bad_needed(state, rule)
        episode, passed = sum(recent), 0
        if not state.flapping:
            quiet, noise = quiet + 1, noise + bad
            if firing:
                noise = max(0, noise - sum(recent))  # these were no noise
            elif quiet > MOST_QUIET:
                quiet, noise = quiet // 2, noise // 2
    entries = tuple(entry for entry in state.entries if seen - entry < rule.flap_window)
    if firing and not state.firing:
        entries = (*entries, seen)
    after = replace(
        state, seen=seen, recent=recent, good=good, firing=firing, entries=entries, quiet=quiet, noise=noise,
        episode=episode, passed=passed,
    )  # fmt: skip
    if not state.flapping:
        flapping = firing and not state.firing and len(entries) >= rule.flap_entries
        return replace(after, flapping=flapping, held=0)
    held = state.held + 1 if firing is state.firing else 0
    if held >= rule.settle_after:
        return replace(after, flapping=False, held=0, entries=())
    return replace(after, held=held)


def announce(state: AlertState, announced: AlertPhase, *, silenced: bool) -> tuple[AlertPhase, AlertChange | None]:
    """Return what people know now, and what they are told to know it.

    It compares what is the case with what was announced, instead of reacting to the moment of a change: so a
    silence, a restart or a lost message delays a notice and never loses one. Recoveries are told in any case.

    Args:
        state: What is the case.
        announced: ``OK``, ``FIRING`` or ``FLAPPING``: the last that people were told.
        silenced: A parent fails, or a maintenance window is open.
    """
    if not state.is_open:
        due = AlertPhase.OK
    else:
        due = AlertPhase.FLAPPING if state.flapping else AlertPhase.FIRING
    if due is announced or (silenced and due is not AlertPhase.OK):
        return announced, None
    if due is AlertPhase.OK:
        return due, AlertChange.RESOLVED
    if announced is AlertPhase.OK and state.phase is AlertPhase.RESOLVING:
        return announced, None  # a silence ended while it recovers: to fire now would be to resolve soon
    if due is AlertPhase.FLAPPING:
        return due, AlertChange.FLAPPING
    return due, AlertChange.SETTLED if announced is AlertPhase.FLAPPING else AlertChange.FIRED
