"""Which container a process runs in, and of which image: read from ``/proc``, no engine is asked."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from diagnostics.runtime import host
from diagnostics.runtime.procfs import read_or_empty

_ID = re.compile(r"(?:docker[-/]|cri-containerd[-:]|crio-|libpod-|/containers/|kubepods[^\n]*?/)([0-9a-f]{64})\b")
_LAYERS = re.compile(r"lowerdir=([^,\s]+)")
_POD = re.compile(r"^(?P<workload>[a-z0-9-]+?)-(?P<template>[0-9a-f]{8,10})-[a-z0-9]{5}$")
#: Variables by which builds and platforms say what they run; their values are versions, never secrets.
RELEASE_VARIABLES = (
    "APP_VERSION", "IMAGE_TAG", "IMAGE_DIGEST", "GIT_SHA", "GIT_COMMIT", "COMMIT_SHA", "SOURCE_VERSION", "RELEASE",
    "RELEASE_VERSION", "SENTRY_RELEASE", "DD_VERSION", "HEROKU_SLUG_COMMIT", "HEROKU_RELEASE_VERSION", "K_REVISION",
    "RENDER_GIT_COMMIT", "RAILWAY_GIT_COMMIT_SHA", "VERCEL_GIT_COMMIT_SHA", "FLY_IMAGE_REF", "CI_COMMIT_SHA",
)  # fmt: skip
_VERSION = re.compile(r"^[\w.+@:/-]{1,120}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Where a process runs.

    Attributes:
        identity: Twelve digits of the container's id; empty outside of a container.
        image: Fingerprint of the layers of its file system: another one is another image; empty when not known.
        template: Kubernetes' hash of the pod's template: another one is another image or configuration.
        releases: Versions that its variables tell, by variable.
        started: Unix seconds at which its first process started.
    """

    identity: str
    image: str
    template: str
    releases: dict[str, str]
    started: float | None


def container_of(pid: int) -> Container:
    """Return the container of a process; all empty where there is none, or where it is not ours to see."""
    try:
        variables = host.environment(pid)
    except OSError:
        variables = {}
    mounts = read_or_empty(f"/proc/{pid}/mountinfo")
    identity = identity_in(read_or_empty(f"/proc/{pid}/cgroup") + mounts)
    return Container(
        identity=identity,
        image=image_in(mounts) if identity else "",
        template=template_in(variables.get("HOSTNAME", "")),
        releases=releases_in(variables),
        started=_first_start(pid) if identity else None,
    )


def identity_in(text: str) -> str:
    """Return the short id of the container that a cgroup file or a mount table names (pure).

    Example:
        >>> identity_in("0::/system.slice/docker-" + "ab12" * 16 + ".scope")
        'ab12ab12ab12'
    """
    found = _ID.search(text)
    return found[1][:12] if found else ""


def image_in(mounts: str) -> str:
    """Return a fingerprint of the layers below the root of an overlay file system; empty without one (pure)."""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] == "/" and " - overlay " in line:
            layers = _LAYERS.search(line)
            if layers:
                # The topmost lower layer holds this container's own name and address files; the image lies below.
                names = layers[1].split(":")
                below = names[1:] if len(names) > 1 else names
                return hashlib.sha256(":".join(below).encode()).hexdigest()[:16]
    return ""


def template_in(hostname: str) -> str:
    """Return the hash of a Kubernetes deployment's pod template, empty for other names (pure).

    Example:
        >>> template_in("shop-api-7d9f8c6b54-x2x4z")
        '7d9f8c6b54'
    """
    found = _POD.match(hostname)
    return found["template"] if found else ""


def releases_in(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables that tell a version (pure)."""
    return {name: variables[name] for name in RELEASE_VARIABLES if _VERSION.match(variables.get(name, "")) is not None}


def _first_start(pid: int) -> float | None:
    """Return when the first process in the namespace of a process started."""
    try:
        space = Path(f"/proc/{pid}/ns/pid").readlink()
        boot = host.cpu_times().boot_time
        starts = [stat.start_ticks for stat in host.all_processes().values() if _same_space(stat.pid, space)]
    except OSError:
        return None
    return boot + min(starts) / host.ticks_per_second() if starts else None


def _same_space(pid: int, space: Path) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid") == str(space)  # noqa: PTH115 - no Path object per process
    except OSError:
        return False
