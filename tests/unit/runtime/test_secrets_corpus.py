"""The corpus of secret shapes, and ordinary lines that must stay: what is measured here is printed (``pytest -s``)."""

import json
import pathlib

import pytest

from diagnostics.core_diagnostics import DiagnosticLogger, FlightRecorder, diagnose_function, read_black_box
from diagnostics.post_solution_monitoring.checks import result_of
from diagnostics.runtime.deadline import Outcome
from diagnostics.runtime.redaction import redact, redact_mapping

DATA = pathlib.Path(__file__).parents[2] / "data"
ROWS = [json.loads(line) for line in (DATA / "secrets.jsonl").read_text(encoding="utf-8").splitlines()]
ORDINARY = [json.loads(line) for line in (DATA / "ordinary_lines.jsonl").read_text(encoding="utf-8").splitlines()]


def leaks(row, *outputs):
    """Return the secrets of which eight characters in a row (or all of a shorter one) can still be read."""
    text = "\n".join(outputs)
    found = []
    for secret in row["secrets"]:
        pieces = {secret[at : at + 8] for at in range(len(secret) - 7)} or {secret}
        hidden = redact(row["text"])
        # A piece that also stands in the text around the secret says nothing.
        found += [secret for piece in pieces if piece in text and row["text"].replace(secret, "").find(piece) < 0][:1]
        assert hidden != row["text"], row["kind"]
    return found


def test_no_shape_of_the_corpus_survives_in_a_text(capsys):
    leaked = {row["kind"]: found for row in ROWS if (found := leaks(row, redact(row["text"])))}

    with capsys.disabled():
        kinds = {row["kind"] for row in ROWS}
        print(f"\nsecrets: {len(ROWS)} texts of {len(kinds)} shapes, {len(leaked)} leaked")
    assert len(kinds) >= 60
    assert leaked == {}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: json.dumps({"message": text, "n": 1}),
        lambda text: json.dumps({"message": text}, ensure_ascii=False),
        lambda text: repr(ValueError(text)),
        lambda text: f"2026-11-25 07:15:08,123 ERROR app.api [pid 4711] {text}",
        lambda text: f'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nValueError: {text}',
    ],
    ids=["json", "json-utf8", "repr", "log line", "traceback"],
)
def test_no_shape_survives_inside_other_formats(wrap):
    leaked = {row["kind"]: redact(wrap(row["text"])) for row in ROWS if leaks(row, redact(wrap(row["text"])))}

    assert leaked == {}


def test_no_shape_reaches_a_file_the_recorder_a_page_or_a_black_box(tmp_path):
    logger = DiagnosticLogger(
        "tests", tmp_path / "log.jsonl", recorder=FlightRecorder(), black_box=tmp_path / "boxes", slow_seconds=0.0
    )

    @diagnose_function(logger, name="fails")
    def fails(argument):
        local = {"value": argument}
        raise ValueError(local["value"])

    @diagnose_function(logger, name="slow")
    def slow(argument):
        return argument

    leaked = {}
    for row in ROWS:
        text = row["text"]
        logger.recorder.clear()
        for site in logger.sites.values():
            site.last_detail = 0
        logger.info(text, value=text, nested={"list": [text]})
        slow(text)
        with pytest.raises(ValueError, match=r".") as raised:
            fails(text)
        logger.flush()
        file = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
        (tmp_path / "log.jsonl").write_text("")
        page = result_of(Outcome(value=None, error=raised.value, elapsed_seconds=0.1), 1.0).detail
        events = logger.recorder.snapshot()
        assert [event["event"] for event in events] == ["log", "call", "call"]
        assert '"arguments"' in file
        texts = json.dumps([json.loads(line) for line in file.splitlines()] + events, ensure_ascii=False)
        if found := leaks(row, file, texts, page, json.dumps(redact_mapping({"v": text}), ensure_ascii=False)):
            leaked[row["kind"]] = found
    boxes = json.dumps(read_black_box(tmp_path / "boxes"))
    leaked.update({row["kind"]: "box" for row in ROWS if leaks(row, boxes)})

    assert leaked == {}


def test_ordinary_lines_stay_as_they_are(capsys):
    changed = [(line, redact(line)) for line in ORDINARY if redact(line) != line]

    with capsys.disabled():
        print(f"\nordinary text: {len(ORDINARY)} lines, {len(changed)} changed ({len(changed) / len(ORDINARY):.2%})")
    assert len(changed) < 0.01 * len(ORDINARY), changed[:5]
