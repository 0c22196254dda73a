"""Executable remedies by name; the causal map's ``Remedy.action`` names one of them."""

from __future__ import annotations

from importlib import import_module

from diagnostics.errors import ConfigurationError
from diagnostics.safe_implementation.actions.base import Action

_HERE = "diagnostics.safe_implementation.actions"
_ACTIONS = {
    "terminate-session": "sessions:TerminateSession",
    "cancel-query": "sessions:CancelQuery",
    "create-index": "indexes:CreateIndex",
    "set-postgres-setting": "settings:SetPostgresSetting",
    "run-migrations": "migrations:RunMigrations",
    "revert-commit": "commits:RevertCommit",
    "restore-file": "paths:RestoreFile",
    "rotate-log": "paths:RotateLog",
    "truncate-file": "paths:TruncateFile",
    "set-config-value": "configuration:SetConfigValue",
    "switch-endpoint": "configuration:SwitchEndpoint",
    "switch-release": "releases:SwitchRelease",
    "advance-sequence": "statements:AdvanceSequence",
    "grant-privilege": "statements:GrantPrivilege",
    "analyze-table": "statements:AnalyzeTable",
    "restart-process": "processes:RestartProcess",
    "signal-process": "processes:SignalProcess",
}


def action_names() -> tuple[str, ...]:
    """Return the names of all executable actions."""
    return tuple(_ACTIONS)


def get_action(name: str) -> Action:
    """Return an action by its name.

    Raises:
        ConfigurationError: There is none of that name.
    """
    try:
        module, _, attribute = _ACTIONS[name].partition(":")
    except KeyError:
        raise ConfigurationError(f"There is no action {name!r}.", hint=f"Valid: {', '.join(_ACTIONS)}.") from None
    action: Action = getattr(import_module(f"{_HERE}.{module}"), attribute)()
    return action


__all__ = ["Action", "action_names", "get_action"]
