"""Hypotheses from TOML: what can be said, and that every mistake is named."""

from datetime import UTC, datetime

import pytest

from diagnostics.errors import ConfigurationError
from diagnostics.hypothesis_testing import HypothesisTester, Look, Verdict
from diagnostics.hypothesis_testing.written import parse, read
from diagnostics.model.finding import Finding, State
from diagnostics.model.observation import FailureKind, Observations, ProbeFailure, Reading, Unit

NOW = datetime(2026, 11, 25, tzinfo=UTC)

BACKLOG = """
[[hypothesis]]
name = "queue_backlog"
statement = "Workers do not keep up"
prior = 0.3

[[hypothesis.condition]]
name = "over 100 jobs wait"
reading = "queue.length"
labels = {queue = "mail"}
use = "max"
greater_than = 100
if_false = 0.05

[[hypothesis.condition]]
name = "requests are slow"
finding = "requests-slow"

[[hypothesis.condition]]
name = "the broker is full"
reading = "broker.used"
greater_or_equal = 0.99
refutes = true
"""


def reading(name, value, **labels):
    return Reading(name=name, value=value, unit=Unit.COUNT, at=NOW, labels=labels)


def look(*readings, slow=True):
    found = Finding(
        mechanism="requests-slow",
        state=State.PRESENT if slow else State.ABSENT,
        strength=4.0 if slow else -4.0,
        sentence="p95 4.8 s",
        evidence=("E1",),
    )
    return lambda: Look(observations=Observations(readings), findings=(found,))


def test_readings_findings_and_falsifiers_are_tested_as_written():
    seen = look(
        reading("queue.length", 20.0, queue="mail"),
        reading("queue.length", 130.0, queue="mail"),
        reading("queue.length", 999.0, queue="other"),
        reading("broker.used", 0.4),
    )
    (hypothesis,) = parse(BACKLOG, seen)

    result = HypothesisTester().test(hypothesis)

    assert result.verdict is Verdict.SUPPORTED
    assert result.prior == 0.3
    assert [c.actual for c in result.conditions] == ["130", "p95 4.8 s", "0.4"]
    assert result.conditions[2].passed is True


def test_an_observed_falsifier_refutes_whatever_else_was_seen():
    seen = look(reading("queue.length", 130.0, queue="mail"), reading("broker.used", 1.0))

    result = HypothesisTester().test(parse(BACKLOG, seen)[0])

    assert result.verdict is Verdict.REFUTED
    assert "what excludes it was observed: 'the broker is full'" in result.conclusion


def test_what_no_probe_reads_is_not_tested_and_says_why():
    failure = ProbeFailure(name="queue.length", kind=FailureKind.REFUSED, message="nobody listens on 6379", at=NOW)

    result = HypothesisTester().test(parse(BACKLOG, look(failure))[0])

    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.conditions[0].error == "ProbeError: nobody listens on 6379"


def test_functions_and_comparisons_of_every_kind_can_be_written(tmp_path):
    page = tmp_path / "h.toml"
    page.write_text(
        '[[hypothesis]]\nname = "h"\nrepetitions = "until settled"\n'
        '[[hypothesis.condition]]\nname = "a"\npython = "os:getpid"\ngreater_than = 0\n'
        '[[hypothesis.condition]]\nname = "b"\npython = "os:getcwd"\nmatches = "^/"\n'
        '[[hypothesis.condition]]\nname = "c"\npython = "os:getpid"\nbetween = [1, 99999999]\n'
        '[[hypothesis.condition]]\nname = "d"\npython = "os:abort_is_missing"\nnot_null = true\n'.replace(
            "abort_is_missing", "getppid"
        )
    )

    (hypothesis,) = read(page, look())
    result = HypothesisTester().test(hypothesis)

    assert result.verdict is Verdict.SUPPORTED
    assert result.repetitions == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "no TOML"),
        ("x = 1", "unknown field `x`"),
        ('[[hypothesis]]\nname = "h"', "missing required field `condition`"),
        ('[[hypothesis]]\nname = "h"\ncondition = []', "predicts nothing"),
        (BACKLOG.replace("greater_than", "larger_than"), "larger_than"),
        (BACKLOG.replace("greater_than = 100", "greater_than = 'x'"), "Expected `float`"),
        (BACKLOG.replace("greater_than = 100\n", ""), "predicts exactly one of"),
        (BACKLOG.replace("greater_than = 100", "greater_than = 100\nless_than = 3"), "predicts exactly one of"),
        (BACKLOG.replace('reading = "queue.length"', ""), "looks at exactly one of"),
        (BACKLOG.replace('"max"', '"median"'), "use is one of"),
        (BACKLOG.replace("prior = 0.3", 'repetitions = "often"'), "until settled"),
        (BACKLOG + BACKLOG, "written twice"),
        (BACKLOG.replace('finding = "requests-slow"', 'python = "os"\nis_true = true'), "package.module:function"),
        (BACKLOG.replace('finding = "requests-slow"', 'python = "os:nix"\nis_true = true'), "cannot be imported"),
        (BACKLOG.replace('finding = "requests-slow"', 'http = "ftp://x"\nequals = 200'), "Not an http"),
    ],
)
def test_every_mistake_is_named(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse(text, look())


def test_a_file_that_is_not_there_is_no_traceback(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nix\.toml cannot be read"):
        read(tmp_path / "nix.toml", look())
