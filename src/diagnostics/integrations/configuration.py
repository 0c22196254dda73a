"""Receivers from a TOML file; secrets come from variables or files, never from its text."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diagnostics.errors import ConfigurationError
from diagnostics.integrations.routing import Routed
from diagnostics.model.alert import AlertSeverity
from diagnostics.plugins.protocols import AlertChannel

#: kind -> (module, class, settings that are secrets)
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "pagerduty": ("pagerduty", "PagerDutyChannel", ("routing_key",)),
    "slack": ("slack", "SlackChannel", ("webhook_url", "token")),
    "telegram": ("telegram", "TelegramChannel", ("token",)),
    "email": ("email", "EmailChannel", ("password",)),
    "webhook": ("webhook", "WebhookChannel", ("secret",)),
    "jira": ("jira", "JiraChannel", ("token",)),
    "servicenow": ("servicenow", "ServiceNowChannel", ("password",)),
    "syslog": ("siem", "SyslogChannel", ()),
}
_OWN = ("kind", "minimum", "components")


def channels_from(path: Path, *, environment: Mapping[str, str] | None = None) -> list[AlertChannel]:
    """Return the receivers that a file describes, one ``[[channel]]`` each.

    ``kind`` says which one, ``minimum`` (info, warning or critical) and ``components`` (patterns) what it takes; the
    other keys are the arguments of its class. A secret is ``"env:NAME"`` or ``"file:PATH"``.

    Raises:
        ConfigurationError: The file cannot be read, or a channel is not as it should be; names which.
        MissingExtraError: A channel needs an extra that is not installed.
    """
    variables = os.environ if environment is None else environment
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
    described = document.get("channel")
    if not isinstance(described, list) or not described:
        raise ConfigurationError(f"{path.name} describes no [[channel]].", hint=f"Kinds: {', '.join(_KINDS)}.")
    channels = [_channel(number, one, variables, path.parent) for number, one in enumerate(described, start=1)]
    names = [channel.name for channel in channels]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{path.name}: two channels are named {twice[0]!r}.", hint="Give one a `name`.")
    return channels


def _channel(number: int, told: Mapping[str, Any], variables: Mapping[str, str], folder: Path) -> AlertChannel:
    kind = str(told.get("kind", ""))
    where = f"Channel {number} ({kind or 'without kind'})"
    if kind not in _KINDS:
        raise ConfigurationError(f"{where}: unknown kind.", hint=f"Choose from: {', '.join(_KINDS)}.")
    module, class_name, secrets = _KINDS[kind]
    settings = {key: value for key, value in told.items() if key not in _OWN}
    for key in secrets:
        if key in settings:
            settings[key] = _secret(where, key, settings[key], variables, folder)
    from importlib import import_module

    factory: Callable[..., AlertChannel] = getattr(import_module(f"diagnostics.integrations.{module}"), class_name)
    try:
        made = factory(**settings)
        minimum = AlertSeverity(str(told.get("minimum", "info")).upper())
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{where}: {error}") from error
    return Routed(made, minimum=minimum, components=tuple(told.get("components", ("*",))))


def _secret(where: str, key: str, said: object, variables: Mapping[str, str], folder: Path) -> str:
    text = str(said)
    origin, _, name = text.partition(":")
    if origin == "env" and name:
        found = variables.get(name)
        if not found:
            raise ConfigurationError(f"{where}: the variable {name} for {key} is not set.")
        return found
    if origin == "file" and name:
        try:
            return (folder / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"{where}: {key}: {error.strerror}: {name}") from error
    raise ConfigurationError(f"{where}: {key} is a secret.", hint='Write "env:NAME" or "file:PATH" instead of it.')
