"""What a person sees: signs, languages, encodings."""

from __future__ import annotations

import io
import json
import sys

import click
import pytest
from click.testing import CliRunner

from diagnostics.causal_map import standard_map
from diagnostics.cli.main import cli
from diagnostics.cli.output import Progress, prepare_streams, render, say, terminal
from diagnostics.cli.words import untranslated, words
from diagnostics.model.observation import Observations
from diagnostics.model.target import Target
from diagnostics.system_monitor.runner import could_not_look

CAUSE = {
    "mechanism": "missing-index-seq-scan",
    "title": "A frequent query has no index",
    "posterior": 0.97,
    "summary": "meetings is scanned 27 times a second",
    "whys": [
        {
            "question": "Why: requests are slow?",
            "answer": "A frequent query has no index: meetings is scanned 27 times a second",
            "mechanism": "missing-index-seq-scan",
            "evidence": ["E7"],
        }
    ],
    "against": ["CPU is idle"],
    "remedies": ["Create the missing index concurrently"],
}
FOUND = {
    "verdict": {"status": "root_cause_identified", "headline": "x"},
    "root_causes": [CAUSE],
    "could_not_look": [{"what": "logs", "why": "no --log given", "hint": "Add --log FILE."}],
}
UNKNOWN = {"verdict": {"status": "unknown", "headline": "nothing that was found decides"}, "root_causes": []}
HEALTHY = {"verdict": {"status": "healthy", "headline": "nothing is wrong (95%)"}, "root_causes": []}


def shown(report: dict[str, object], lang: str = "en") -> str:
    return click.unstyle(terminal(report, lang=lang))


def test_the_verdict_comes_first_with_its_whys_and_evidence() -> None:
    lines = shown(FOUND).splitlines()

    assert lines[0] == "✗ A frequent query has no index  (missing-index-seq-scan, 97%)"
    assert "[E7]" in shown(FOUND)
    assert "Against:" in shown(FOUND)
    assert "What to do: Create the missing index concurrently" in shown(FOUND)
    assert "logs: no --log given → Add --log FILE." in shown(FOUND)


def test_each_status_has_its_own_sign_so_that_colour_is_not_needed() -> None:
    assert [shown(report)[0] for report in (FOUND, HEALTHY, UNKNOWN)] == ["✗", "✓", "?"]


@pytest.mark.parametrize(
    ("report", "said"),
    [(FOUND, "Частый запрос не имеет индекса"), (HEALTHY, "Проблем не найдено"), (UNKNOWN, "Причина не установлена")],
)
def test_status_lines_and_headings_are_russian_when_asked_for(report: dict[str, object], said: str) -> None:
    assert shown(report, "ru").splitlines()[0][2:].startswith(said)


def test_russian_whys_ask_and_answer_with_russian_titles() -> None:
    text = shown(FOUND, "ru")

    assert "1. Почему: " in text
    assert "Частый запрос не имеет индекса: meetings is scanned 27 times a second" in text
    assert "Что делать: " in text
    assert "Не удалось посмотреть:" in text


def test_everything_that_was_not_given_is_said_in_russian_too() -> None:
    missing = could_not_look(Target(), Observations())

    assert missing
    assert untranslated(text for line in missing for text in line) == []


def test_words_nobody_has_translated_stay_as_they_are() -> None:
    assert words("never heard of", "ru") == "never heard of"
    assert words("Against:", "en") == "Against:"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1251", "koi8-r", "utf-8"])
def test_no_terminal_is_too_old_for_a_verdict(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    prepare_streams()

    sys.stdout.write(shown(FOUND, "ru") + "✓ “” → … \udc80\n")
    sys.stdout.flush()

    text = raw.getvalue().decode(encoding)
    assert "missing-index-seq-scan" in text
    assert ("->" in text) == (encoding != "utf-8")


class Gone(io.StringIO):
    """A reader that has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_has_gone_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone())
    monkeypatch.setattr(sys, "stdout", Gone())

    say("a line")
    Progress().line("a step")

    assert isinstance(sys.stdout, Gone)  # reached: nothing was raised


@pytest.mark.parametrize(("name", "value", "coloured"), [("NO_COLOR", "1", False), ("FORCE_COLOR", "1", True)])
def test_no_color_and_force_color_win(
    name: str, value: str, coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv(name, value)

    say(click.style("red", fg="red"))

    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_progress_says_each_step_once_and_in_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(lang="ru")
    progress("phase_2", "looking")
    progress("phase_1", "reading the report")
    Progress(quiet=True)("phase_2", "looking")

    lines = [line.split("s  ", 1)[1] for line in click.unstyle(capsys.readouterr().err).splitlines()]
    assert lines == ["Осмотр", "Оценка: читаю сообщение"]


def test_what_strangers_wrote_cannot_command_the_terminal() -> None:
    cause = {**CAUSE, "summary": "\x1b]0;owned\x07 \x1b[2J gone \x9b31m", "against": ["\x1b[8mhidden"]}

    text = shown({**FOUND, "root_causes": [cause]})

    assert not {sign for sign in text if ord(sign) < 32 and sign != "\n"}
    assert "\x9b" not in text
    assert "gone" in text


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_mechanism_explains_itself(lang: str) -> None:
    runner = CliRunner()

    for node in standard_map():
        found = runner.invoke(cli, ["explain", node.id, "--lang", lang])

        assert found.exit_code == 0, node.id
        assert found.output.startswith(node.title_ru if lang == "ru" else node.title)
        assert node.id in found.output


@pytest.mark.parametrize("form", ["term", "md", "html", "json"])
@pytest.mark.parametrize("report", [FOUND, HEALTHY, UNKNOWN, {}])
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_session_renders_in_every_form_whatever_it_lacks(form: str, report: dict[str, object], lang: str) -> None:
    text = render(dict(report), form, lang=lang)

    assert text.strip()
    if form == "json":
        json.loads(text)
