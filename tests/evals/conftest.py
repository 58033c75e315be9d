"""A judge that is always right, and a first stage that is not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from evals.meaning import meaning
from yofo_rerank import Judgement, Requirement
from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.statements import holds
from yofo_rerank.requirements import JudgedDocument


class OracleJudge:
    """Answers from the attributes; `wrong` requirements get the opposite answer."""

    def __init__(self, garments: Mapping[str, Garment], *, wrong: Callable[[str], bool] = lambda text: False) -> None:
        self.garments, self.wrong = garments, wrong

    def judge_outcomes(self, documents: Sequence[Any], requirements: Sequence[Requirement]) -> list[JudgedDocument]:
        return [
            JudgedDocument(tuple(self._judgement(document.id, requirement) for requirement in requirements))
            for document in documents
        ]

    def vocabulary_warnings(self, _texts: Sequence[str]) -> list[str]:
        return []

    def _judgement(self, id_: str, requirement: Requirement) -> Judgement:
        read = meaning(requirement.text)
        assert read is not None, requirement.text
        joined = any if read.joined == "any" else all
        verdict = joined(holds(self.garments[id_], claim) for claim in read.claims) != read.negated
        verdict ^= self.wrong(requirement.text)
        return Judgement(requirement=requirement, p_yes=0.99 if verdict else 0.01, verdict=verdict)


class RandomEncoder:
    """Texts and images become random vectors by their digest."""

    model, pretrained, fingerprint, dim = "mini", None, "random:1", 8

    def too_long(self, texts: Sequence[str]) -> list[bool]:
        return [False for _ in texts]

    def encode_texts(self, texts: Sequence[str], *, warn: bool = True) -> np.ndarray:
        return np.stack([self._vector(text.encode()) for text in texts])

    def encode_images(self, images: Sequence[Any]) -> np.ndarray:
        return np.stack([self._vector(image.tobytes()) for image in images])

    def _vector(self, content: bytes) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=self.dim)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def oracle_judge():
    return OracleJudge


@pytest.fixture
def random_encoder():
    return RandomEncoder()


@pytest.fixture(scope="session")
def mini_tokenizer():
    """Trained once: every other call of `build_tokenizer` in these tests gets a copy."""
    import torch

    from yofo_rerank.mini import architecture

    torch.set_num_threads(1)
    return architecture.build_tokenizer()


@pytest.fixture(scope="session")
def untrained_judge(mini_tokenizer):
    """The architecture of mini with random weights."""
    from evals import opening
    from yofo_rerank.mini import architecture

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture, "build_tokenizer", lambda: deepcopy(mini_tokenizer))
        return opening.open_judge(opening.UNTRAINED)
