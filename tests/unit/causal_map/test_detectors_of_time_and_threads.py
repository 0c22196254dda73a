"""Clocks that were set, threads before locks, threads and tasks without bound, private authorities.

The mechanisms: "clock-jump-breaks-timeouts", "thread-deadlock-lock-order", "unbounded-thread-creation",
"unbounded-asyncio-tasks", "port-already-in-use", "infinite-loop-request", "tls-unknown-ca".
"""

from __future__ import annotations

from datetime import UTC, datetime

from diagnostics.causal_map.detectors import DETECTORS
from diagnostics.model.finding import Evidence, Finding, SignatureMatch, State
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LOOP = "run (asyncio/runners.py:190) < _run_once (asyncio/base_events.py:1922) < _run (asyncio/events.py:80)"


def r(name: str, value: float, **labels: str) -> Reading:
    return Reading(name=name, value=value, unit=Unit.COUNT, at=AT, labels=labels)


def judge(mechanism: str, *observations: Observation, texts: tuple[SignatureMatch, ...] = ()) -> Finding:
    return DETECTORS[mechanism](Evidence(observations=Observations(list(observations)), now=AT, signatures=texts))


def stuck(thread: str, line: str, leaf: str = "book (app/views.py:7)", active: str = "false") -> Reading:
    labels = {"thread": thread, "main": "false", "active": active, "function": "book", "file": "app/views.py"}
    return r("process.stack", 1.0, line=line, leaf=leaf, trace=leaf, **labels)


def on_loop(value: float, function: str, trace: str) -> Reading:
    labels = {"thread": "MainThread", "main": "true", "active": "true", "function": function, "file": "app/views.py"}
    return r("process.stack", value, line="7", leaf=trace.rpartition(" < ")[2], trace=trace, **labels)


def test_a_log_whose_moments_went_back_tells_that_the_clock_was_set() -> None:
    set_back = judge("clock-jump-breaks-timeouts", r("log.lines", 90.0), r("log.clock_step", -600.0))
    usual = judge("clock-jump-breaks-timeouts", r("log.lines", 90.0))

    assert set_back.state is State.PRESENT
    assert "10 min" in set_back.sentence
    assert usual.state is State.ABSENT


def test_threads_before_locks_at_two_places_are_a_deadlock_though_with_has_no_frame() -> None:
    crossed = [stuck("a", "40"), stuck("b", "45"), stuck("c", "40"), stuck("d", "45")]

    assert judge("thread-deadlock-lock-order", *crossed).state is State.PRESENT
    assert judge("thread-deadlock-lock-order", stuck("a", "40"), stuck("b", "40")).state is State.ABSENT


def test_threads_that_work_or_wait_for_the_network_are_no_deadlock() -> None:
    working = [stuck("a", "40", active="true"), stuck("b", "45", active="true")]
    waiting = [stuck("a", "40", leaf="recv (ssl.py:1200)"), stuck("b", "45", leaf="recv (ssl.py:1200)")]

    assert judge("thread-deadlock-lock-order", *working).state is State.ABSENT
    assert judge("thread-deadlock-lock-order", *waiting).state is State.ABSENT


def test_threads_that_become_more_every_second_have_no_bound_long_before_there_are_hundreds() -> None:
    more = judge(
        "unbounded-thread-creation",
        r("process.threads", 140.0, pid="7"),
        r("process.threads.growth", 6.0, pid="7"),
    )
    steady = judge(
        "unbounded-thread-creation",
        r("process.threads", 140.0, pid="7"),
        r("process.threads.growth", 0.0, pid="7"),
    )

    assert more.state is State.PRESENT
    assert steady.state is State.ABSENT


def test_a_loop_that_goes_from_step_to_step_of_its_own_tasks_has_too_many() -> None:
    cpu = r("process.cpu.utilization", 0.97, pid="7")
    steps = [
        on_loop(0.5, "warm", f"{LOOP} < warm (app/views.py:7)"),
        on_loop(0.3, "warm", f"{LOOP} < warm (app/views.py:7) < sleep (asyncio/tasks.py:640)"),
        on_loop(0.2, "", LOOP),
    ]

    assert judge("unbounded-asyncio-tasks", cpu, *steps).state is State.PRESENT
    assert judge("infinite-loop-request", cpu, *steps).state is State.ABSENT


