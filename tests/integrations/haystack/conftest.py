"""Candidates as the framework has them, and a judge that answers by digest where no model is needed."""

import hashlib
import os
from types import SimpleNamespace

import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read when Haystack is imported
pytest.importorskip("haystack", reason='haystack-ai is not installed: pip install "yofo-rerank[haystack]"')

from haystack import Document

from yofo_rerank import Judgement, YofoJudge
from yofo_rerank.judge import check_requirements
from yofo_rerank.requirements import Failure, JudgedDocument


@pytest.fixture
def documents(photos):
    """Five pictures by path, of which one has a caption, and a text; scores as a retriever gives them."""
    pictures = [
        Document(id=f"p{number}", meta={"file_path": str(photos / f"{number}.png")}, score=0.9 - number / 10)
        for number in range(4)
    ]
    captioned = Document(id="p4", content="a grey skirt", meta={"file_path": str(photos / "4.png")}, score=0.3)
    return [*pictures, captioned, Document(id="t", content="black trousers for winter", score=0.2)]


def answer(document_id: str, text: str) -> float:
    """A number in 0..1 that depends on the pair alone."""
    return int.from_bytes(hashlib.sha256(f"{document_id} {text}".encode()).digest()[:4], "big") / 2**32


@pytest.fixture
def judge(monkeypatch):
    """Instead of a model: `judge.calls` lists what was asked; put codes into `judge.failures` by document id."""
    fake = SimpleNamespace(calls=[], failures={}, answers={}, answer=answer)

    def judge_outcomes(self, documents, requirements):
        checked = check_requirements(requirements)
        fake.calls.append(([document.id for document in documents], [requirement.text for requirement in checked]))
        return [outcome(document.id, checked) for document in documents]

    def outcome(document_id, requirements):
        if document_id in fake.failures:
            return JudgedDocument(failure=Failure(code=fake.failures[document_id], message="it went wrong"))
        found = []
        for requirement in requirements:
            p_yes = fake.answers.get(document_id, answer(document_id, requirement.text))
            found.append(Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes > 0.5))
        return JudgedDocument(tuple(found))

    monkeypatch.setattr(YofoJudge, "judge_outcomes", judge_outcomes)
    monkeypatch.setattr(YofoJudge, "info", lambda self: {})  # what `warm_up` calls
    return fake
