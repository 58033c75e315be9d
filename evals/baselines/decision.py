"""transformers' `pipeline("decision")`: with its own prompt, one question a pass; with our template, all in one pass.

Its own prompt gets the whole query as one question, whose wording is ours; our template gets the requirements of the
query, and the answers are scored by the rule that `YofoReranker` would use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.baselines.loading import load_network, load_processor, pick_device
from evals.baselines.record import Baseline
from yofo_rerank import YofoReranker
from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.judging import Judge
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.models.config import YofoConfig
from yofo_rerank.models.sources import MINI
from yofo_rerank.prompts import get_format
from yofo_rerank.prompts.decision import decision_template
from yofo_rerank.prompts.template import one_line
from yofo_rerank.requirements import JudgedDocument, Judgement, Requirement

QUESTION = 'Does this match the query "{query}"?'
LAYOUT = "yofo-v1"
LEAST = 1e-7  # a probability of float32 that is nearer to 0 or 1 than this is that far away


@dataclass(frozen=True, eq=False)
class DecisionJudge:
    """A judge around the pipeline, for `YofoReranker`."""

    decide: Any

    def judge_outcomes(
        self, documents: Sequence[Document], requirements: Sequence[Requirement]
    ) -> list[JudgedDocument]:
        """One call for each document; an error of one is raised."""
        return [JudgedDocument(self._judge(document, requirements)) for document in documents]

    def info(self) -> dict[str, Any]:
        """What is judged with."""
        return {"model": str(self.decide.model.name_or_path), "pipeline": "decision"}

    def _judge(self, document: Document, requirements: Sequence[Requirement]) -> tuple[Judgement, ...]:
        asked = {f"q{place}": one_line(one.text) for place, one in enumerate(requirements)}
        found = answers(self.decide, document, asked)
        return tuple(
            Judgement(requirement=one, p_yes=found[name], verdict=found[name] >= 0.5)
            for name, one in zip(asked, requirements, strict=True)
        )


@dataclass(frozen=True, eq=False)
class QuestionJudge(DecisionJudge):
    """A judge of the pipeline's own prompt: each statement is the question of a pass of its own."""

    def _judge(self, document: Document, requirements: Sequence[Requirement]) -> tuple[Judgement, ...]:
        found = [answers(self.decide, document, {"q": QUESTION.format(query=one.text)})["q"] for one in requirements]
        return tuple(
            Judgement(requirement=one, p_yes=p_yes, verdict=p_yes >= 0.5)
            for one, p_yes in zip(requirements, found, strict=True)
        )


@dataclass(frozen=True, eq=False)
class WholeQueryScorer:
    """The query as one question of the pipeline's own prompt; the score is the log-odds of true."""

    decide: Any

    @property
    def verdict_judge(self) -> QuestionJudge:
        """What answers statements."""
        return QuestionJudge(self.decide)

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One pass for each document."""
        asked = {"query": QUESTION.format(query=query)}
        return [_log_odds(answers(self.decide, document, asked)["query"]) for document in documents]


@dataclass(frozen=True, eq=False)
class RequirementsScorer:
    """The requirements of the query in our template; the score is the rule's, in 0..1."""

    reranker: YofoReranker

    @property
    def verdict_judge(self) -> Judge:
        """What answers statements."""
        return self.reranker.judge

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One pass for each document."""
        scores = [0.0] * len(documents)
        for place in self.reranker.explain(query, documents).places:
            scores[place.index] = place.score
        return scores


def answers(decide: Any, document: Document, questions: Mapping[str, str]) -> dict[str, float]:
    """The pipeline's probability of true for each question about a document, by the question's name."""
    texts = [document.text or "", *questions.values()]
    name = next(name for place in range(10**6) if not any((name := f"picture-{place}") in text for text in texts))
    picture = document.load_image()
    request = {
        "state": (name if picture is not None else "") + (document.text or ""),
        "assets": {name: picture} if picture is not None else None,
        "questions": {key: {"type": "noul", "instructions": text} for key, text in questions.items()},
    }
    return {key: float(answer["noul"]) for key, answer in decide(request).items()}


def open_default(record: Baseline, source: str | None, *, device: str | None = None) -> WholeQueryScorer:
    """Any chat model that sees, with the pipeline's own prompt; for "mini" or none, the embedded one."""
    from transformers.decision import DecisionConfig

    return WholeQueryScorer(_pipeline(record, source, device, DecisionConfig()))


def open_template(record: Baseline, source: str | None, *, device: str | None = None) -> RequirementsScorer:
    """A judge of ours with its adapter merged, in the template of its format; for "mini" or none, the embedded one."""
    from transformers.decision import DecisionConfig

    layout = get_format(LAYOUT)
    config = DecisionConfig(
        labels={"noul": [layout.yes[0], layout.no[0]]},
        chat_template=decision_template(layout, "joint"),
        temperature={"noul": _temperature(record, source)},
    )
    decide = _pipeline(record, source, device, config)
    known = decide.tokenizer.get_vocab()
    if absent := [token for token in layout.special_tokens if token not in known]:
        raise ModelError(f"{record.name}: the tokenizer has no {absent[0]}; wanted a judge of the format {LAYOUT!r}")
    return RequirementsScorer(YofoReranker(DecisionJudge(decide), on_error="raise"))


def _pipeline(record: Baseline, source: str | None, device: str | None, config: Any) -> Any:
    from transformers import AutoModelForImageTextToText, pipeline

    if source in (None, MINI):
        network, processor = _embedded(device)
    else:
        network = load_network(AutoModelForImageTextToText, record, source, device)
        processor = load_processor(record, source)
    return pipeline(
        "decision", model=network, tokenizer=processor.tokenizer, processor=processor, decision_config=config,
        device=network.device,
    )  # fmt: skip


def _embedded(device: str | None) -> tuple[Any, Any]:
    """The mini judge in memory: to save it, its patch embedding, linear here, would need its old shape."""
    from transformers import AutoProcessor

    from yofo_rerank.models.loading import load_model

    network = load_model(MINI, device=str(pick_device(device))).model
    return network, AutoProcessor.from_pretrained(weights_folder("adapter"), trust_remote_code=False)


def _temperature(record: Baseline, source: str | None) -> float:
    """Of the judge's calibration; its bias has no place in the pipeline."""
    folder = weights_folder("adapter") if source in (None, MINI) else Path(str(source))
    settings = YofoConfig.load(folder) if folder.is_dir() else None
    if settings and settings.calibration.bias:
        raise ModelError(f"{record.name}: the calibration has a bias, which the decision pipeline cannot apply")
    return settings.calibration.temperature if settings else 1.0


def _log_odds(probability: float) -> float:
    held = min(max(probability, LEAST), 1 - LEAST)
    return math.log(held / (1 - held))
