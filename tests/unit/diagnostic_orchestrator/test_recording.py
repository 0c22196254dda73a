"""A recording comes back as it was written, and says again what was said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.causal_map import standard_map
from diagnostics.diagnostic_orchestrator.recording import Recording, read, replay, write
from diagnostics.errors import ConfigurationError
from diagnostics.model.diagnosis import CouldNotLook, Status
from diagnostics.model.finding import Baseline, Summary
from diagnostics.model.observation import FailureKind, Observations, ProbeFailure, Reading, Unit
from diagnostics.model.problem import Problem

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
LABELS = st.dictionaries(st.sampled_from(["pid", "table", "query", "kind"]), WORDS, max_size=3)
MOMENTS = st.integers(-5_000_000, 5_000).map(lambda ms: NOW + timedelta(milliseconds=ms))
READINGS = st.builds(
    Reading,
    name=st.sampled_from(["host.cpu.count", "log.lines", "change.setting"]),
    value=st.floats(allow_nan=False, allow_infinity=False),
    unit=st.sampled_from(list(Unit)),
    at=MOMENTS,
    labels=LABELS,
)
FAILURES = st.builds(
    ProbeFailure,
    name=st.just("postgres.connect"),
    kind=st.sampled_from(list(FailureKind)),
    message=WORDS.filter(bool),
    at=MOMENTS,
    labels=LABELS,
    elapsed_seconds=st.integers(0, 9).map(float),
)


@given(seen=st.lists(READINGS | FAILURES, max_size=8), description=WORDS, compressed=st.booleans())
def test_what_was_written_is_read(tmp_path_factory, seen, description, compressed):
    path = tmp_path_factory.mktemp("recordings") / ("seen.json.gz" if compressed else "seen.json")
    recording = _recording(seen, description)

    write(recording, path)

    back = read(path)
    assert list(back.observations) == seen
    assert back.problem == recording.problem
    assert back.baseline == recording.baseline
    assert back.could_not_look == recording.could_not_look
    assert (back.at, back.labels) == (recording.at, recording.labels)


def test_the_same_content_makes_the_same_file(tmp_path):
    recording = _recording([], "slow")
    write(recording, tmp_path / "a.gz")
    write(recording, tmp_path / "b.gz")

    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_replay_weighs_what_was_seen(tmp_path):
    gone = ProbeFailure(name="process", kind=FailureKind.NOT_FOUND, message="no process 7", at=NOW, labels={"pid": "7"})
    refused = ProbeFailure(name="endpoint.connect", kind=FailureKind.REFUSED, message="refused", at=NOW, labels={})
    write(_recording([gone, refused], "nothing answers"), tmp_path / "seen.json")

    diagnosis = replay(read(tmp_path / "seen.json"), standard_map())

    # It is gone; why it went is not in the evidence, and is not guessed.
    assert diagnosis.root_causes[0].mechanism == "app-process-down"
    assert diagnosis.status is Status.UNKNOWN
    assert "logs: --log FILE" in diagnosis.missing


def test_without_a_baseline_what_was_compared_with_it_is_not_known():
    changed = Reading(name="change.setting", value=1, unit=Unit.BOOLEAN, at=NOW, labels={"setting": "work_mem"})
    empty = Reading(name="change.environment", value=1, unit=Unit.BOOLEAN, at=NOW, labels={"kind": "empty"})

    bare = _recording([changed, empty], "slow").without_baseline()

    assert list(bare.observations) == [empty]
    assert bare.baseline == Baseline()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff", b'{"schema_version": 99, "at": "2026-11-25T12:00:00Z"}']
)
def test_what_is_no_recording_is_refused_with_a_hint(content, tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="recording"):
        read(path)


def test_a_cut_file_is_refused(tmp_path):
    write(_recording([], "slow"), tmp_path / "seen.json.gz")
    (tmp_path / "cut.json.gz").write_bytes((tmp_path / "seen.json.gz").read_bytes()[:-12])

    with pytest.raises(ConfigurationError, match="no recording"):
        read(tmp_path / "cut.json.gz")


def _recording(seen, description):
    normal = Summary(n=4, median=1, mad=0, p05=1, p95=2, minimum=1, maximum=2)
    return Recording(
        problem=Problem(description=description, error_message="", context={"deploy": "10:40"}, reported_at=NOW),
        observations=Observations(seen),
        at=NOW,
        baseline=Baseline(summaries={"log.lines{}": normal}, facts={"a": "b"}, recorded_at=NOW),
        could_not_look=(CouldNotLook(what="logs", why="none given", hint="--log FILE"),),
        labels={"seed": "1"},
    )
