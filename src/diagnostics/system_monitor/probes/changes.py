"""What changed: commits, files, migrations, packages, containers, credentials, environment, settings, restarts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diagnostics.model.finding import Baseline
from diagnostics.model.observation import FailureKind, Observation, Observations, Reading, Unit
from diagnostics.runtime import host
from diagnostics.runtime.clock import Clock
from diagnostics.system_monitor.probes import containers, credentials, packages, repository, sources
from diagnostics.system_monitor.probes.notes import Notes, clean
from diagnostics.system_monitor.probes.process import digest_key, environment_digest

MOST_PACKAGES = 50
MOST_INSTALLATIONS = 5
LATELY_SECONDS = 86_400.0
#: Set anew by shells, service managers and terminals at each start: they say nothing about a deploy.
VOLATILE_VARIABLES = frozenset(
    {
        "_", "SHLVL", "OLDPWD", "PWD", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "NOTIFY_SOCKET",
        "LISTEN_PID", "LISTEN_FDS", "WATCHDOG_PID", "WATCHDOG_USEC", "MAINPID", "TERM", "COLUMNS", "LINES",
        "LS_COLORS", "SSH_CLIENT", "SSH_CONNECTION",
        "SSH_TTY", "SSH_AUTH_SOCK", "XDG_SESSION_ID", "WINDOWID", "HOSTNAME",
        "STY", "TMUX", "TMUX_PANE", "DBUS_SESSION_BUS_ADDRESS",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesProbe:
    """Looks for what is new; together with a baseline also for what differs.

    Attributes:
        pids: The diagnosed processes.
        repository: Folder of the application's source, a Git working copy or not.
        migrations: Alembic folder; searched in the repository when not given.
        baseline: What was normal.
    """

    pids: tuple[int, ...] = ()
    repository: str | None = None
    migrations: str | None = None
    baseline: Baseline | None = None
    name: str = "change"
    deadline_seconds: float = field(default=10.0)

    def observe(self, clock: Clock) -> Iterable[Observation]:
        """Yield the readings of section Changes that need no other probe."""
        notes = Notes(clock.now())
        if self.repository is not None:
            yield from _repository(Path(self.repository), notes.of("git log, reflog and status"))
        yield from self._migrations(notes)
        yield from self._packages(notes)
        yield from self._installations(notes.of("times of dist-info folders"))
        yield from self._containers(notes.of("/proc/<pid>/cgroup, mountinfo, environ"))
        yield from self._credentials(notes.of("/proc/<pid>/environ"))
        yield from self._environment(notes.of("/proc/<pid>/environ"))

    def conclude(self, observations: Observations, clock: Clock) -> Iterable[Observation]:
        """Yield what follows from the other probes: changed settings, restarts, which code of a traceback talks outside."""
        notes = Notes(clock.now())
        if self.baseline is not None:
            yield from changed_settings(observations, self.baseline, notes)
        yield from restarts(observations, self.baseline, notes)
        yield from certificates(observations, notes)
        if self.repository is not None:
            yield from sources.talks_outside(Path(self.repository), observations, notes)

    def facts(self, clock: Clock) -> dict[str, str]:
        """Return the texts that a baseline keeps: packages, revision, digests of the environment."""
        found: dict[str, str] = {}
        for name, version in self._installed().items():
            found[f"package:{name}"] = version
        if self.repository is not None:
            try:
                found["revision"] = repository.head(Path(self.repository))
            except repository.GitError:
                pass  # no working copy: nothing to remember
        for pid in self.pids:
            container = containers.container_of(pid)
            for name, value in (("image", container.image), ("template", container.template)):
                if value:
                    found[f"container.{name}"] = value
            found.update({f"release:{name}": value for name, value in container.releases.items()})
        digests = _digests(self.pids)
        if digests:
            found["environment.key"] = _key_check()
        found.update({f"environment:{name}": ",".join(sorted(values)) for name, values in digests.items()})
        return found

    def _installed(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for pid in self.pids:
            folder = packages.site_packages_of(pid)
            if folder is not None:
                found.update(packages.installed(folder))
        return found

    def _migrations(self, notes: Notes) -> Iterator[Observation]:
        folder = Path(self.migrations) if self.migrations else None
        if folder is None and self.repository is not None:
            folder = repository.migrations_folder(Path(self.repository))
        if folder is None:
            if self.repository is not None:
                source = notes.of("migration files of Django")
                for migration in repository.django_migrations(Path(self.repository)):
                    age = max(0.0, notes.at.timestamp() - migration.modified)
                    labels = {"revision": migration.revision, "message": clean(migration.message, 120)}
                    yield source.reading("change.migration", age, Unit.SECONDS, **labels)
            return
        if not folder.is_dir():
            hint = "Give the Alembic folder, the one that holds `versions`."
            yield notes.failure("change.migration", FailureKind.NOT_FOUND, f"{folder} is no folder.", hint)
            return
        for migration in repository.migrations(folder):
            age = max(0.0, notes.at.timestamp() - migration.modified)
            labels = {"revision": migration.revision, "message": clean(migration.message, 120)}
            yield notes.of(f"{folder}/versions").reading("change.migration", age, Unit.SECONDS, **labels)

    def _packages(self, notes: Notes) -> Iterator[Observation]:
        now = self._installed()
        if not now:
            return
        known = _facts_of(self.baseline, "package:")
        source = "baseline"
        if not known and self.repository is not None:
            known, source = packages.locked(Path(self.repository))
            known = {name: version for name, version in known.items() if name in now}
        if not known:
            return
        here = notes.of(f"dist-info folders against {source}")
        differing = sorted(name for name in {*known, *now} if known.get(name) != now.get(name))
        if source != "baseline":
            differing = [name for name in differing if name in known]
        for name in differing[:MOST_PACKAGES]:
            labels = {"package": name, "from": known.get(name, ""), "to": now.get(name, "")}
            yield here.flag("change.package", **labels)
        yield here.flag("change.compared", what="packages")

    def _installations(self, notes: Notes) -> Iterator[Observation]:
        now = notes.at.timestamp()
        folders = {folder for pid in self.pids if (folder := packages.site_packages_of(pid)) is not None}
        for folder in sorted(folders):
            for run in packages.installations(folder, since=now - LATELY_SECONDS)[:MOST_INSTALLATIONS]:
                labels = {"count": len(run.names), "packages": clean(", ".join(run.names[:10]), 200)}
                yield notes.reading("change.packages_installed", max(0.0, now - run.at), Unit.SECONDS, **labels)

    def _containers(self, notes: Notes) -> Iterator[Observation]:
        now = notes.at.timestamp()
        known = {name: _facts_of(self.baseline, name) for name in ("container.", "release:")}
        for pid in self.pids:
            here = containers.container_of(pid)
            if here.identity and here.started is not None:
                labels = {"pid": pid, "container": here.identity, "image": here.image or "unknown"}
                yield notes.reading("change.container_started", max(0.0, now - here.started), Unit.SECONDS, **labels)
            for name, value in (("image", here.image), ("template", here.template)):
                before = known["container."].get(name, "")
                if before and value and value != before:
                    labels = {"pid": pid, "what": name, "from": before, "to": value}
                    yield notes.flag("change.container_image", **labels)
            for name, value in here.releases.items():
                before = known["release:"].get(name, "")
                if before and value != before:
                    labels = {"pid": pid, "variable": name, "from": clean(before, 120), "to": clean(value, 120)}
                    yield notes.flag("change.release", **labels)

    def _credentials(self, notes: Notes) -> Iterator[Observation]:
        now = notes.at.timestamp()
        for pid in self.pids:
            try:
                variables = host.environment(pid)
            except OSError:
                continue  # said by the process probe
            for token in credentials.tokens(variables):
                for name, moment in (("issued", token.issued), ("expired", token.expires)):
                    age = credentials.age(moment, now)
                    if age is not None and age >= 0:
                        labels = {"pid": pid, "variable": clean(token.variable, 100)}
                        yield notes.reading(f"change.token_{name}", age, Unit.SECONDS, **labels)
            for file in credentials.secret_files(variables):
                labels = {"pid": pid, "variable": clean(file.variable, 100)}
                if now - file.modified <= LATELY_SECONDS:
                    yield notes.reading("change.credential_file", max(0.0, now - file.modified), Unit.SECONDS, **labels)
                if file.certificate is None:
                    continue
                labels["subject"] = clean(file.certificate.subject, 200)
                expired = credentials.age(file.certificate.not_after, now) or 0.0
                began = credentials.age(file.certificate.not_before, now)
                if expired >= 0:
                    yield notes.reading("change.certificate_expired", expired, Unit.SECONDS, **labels)
                if began is not None and 0 <= began <= LATELY_SECONDS:
                    yield notes.reading("change.certificate", began, Unit.SECONDS, **labels)

    def _environment(self, notes: Notes) -> Iterator[Observation]:
        known = _facts_of(self.baseline, "environment:")
        comparable = self.baseline is not None and self.baseline.facts.get("environment.key") == _key_check()
        everywhere: set[str] = set()
        key = digest_key()
        readable: list[int] = []
        for pid in self.pids:
            try:
                variables = host.environment(pid)
            except OSError:
                continue  # said by the process probe
            readable.append(pid)
            everywhere |= set(variables)
            for name, value in sorted(variables.items()):
                kind = _kind(name, environment_digest(name, value, key), known, comparable=comparable)
                if kind:
                    yield notes.flag("change.environment", pid=pid, name=clean(name, 100), kind=kind)
                if not value.strip() and name not in VOLATILE_VARIABLES:
                    yield notes.flag("change.environment", pid=pid, name=clean(name, 100), kind="empty")
        for name in sorted(set(known) - everywhere - VOLATILE_VARIABLES) if readable else ():
            yield notes.flag("change.environment", pid=readable[0], name=clean(name, 100), kind="removed")
        if readable and known:
            yield notes.flag("change.compared", what="environment")


def _kind(name: str, digest: str, known: Mapping[str, str], *, comparable: bool) -> str:
    """Return ``added`` or ``changed`` against the baseline, or nothing."""
    if not known or name in VOLATILE_VARIABLES:
        return ""
    before = known.get(name)
    if before is None:
        return "added"
    return "changed" if comparable and digest not in before.split(",") else ""


def _key_check() -> str:
    """Return a word by which a baseline of another machine is recognised: its digests cannot be compared."""
    return environment_digest("", "diagnostics", digest_key())


def _facts_of(baseline: Baseline | None, prefix: str) -> dict[str, str]:
    facts = baseline.facts if baseline is not None else {}
    return {name.removeprefix(prefix): value for name, value in facts.items() if name.startswith(prefix)}


def _digests(pids: Iterable[int]) -> dict[str, set[str]]:
    key = digest_key()
    found: dict[str, set[str]] = {}
    for pid in pids:
        try:
            variables = host.environment(pid)
        except OSError:
            continue
        for name, value in variables.items():
            found.setdefault(name, set()).add(environment_digest(name, value, key))
    return found


def _repository(folder: Path, notes: Notes) -> Iterator[Observation]:
    now = notes.at.timestamp()
    if not folder.is_dir():
        hint = "Give the folder of the application's source."
        yield notes.failure("change.commit", FailureKind.NOT_FOUND, f"{folder} is no folder.", hint, path=folder)
        return
    try:
        for commit in repository.commits(folder, now=now):
            files = clean(" ".join(commit.files[:10]), 300)
            labels = {"sha": commit.sha[:12], "subject": clean(commit.subject, 120), "files": files}
            yield notes.reading("change.commit", max(0.0, now - commit.at), Unit.SECONDS, **labels)
        for moved in repository.head_moves(folder, now=now)[:3]:
            labels = {"from": moved.before[:12], "to": moved.after[:12], "action": clean(moved.action, 120)}
            yield notes.reading("change.head_moved", max(0.0, now - moved.at), Unit.SECONDS, **labels)
    except repository.GitError as error:
        kind = FailureKind.TIMEOUT if "took longer" in error.args[0] else FailureKind.UNSUPPORTED
        yield notes.failure("change.commit", kind, error.args[0], error.hint, path=folder)
    try:
        changed = repository.uncommitted(folder, now=now)
    except repository.GitError:  # no working copy, or somebody else's: then every file that is new
        changed = repository.changed_files(folder, now=now)
    for path, at in changed:
        yield notes.reading("change.file", max(0.0, now - at), Unit.SECONDS, path=clean(path, 200))
    yield notes.flag("change.compared", what="repository")


def changed_settings(observations: Observations, baseline: Baseline, notes: Notes) -> Iterator[Reading]:
    """Yield PostgreSQL settings whose value is not that of the baseline."""
    known = _facts_of(baseline, "postgres.setting:")
    seen: dict[str, str] = {}
    for reading in observations.readings("postgres.setting"):
        seen[setting_key(reading.labels)] = reading.labels.get("value", "")
    for name, value in sorted(seen.items()):
        if name in known and known[name] != value:
            labels = {"setting": name, "from": known[name], "to": value}
            yield notes.of("pg_settings against the baseline").flag("change.setting", **labels)
        elif name not in known and known and "@" in name:  # an override for a role or database that was not there
            labels = {"setting": name, "from": "", "to": value}
            yield notes.of("pg_db_role_setting against the baseline").flag("change.setting", **labels)
    for name in sorted(set(known) - set(seen)) if seen else ():
        if "@" in name:
            yield notes.flag("change.setting", **{"setting": name, "from": known[name], "to": ""})


def certificates(observations: Observations, notes: Notes) -> Iterator[Reading]:
    """Yield certificates of services that began lately, or that have expired, with the moment of it."""
    for name, changed, newest in (
        ("service.certificate.age", "change.certificate", LATELY_SECONDS),
        ("service.certificate.expires_in", "change.certificate_expired", None),
    ):
        for reading in observations.readings(name):
            age = reading.value if newest is not None else -reading.value
            if age < 0 or (newest is not None and age > newest):
                continue
            labels = {key: reading.labels.get(key, "") for key in ("service", "subject")}
            yield notes.of(reading.source).reading(changed, age, Unit.SECONDS, **labels)


def setting_key(labels: Mapping[str, str]) -> str:
    """Return the name of a setting; an override for a role or a database has its scope after an ``@``."""
    source = labels.get("source", "")
    return f"{labels.get('setting', '')}@{source}" if source in {"role", "database"} else labels.get("setting", "")


def restarts(observations: Observations, baseline: Baseline | None, notes: Notes) -> Iterator[Reading]:
    """Yield processes that began after the baseline was recorded, or after the oldest line of the logs."""
    history = max((reading.value for reading in observations.readings("log.history")), default=0.0)
    recorded = baseline.recorded_at if baseline is not None else None
    since = (notes.at - recorded).total_seconds() if recorded is not None else history
    for reading in observations.readings("process.age"):
        if reading.value < since and reading.labels.get("pid") != str(os.getpid()):
            labels = {"pid": reading.labels.get("pid", "")}
            yield notes.of(reading.source).reading("change.process_restart", reading.value, Unit.SECONDS, **labels)
