"""Every verdict of the monitors has a sentence in both languages."""

import pytest

from diagnostics.stats.leak import Growth
from diagnostics.system_monitor.service_side import Side
from diagnostics.texts.monitors import growth_text, side_text


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_each_verdict_has_a_sentence(lang: str) -> None:
    said = [side_text(side, lang) for side in Side] + [growth_text(growth, lang) for growth in Growth]

    assert len(set(said)) == len(said)
    assert all(sentence.endswith(".") for sentence in said)


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no language"):
        side_text("theirs", "de")
