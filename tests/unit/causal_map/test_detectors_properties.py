"""What holds for every detector: it does not judge what it has not seen, and no reading makes it raise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.causal_map import standard_map
from diagnostics.model.finding import Baseline, Evidence, State, Summary
from diagnostics.model.mechanism import Mechanism
from diagnostics.model.observation import FailureKind, Observation, Observations, ProbeFailure, Reading, Unit

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WITH_DETECTOR = [node for node in standard_map() if node.detect is not None]
CONTRACT = (Path(__file__).parents[3] / "docs" / "reference" / "observations.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([a-z]+(?:\.[a-z_0-9]+)+)(?:\{[^}`]*\})?`", CONTRACT)) | {"process", "log", "pool"})
LABELS = sorted(
    {label for found in re.findall(r"\{([a-z_,]+)\}", CONTRACT) for label in found.split(",") if label} | {"sqlstate"}
)
TEXTS = st.one_of(
    st.sampled_from(
        [
            "", "true", "false", "recent", "before", "active", "idle_in_transaction", "idle", "ddl", "prepared", "hidden", "on",
            "advisory", "tuple", "Lock", "SyncRep", "lock_timeout", "jit", "autovacuum", "app", "database+log", "behind", "removed",
            "SELECT x FROM t WHERE id = ? OFFSET ?", "ALTER TABLE t ADD c int", "LOCK TABLE t", "nan", "inf", "-1", "1e400", "0.3",
            "_do_get < queue.get", "_run < app < sleep", "run_forever < select", "2026-03-01T12:00:00", "invalid_grant",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, 0.5, -1.0, 500.0, 1e12]), st.floats(allow_nan=False, allow_infinity=False, width=64)
)
#: The labels that the contract gives a name; the heading's label counts for all.
OF_NAME = {
    name: sorted(set(labels.split(",")) - {"…", ""})
    for name, labels in re.findall(r"`([a-z_.0-9]+)\{([^}`]*)\}`", CONTRACT)
}


def labels_of(name: str) -> st.SearchStrategy[dict[str, str]]:
    """Return the labels that belong to a name, and some that do not."""
    own = dict.fromkeys(OF_NAME.get(name, []), TEXTS)
    return st.builds(
        lambda mine, more: more | mine,
        st.fixed_dictionaries(own),
        st.dictionaries(st.sampled_from(LABELS), TEXTS, max_size=3),
    )


READINGS = st.sampled_from(NAMES).flatmap(
    lambda name: st.builds(
        Reading, name=st.just(name), value=VALUES, unit=st.just(Unit.COUNT), at=st.just(AT), labels=labels_of(name)
    )
)
FAILURES = st.sampled_from(NAMES).flatmap(
    lambda name: st.builds(
        ProbeFailure,
        name=st.just(name),
        kind=st.sampled_from(list(FailureKind)),
        message=st.text(min_size=1, max_size=30),
        at=st.just(AT),
        labels=labels_of(name),
    )
)
SUMMARIES = st.builds(
    Summary,
    n=st.integers(1, 50),
    median=VALUES,
    mad=VALUES.map(abs),
    p05=VALUES,
    p95=VALUES,
    minimum=VALUES,
    maximum=VALUES,
)


def test_the_contract_was_read() -> None:
    assert len(NAMES) > 100
    assert {"postgres.session", "process.stack", "service.first_byte", "postgres.statement.calls"} - set(NAMES) <= {
        "postgres.statement.calls"
    }
    assert {"blocker_xact_age", "before_raw", "wait_event"} <= set(LABELS)


@pytest.mark.parametrize("node", WITH_DETECTOR, ids=lambda n: n.id)
def test_with_nothing_seen_a_detector_says_unknown(node: Mechanism) -> None:
    assert node.detect is not None

    found = node.detect(Evidence(observations=Observations()))

    assert found.state is State.UNKNOWN, found.sentence
    assert found.sentence


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(READINGS, FAILURES), max_size=12), st.lists(SUMMARIES, max_size=5), st.booleans())
def test_no_reading_makes_a_detector_raise_or_cite_what_is_not_there(
    seen: list[Observation], summaries: list[Summary], dated: bool
) -> None:
    observations = Observations(seen)
    known = {f"E{index + 1}" for index in range(len(observations))}
    readings = [o for o in seen if isinstance(o, Reading)]
    baseline = Baseline(
        summaries={Baseline.key(r.name, r.labels): s for r, s in zip(readings, summaries, strict=False)},
        recorded_at=AT if dated else None,
    )
    evidence = Evidence(observations=observations, baseline=baseline, now=AT + timedelta(seconds=1))

    for node in WITH_DETECTOR:
        assert node.detect is not None
        found = node.detect(evidence)
        assert found.sentence
        assert set(found.evidence) <= known
        assert all(isinstance(value, str) for value in found.subject.values())
