"""The command line as a real process: wrong input, wrong rights, wrong moments. Never a traceback, always a documented exit code."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from examples.support.postgres import Postgres

pytestmark = pytest.mark.alone

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "diagnostics"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("DIAGNOSE_")}
    return {**mine, "DIAGNOSE_STORE": str(folder / "store"), **more}


@pytest.fixture
def diagnose(tmp_path: Path) -> Run:
    """Runs the command line in a folder of its own; whatever it is given, it must not show a traceback."""

    def run(*arguments: str | Path, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            capture_output=True,
            input=stdin,
            cwd=tmp_path,
            env=environment(tmp_path, **more),
            timeout=60,
            check=False,
        )
        found = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )
        assert "Traceback (most recent call last)" not in found.stdout + found.stderr
        assert "DIAG-0000" not in found.stderr
        return found

    return run


def look(diagnose: Run, folder: Path, *flags: str | Path, deadline: str = "1", **more: Any) -> dict[str, Any]:
    """Run phases 1 to 4 and return the document, whose promised keys are checked."""
    done = diagnose(
        "run", "it is slow", "-q", "--deadline", deadline, "--format", "json", "-o", "o.json", *flags, **more
    )
    document = json.loads((folder / "o.json").read_text(encoding="utf-8"))

    assert done.stdout == ""
    assert done.returncode == {"root_cause_identified": 1, "healthy": 0, "unknown": 4}[document["status"]], done.stderr
    assert {"category", "severity", "priority"} <= set(document["triage"])
    assert isinstance(document["elapsed_seconds"], float)
    for cause in document["root_causes"]:
        assert {"mechanism", "title", "layer", "posterior", "whys", "against"} <= set(cause)
        assert all("evidence" in why for why in cause["whys"])
    return document


def gaps(document: dict[str, Any], beginning: str) -> str:
    """Return what is said about one thing that could not be looked at."""
    found = [gap for gap in document["could_not_look"] if gap["what"].startswith(beginning)]
    assert found, document["could_not_look"]
    assert all(gap["hint"] for gap in found), found
    return " ".join(gap["why"] for gap in found)


# What was not given ---------------------------------------------------------------------------------------------------


def test_without_any_flag_everything_that_is_missing_is_listed_with_the_flag_that_adds_it(diagnose: Run) -> None:
    done = diagnose("run", "--deadline", "1", "-q")

    assert done.returncode in (1, 4)  # the machine itself may be sick
    for flag in ("--pid", "--db", "--url", "--service", "--log", "--repo"):
        assert f"no {flag} given → Add {flag}" in done.stdout


def test_one_second_is_one_second(diagnose: Run, tmp_path: Path) -> None:
    assert look(diagnose, tmp_path, "--pid", str(os.getpid()))["elapsed_seconds"] < 2.0


def test_the_document_goes_to_standard_output_alone_when_no_file_is_given(diagnose: Run) -> None:
    done = diagnose("run", "", "--deadline", "1", "--format", "json")

    assert {"status", "root_causes", "triage", "could_not_look", "elapsed_seconds"} <= set(json.loads(done.stdout))
    assert "Looking" in done.stderr


# Databases ------------------------------------------------------------------------------------------------------------


def test_a_database_where_nobody_listens(diagnose: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    document = look(diagnose, tmp_path, "--db", f"postgresql://u:Hunter2secret@127.0.0.1:{port}/x", deadline="4")

    assert "refused" in gaps(document, "postgres")
    assert document["root_causes"][0]["mechanism"] == "pg-server-down"


def test_a_database_whose_name_nobody_knows(diagnose: Run, tmp_path: Path) -> None:
    document = look(diagnose, tmp_path, "--db", "postgresql://u:p@no-such-host.invalid/x", deadline="4")

    assert "no-such-host.invalid" in gaps(document, "postgres")


def test_a_database_behind_a_filter_costs_its_deadline_and_no_more(diagnose: Run, tmp_path: Path) -> None:
    with deaf_server() as port:
        document = look(diagnose, tmp_path, "--db", f"postgresql://u:p@127.0.0.1:{port}/x", deadline="3")

    assert gaps(document, "postgres")
    assert document["elapsed_seconds"] < 4.0


def test_a_wrong_password(diagnose: Run, tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.url.replace(postgres.password, "Wr0ngPassw0rd")

    document = look(diagnose, tmp_path, "--db", url, deadline="4")

    assert "password authentication failed" in gaps(document, "postgres")
    assert "Wr0ngPassw0rd" not in json.dumps(document)


def test_a_database_that_does_not_exist(diagnose: Run, tmp_path: Path, postgres: Postgres) -> None:
    assert "no_such_database" in gaps(
        look(diagnose, tmp_path, "--db", postgres.url_of("no_such_database"), deadline="4"), "postgres"
    )


def test_a_database_that_is_no_postgresql_is_wrong_usage(diagnose: Run) -> None:
    done = diagnose("run", "--db", "sqlite:///app.db")

    assert done.returncode == 2
    assert "only PostgreSQL" in done.stderr
    assert "Leave out --db" in done.stderr


@contextmanager
def deaf_server() -> Iterator[int]:
    """Accepts connections into its queue and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# Processes ------------------------------------------------------------------------------------------------------------


