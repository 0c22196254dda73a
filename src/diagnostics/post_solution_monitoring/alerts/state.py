"""The life of an alert, as two pure steps: what is the case, and what people are told of it."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.model.alert import AlertChange, AlertPhase, AlertRule, AlertState

NO_DATA_RULE = AlertRule(bad_to_fire=3, window=3, good_to_resolve=3)
"""No data is an alert of its own: three results in a row that say nothing."""


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
    if state.firing:
        firing = good < rule.good_to_resolve
        if not firing:
            recent = ()  # what was bad before the recovery must not help to fire again
    else:
        firing = sum(recent) >= rule.bad_to_fire
    entries = tuple(entry for entry in state.entries if seen - entry < rule.flap_window)
    if firing and not state.firing:
        entries = (*entries, seen)
    after = replace(state, seen=seen, recent=recent, good=good, firing=firing, entries=entries)
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