def test_a_request_that_burns_the_cpu_is_no_crowd_of_tasks() -> None:
    cpu = r("process.cpu.utilization", 0.97, pid="7")
    burning = on_loop(
        0.9, "rank", f"{LOOP} < run_asgi (uvicorn/protocols/http/h11_impl.py:403) < rank (app/views.py:7)"
    )

    assert judge("unbounded-asyncio-tasks", cpu, burning).state is State.ABSENT
    assert judge("infinite-loop-request", cpu, burning).state is State.PRESENT


def test_an_issuer_that_only_we_do_not_trust_is_the_applications_business() -> None:
    untrusted = ProbeFailure(
        name="service.tls",
        kind=FailureKind.TLS,
        message="unable to get local issuer certificate",
        at=AT,
        labels={"service": "calendar", "reason": "unknown_ca"},
    )
    complaint = r("log.template", 5.0, example="[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: too early")
    same = SignatureMatch(
        mechanism="tls-unknown-ca", weight=6.0, text="unable to get local issuer", place="log", count=5, count_before=0
    )

    alone = judge("tls-unknown-ca", untrusted)
    another = judge("tls-unknown-ca", untrusted, complaint)
    agreed = judge("tls-unknown-ca", untrusted, complaint, texts=(same,))

    assert another.strength < alone.strength
    assert agreed.strength == alone.strength


def test_a_configured_folder_that_is_read_only_is_a_fault_where_writing_fails() -> None:
    volume = r("host.disk.read_only", 1.0, mount="/srv/uploads", used_by="configured")
    text = SignatureMatch(
        mechanism="filesystem-remounted-read-only", weight=6.0, text="Errno 30", place="log", count=5, count_before=0
    )

    assert judge("filesystem-remounted-read-only", volume).state is State.ABSENT
    assert judge("filesystem-remounted-read-only", volume, texts=(text,)).state is State.PRESENT


def test_kills_that_the_kernel_counted_weigh_more_where_the_log_says_that_processes_were_killed() -> None:
    counted = r("cgroup.oom_kills", 2.0, pid="7")
    killed = r("log.template", 2.0, template="exited: app (terminated by SIGKILL; not expected)")

    assert judge("cgroup-memory-oom-kill", counted, killed).strength > judge("cgroup-memory-oom-kill", counted).strength


def test_jobs_that_began_one_after_the_other_overlap_and_a_burst_of_requests_does_not() -> None:
    def sessions(*ages: float) -> list[Reading]:
        return [
            r("postgres.session", age, backend_pid=str(n), application="job", query="SELECT 1", kind="active")
            for n, age in enumerate(ages)
        ]

    staggered, together = sessions(6, 12, 18, 24, 30), sessions(6.0, 6.1, 6.2, 6.3)

    assert judge("scheduled-jobs-overlap", *staggered).strength > judge("scheduled-jobs-overlap", *together).strength


def test_a_port_that_answers_for_a_process_that_ended_is_somebody_elses() -> None:
    text = SignatureMatch(
        mechanism="port-already-in-use", weight=5.5, text="[Errno 98]", place="log", count=2, count_before=0
    )
    gone = ProbeFailure(name="process", kind=FailureKind.NOT_FOUND, message="is gone", at=AT, labels={"pid": "7"})
    answers = r("endpoint.status", 200.0, path="/health")

    both = judge("port-already-in-use", gone, answers, texts=(text,))
    only_text = judge("port-already-in-use", r("log.lines", 50.0), texts=(text,))

    assert both.strength > only_text.strength > 0
    assert judge("port-already-in-use", r("process.listening", 1.0, port="80")).state is State.ABSENT


def test_a_configuration_file_that_was_edited_just_before_the_errors_is_suspected() -> None:
    edited = r("change.file", 40.0, path="app/limits.toml")
    errors = r("log.onset", AT.timestamp() - 35.0, kind="errors")

    assert judge("config-change-bad-value", edited, errors).strength > judge("config-change-bad-value", edited).strength
