"""Candidates as the framework has them, and a judge that answers by digest where no model is needed."""

import hashlib
from types import SimpleNamespace

import pytest

pytest.importorskip("llama_index.core", reason='not installed: pip install "yofo-rerank[llama-index]"')

from llama_index.core.schema import ImageNode, NodeWithScore, TextNode

from yofo_rerank import Judgement, YofoJudge
from yofo_rerank.judge import check_requirements
from yofo_rerank.requirements import Failure, JudgedDocument


@pytest.fixture
def nodes(photos):
    """Four pictures by path, one with a caption too, and a text; scores as a retriever gives them."""
    pictures = [
        NodeWithScore(
            node=ImageNode(id_=f"p{number}", image_path=str(photos / f"{number}.png"), metadata={"price": number}),
            score=0.9 - number / 10,
        )
        for number in range(4)
    ]
    captioned = ImageNode(id_="p4", text="a grey skirt", image_path=str(photos / "4.png"))
    text = TextNode(id_="t", text="black trousers for winter")
    return [*pictures, NodeWithScore(node=captioned, score=0.3), NodeWithScore(node=text, score=0.2)]


def answer(node_id: str, text: str) -> float:
    """A number in 0..1 that depends on the pair alone."""
    return int.from_bytes(hashlib.sha256(f"{node_id} {text}".encode()).digest()[:4], "big") / 2**32


@pytest.fixture
def judge(monkeypatch):
    """Instead of a model: `judge.seen` holds the documents; set `answers` and `failures` by node id."""
    fake = SimpleNamespace(seen=[], asked=[], failures={}, answers={}, answer=answer)

    def judge_outcomes(self, documents, requirements):
        checked = check_requirements(requirements)
        fake.seen.append(list(documents))
        fake.asked.append([requirement.text for requirement in checked])
        return [outcome(document.id.partition(": ")[2], checked) for document in documents]

    def outcome(node_id, requirements):
        if node_id in fake.failures:
            return JudgedDocument(failure=Failure(code=fake.failures[node_id], message="it went wrong"))
        found = []
        for requirement in requirements:
            p_yes = fake.answers.get(node_id, answer(node_id, requirement.text))
            found.append(Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes > 0.5))
        return JudgedDocument(tuple(found))

    monkeypatch.setattr(YofoJudge, "judge_outcomes", judge_outcomes)
    return fake
