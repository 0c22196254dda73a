"""FiveWhysAnalyzer: a chain of answers, each with what the evidence says about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.causal_map.graph import CausalMap, standard_map
from diagnostics.hypothesis_testing.inference import marginal
from diagnostics.hypothesis_testing.whys.answers import judge_answers
from diagnostics.hypothesis_testing.whys.tree import grow
from diagnostics.model.diagnosis import Diagnosis, JudgedAnswer, Why
from diagnostics.model.finding import NO_BASELINE, Baseline, Finding
from diagnostics.model.observation import Observations
from diagnostics.model.record import Record
from diagnostics.model.whys import WhyTree
from diagnostics.texts import whys as drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class FiveWhysResult(Record):
    """The user's chain, judged, beside the chain that the evidence yields.

    Attributes:
        answers: Each answer with its judgement: supported, contradicted or silent.
        stops_at: Number (from 1) of the first answer that the evidence does not support; 0 when all are supported.
        derived: The chain from symptom to root cause that the findings yield; empty without a root cause.
        confidence_score: Share of the answers that are supported; 0 without answers.
        tree: What the findings yield: chain with evidence, forks, where it stops, why nobody noticed, prevention.
    """

    initial_problem: str
    answers: tuple[JudgedAnswer, ...]
    derived: tuple[Why, ...]
    stops_at: int
    confidence_score: float
    conclusion: str
    tree: WhyTree

    def to_markdown(self, lang: str = "en") -> str:
        """Return the tree of whys as Markdown."""
        return drawing.markdown(self.tree.to_dict(), lang)

    def to_mermaid(self, lang: str = "en") -> str:
        """Return it as a Mermaid flowchart."""
        return drawing.mermaid(self.tree.to_dict(), lang)

    def to_svg(self, lang: str = "en") -> str:
        """Return it as an SVG that stands alone."""
        return drawing.svg(self.tree.to_dict(), lang)

    @property
    def root_cause(self) -> str:
        """The last answer as far as the evidence carries the chain; the derived cause without answers; else empty."""
        if self.answers:
            carried = self.answers[: self.stops_at - 1] if self.stops_at else self.answers
            return carried[-1].answer if carried else ""
        return self.derived[-1].answer if self.derived else ""


class FiveWhysAnalyzer:
    """Judges a chain of whys by the findings of a diagnosis.

    Without findings every answer stays silent: a chain that nobody checked is a guess, and is called one.
    """

    def __init__(
        self,
        logger: Any = None,
        *,
        diagnosis: Diagnosis | None = None,
        findings: Sequence[Finding] = (),
        causal_map: CausalMap | None = None,
        observations: Observations | None = None,
        baseline: Baseline = NO_BASELINE,
        watched: Collection[str] | None = None,
    ) -> None:
        """Keep what the answers are judged by.

        Args:
            logger: A ``DiagnosticLogger``; the result is logged there when given.
            diagnosis: Its findings and its own chain are used.
            findings: Used when there is no diagnosis.
            causal_map: The shipped map when None.
            observations: What was read; says which readings showed a link.
            baseline: What was normal before.
            watched: Mechanisms that checks and alerts look at; None when nobody knows.
        """
        self._logger = logger
        self._diagnosis = diagnosis
        self._findings = tuple(diagnosis.findings) if diagnosis is not None else tuple(findings)
        self._observations, self._baseline, self._watched = observations, baseline, watched
        self._map = causal_map if causal_map is not None else standard_map()

    def analyze_problem(self, initial_problem: str, why_answers: Sequence[str] = ()) -> FiveWhysResult:
        """Return each answer with what the evidence says, and where the chain stops being carried by it."""
        judged = judge_answers(self._map, initial_problem, why_answers, self._findings)
        supported = sum(answer.judgement == "supported" for answer in judged)
        stops_at = next((n for n, a in enumerate(judged, 1) if a.judgement != "supported"), 0)
        cause = self._diagnosis.root_cause if self._diagnosis is not None else None
        return FiveWhysResult(
            initial_problem=initial_problem,
            answers=judged,
            derived=cause.whys if cause is not None else (),
            stops_at=stops_at,
            confidence_score=supported / len(judged) if judged else 0.0,
            conclusion=_conclusion(judged, stops_at),
            tree=grow(
                self._map,
                self._findings,
                cause.mechanism if cause is not None else None,
                posteriors=marginal(self._diagnosis.ranking) if self._diagnosis is not None else None,
                observations=self._observations,
                baseline=self._baseline,
                watched=self._watched,
            ),
        )


def _conclusion(judged: tuple[JudgedAnswer, ...], stops_at: int) -> str:
    if not judged:
        return "no answers were given"
    if stops_at == 0:
        return "the evidence supports every answer"
    stop = judged[stops_at - 1]
    said = f"the chain stops at answer {stops_at} (“{stop.answer}”): {stop.judgement}, {stop.because}"
    return f"{said}; it would be carried by: {stop.would_carry}" if stop.would_carry else said