def test_a_process_that_is_gone(diagnose: Run, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    document = look(diagnose, tmp_path, "--pid", str(ended.pid), deadline="4")

    assert "does not exist" in gaps(document, "process (")
    assert document["root_causes"][0]["mechanism"] == "app-process-down"


_AS_NOBODY = """
import contextlib, io, os, sys
from diagnostics.cli.main import main
from diagnostics.runtime import deadline

def call(*words):
    sys.argv = ["diagnose", *words]
    try:
        main()
    except SystemExit as end:
        return end.code

flags = sys.argv[1:]
if os.geteuid() == 0:
    # Everything is imported once as root, whose Python nobody else may be able to read.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        call("run", "-q", "--no-store", "--deadline", "3", "--format", "json", *flags)
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(call("run", "-q", "--no-store", "--deadline", "3", "--format", "json", *flags))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_process_log_and_folder_of_somebody_else(tmp_path: Path) -> None:
    log, folder = tmp_path / "app.log", tmp_path / "closed"
    log.write_text("2026-11-25 08:00:00 ERROR boom\n")
    log.chmod(0o600)
    folder.mkdir(mode=0o700)
    others = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    flags = ["--pid", str(others.pid), "--log", str(log), "--repo", str(folder), "--path", str(folder / "x")]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, *flags], capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        others.kill()
        others.wait()

    document = json.loads(done.stdout)
    said = {gap["what"]: gap for gap in document["could_not_look"]}
    assert "not ours" in said[f"process ({others.pid})"]["why"]
    assert "as the same user" in said[f"process ({others.pid})"]["hint"]
    assert "not ours to read" in said[f"log ({log})"]["why"]
    assert "disk-full-app-volume" in document["ruled_out"]  # the folder it may not enter cost it nothing else


# Logs -----------------------------------------------------------------------------------------------------------------


def test_logs_that_are_none_are_each_said_and_the_rest_is_looked_at(diagnose: Run, tmp_path: Path) -> None:
    (tmp_path / "binary.log").write_bytes(random.Random(1).randbytes(100_000))
    (tmp_path / "packed.log").write_bytes(gzip.compress(b"2026-11-25 08:00:00 ERROR boom\n" * 1000))
    (tmp_path / "folder.log").mkdir()
    with (tmp_path / "sparse.log").open("wb") as file:
        file.truncate(2 << 30)  # two gigabytes of nothing
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "empty.log").touch()
    (tmp_path / "app.log").write_bytes(b'{"level":"ERROR","message":"a"\n{bad}}\n[1]\n\xff\xfe\nnull\n"x"\n' * 50)
    expected = {
        "binary.log": "not text",
        "packed.log": "not text",
        "folder.log": "folder",
        "sparse.log": "zero bytes",
        "pipe.log": "not a regular file",
        "missing.log": "does not exist",
    }

    flags = [word for name in (*expected, "empty.log", "app.log") for word in ("--log", name)]
    document = look(diagnose, tmp_path, *flags, deadline="3")

    assert {name: said for name, said in expected.items() if said not in gaps(document, f"log ({name})")} == {}
    assert {gap["what"] for gap in document["could_not_look"] if gap["what"].startswith("log")} == {
        f"log ({name})" for name in expected
    }
    assert document["elapsed_seconds"] < 3.0


# Many reports ---------------------------------------------------------------------------------------------------------


def test_lines_that_are_no_reports_get_an_answer_that_says_so_and_cost_no_other(diagnose: Run, tmp_path: Path) -> None:
    good = json.dumps({"id": "r1", "problem_description": "Saving fails", "error_message": "QueuePool limit of size 5"})
    (tmp_path / "in.jsonl").write_bytes(
        f'{good}\n{{bad\n\n[1]\n{{"id": "я", "error_message": null}}\n'.encode() + b"\xff"
    )

    done = diagnose("triage", "--input", "in.jsonl", "--output", "out.jsonl")

    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [a.get("id", a.get("line")) for a in answers] == ["r1", 2, 4, "я", 6]
    assert {"category", "severity", "root_cause_candidates", "reason"} <= set(answers[0])
    assert done.returncode == 0
    assert "3 of 5 line(s) could not be read" in done.stderr


def test_reports_that_are_missing_empty_or_their_own_output(diagnose: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "in.jsonl").write_text('{"id": 1}\n')

    missing = diagnose("triage", "--input", "none.jsonl")
    empty = diagnose("triage", "--input", "empty.jsonl")
    same = diagnose("triage", "--input", "in.jsonl", "--output", "./in.jsonl")

    assert (missing.returncode, empty.returncode, same.returncode) == (2, 0, 2)
    assert "No such file" in missing.stderr
    assert "holds no report" in empty.stderr
    assert (tmp_path / "in.jsonl").read_text() == '{"id": 1}\n'


def test_triage_of_nothing_asks_what_is_wrong(diagnose: Run) -> None:
    assert "Say what is wrong" in diagnose("triage", "").stderr


def test_a_megabyte_of_error_text_is_read_from_standard_input(diagnose: Run) -> None:
    line = b"sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out\n"

    began = time.monotonic()
    done = diagnose("triage", "saving fails", "--error", "-", "--format", "json", stdin=line * 11_000)

    assert "pool" in json.loads(done.stdout)["root_cause_candidates"][0]
    assert time.monotonic() - began < 15.0


# Baselines and outputs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"\x00\x01\x02", "is no baseline"),
        (b"[]", "is no baseline"),
        (b'{"schema_version": 99, "summaries": {}, "facts": {}}', "has format 99"),
        (b'{"schema_version": 1, "summaries": {"host.cpu', "is no baseline"),
    ],
    ids=["missing", "binary", "other JSON", "other version", "truncated"],
)
def test_a_baseline_that_is_none(content: bytes | None, said: str, diagnose: Run, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "normal.json").write_bytes(content)

    done = diagnose("run", "--baseline", "normal.json")

    assert done.returncode == 2
    assert said in done.stderr
    assert "diagnose record" in done.stderr


def test_what_is_recorded_can_be_compared_with(diagnose: Run, tmp_path: Path) -> None:
    recorded = diagnose("record", "--pid", str(os.getpid()), "--seconds", "1", "--interval", "0.5", "-o", "normal.json")

    assert recorded.returncode == 0
    look(diagnose, tmp_path, "--baseline", "normal.json")


def test_an_output_that_cannot_be_written_is_refused_before_the_work(diagnose: Run, tmp_path: Path) -> None:
    began = time.monotonic()
    missing = diagnose("run", "-o", "no/such/folder.json")
    folder = diagnose("run", "-o", tmp_path)

    assert (missing.returncode, folder.returncode) == (2, 2)
    assert "there is no folder" in missing.stderr
    assert time.monotonic() - began < 15.0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_loses_neither_the_result_nor_the_diagnosis(diagnose: Run, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")

    done = diagnose("run", "--deadline", "1", "--format", "json", "-o", "/dev/full")

    assert "status" in json.loads(done.stdout)
    assert "the result is on standard output" in done.stderr
    assert "The session is not kept" in done.stderr


def test_a_baseline_that_lacks_what_was_asked_for_says_so(diagnose: Run, tmp_path: Path) -> None:
    done = diagnose(
        "record", "-q", "--seconds", "1", "--interval", "1", "--db", "postgresql://u:p@127.0.0.1:1/x", "-o", "n.json"
    )

    assert done.returncode == 4
    assert "Nothing could be read of --db" in done.stderr
    assert (tmp_path / "n.json").exists()


# Terminals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1251"])
def test_terminals_without_utf8_get_plainer_signs(encoding: str, diagnose: Run) -> None:
    done = diagnose(
        "run", "всё медленно", "--lang", "ru", "--deadline", "1", LC_ALL="C", PYTHONIOENCODING=encoding, PYTHONUTF8="0"
    )

    assert done.returncode in (1, 4)
    assert "--repo" in done.stdout


def test_colour_is_only_there_when_it_is_forced(diagnose: Run) -> None:
    assert "\x1b[" not in diagnose("explain", "missing-index-seq-scan").stdout
    assert "\x1b[" in diagnose("explain", "missing-index-seq-scan", FORCE_COLOR="1").stdout


def test_a_reader_that_goes_changes_no_exit_code(tmp_path: Path) -> None:
    command = " ".join([*COMMAND, "run", "--deadline", "1"])

    codes = subprocess.run(
        ["bash", "-c", f"{command} 2>&1 | head -1 > /dev/null; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
        check=True,
    )

    assert codes.stdout.strip() in ("1", "4")
    assert codes.stderr == ""


def test_help_answers_at_once(diagnose: Run) -> None:
    took = []
    for words in (["--help"], ["run", "--help"], ["--version"]):
        began = time.monotonic()
        assert diagnose(*words).returncode == 0
        took.append(time.monotonic() - began)

    assert min(took) < 0.2


# Interrupts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_it_within_a_second_and_keeps_what_was_found(
    sign: signal.Signals, diagnose: Run, tmp_path: Path
) -> None:
    (tmp_path / "o.json").write_text("of an earlier run")
    running = subprocess.Popen(
        [*COMMAND, "run", "Сохранение падает", "--deadline", "30", "--format", "json", "-o", "o.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
    )
    assert running.stderr is not None
    while "Looking" not in running.stderr.readline():
        assert running.poll() is None

    began = time.monotonic()
    running.send_signal(sign)
    _, said = running.communicate(timeout=10)

    assert time.monotonic() - began < 10.0
    assert running.returncode == 130
    assert "Traceback" not in said
    document = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert document["status"] == "unknown"
    assert document["triage"]["category"]
    assert "Сохранение падает" in diagnose("sessions").stdout
    refused = diagnose("apply")
    assert refused.returncode == 3
    assert "Missing: phase 2 (systematic diagnosis); phase 3" in refused.stderr


# The other verbs ------------------------------------------------------------------------------------------------------


def test_nothing_is_applied_before_anything_was_diagnosed(diagnose: Run) -> None:
    for words in (["apply"], ["apply", "--yes"], ["apply", "--plan"], ["apply", "--session", "diag_1"]):
        done = diagnose(*words)

        assert done.returncode == 3
        assert "Missing: phase 1 (triage); phase 2" in done.stderr
        assert "Next: diagnose run" in done.stderr


def test_nothing_is_applied_to_what_is_healthy_or_unknown(diagnose: Run, tmp_path: Path) -> None:
    phases = [f"phase_{n}" for n in range(1, 5)]
    for status in ("healthy", "unknown"):
        keep(tmp_path, f"diag_{status}", status=status, phases=phases)
        done = diagnose("apply", "--yes", "--session", f"diag_{status}")

        assert done.returncode == 3
        assert "Missing: a root cause: it is so" in done.stderr


def test_sessions_are_listed_shown_resumed_reported_and_deleted(diagnose: Run, tmp_path: Path) -> None:
    keep(tmp_path, "diag_one", status="unknown", phases=["phase_1"])
    keep(tmp_path, "diag_two", status="healthy", phases=["phase_1", "phase_2", "phase_3", "phase_4"])

    assert [s["session_id"] for s in json.loads(diagnose("sessions", "list", "--format", "json").stdout)] == [
        "diag_two",
        "diag_one",
    ]
    assert "No problem found" in diagnose("sessions", "show").stdout
    assert "Проблем не найдено" in diagnose("sessions", "show", "diag_t", "--lang", "ru").stdout
    assert 'Next: diagnose run "it is slow"' in diagnose("sessions", "resume", "diag_one").stdout
    for form, sign in (("term", "ok"), ("md", "#"), ("html", "<!"), ("json", "{")):
        done = diagnose("report", "--format", form, "-o", f"report.{form}")
        assert done.returncode == 0
        assert sign == "ok" or (tmp_path / f"report.{form}").read_text(encoding="utf-8").lower().startswith(sign)
    assert diagnose("sessions", "delete", "diag_one").stdout == "deleted diag_one\n"
    gone = diagnose("sessions", "show", "diag_one")
    assert gone.returncode == 2
    assert "The closest is 'diag_two'" in gone.stderr


def keep(folder: Path, name: str, *, status: str, phases: list[str]) -> None:
    """Put a session into the store, as a diagnosis would have left it."""
    from datetime import UTC, datetime

    from diagnostics.diagnostic_orchestrator.store import SessionStore

    document = {
        "session_info": {"session_id": name, "problem_description": "it is slow"},
        "phases_completed": phases,
        "verdict": {"status": status, "headline": "it is so", "posterior": 0.5},
        "root_causes": [],
        "root_cause": None,
    }
    (folder / "store").mkdir(exist_ok=True)
    SessionStore(folder / "store").save(name, document, status=status, at=datetime.now(UTC))


def test_checks_speak_the_codes_of_monitoring(diagnose: Run) -> None:
    with answering_server() as url:
        calm = diagnose("check", "service-down", "--url", url, "--deadline", "3")
    down = diagnose("check", "service-down", "--url", url, "--deadline", "3")
    unseen = diagnose("check", "service-down", "--deadline", "1")
    wrong = diagnose("check", "--url", "nonsense")

    assert (calm.returncode, down.returncode, unseen.returncode, wrong.returncode) == (0, 2, 3, 3), calm.stdout
    assert calm.stdout.startswith("OK - ")
    assert down.stdout.startswith("CRITICAL - ")
    assert unseen.stdout.startswith("UNKNOWN - ")


@contextmanager
def answering_server() -> Iterator[str]:
    """A service that is well."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_doctor_tries_a_database(diagnose: Run, postgres: Postgres) -> None:
    well = diagnose("doctor", "--db", postgres.url)
    ill = diagnose("doctor", DIAGNOSE_DB=postgres.url.replace(postgres.password, "Wr0ngPassw0rd"))

    assert (well.returncode, ill.returncode) == (0, 4)
    assert "PostgreSQL 1" in well.stdout
    assert "password authentication failed" in ill.stdout
    assert "Wr0ngPassw0rd" not in ill.stdout


def test_nothing_to_recover_and_nothing_to_roll_back(diagnose: Run) -> None:
    assert diagnose("recover").stdout == "Nothing was left open.\n"
    assert diagnose("rollback", "--list").stdout == "No changes yet.\n"
    assert "no committed change" in diagnose("rollback").stderr
    assert diagnose("recover", "--change", "x").returncode == 2
