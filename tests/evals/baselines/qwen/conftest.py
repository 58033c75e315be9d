"""Tiny models of the three families, saved once, and what their makers would feed them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from evals.baselines.qwen_formats import FORMATS
from evals.baselines.registry import get_baseline
from tests.prompts.conftest import qwen_tokenizer  # noqa: F401  # a fixture
from tests.prompts.test_ask import TEMPLATES
from yofo_rerank.documents import Document

WORDS = ("Yes", "No", "True", "False")
KNOWN = {"qwen3-vl": "qwen3_vl", "lamra": "qwen2_vl", "monoqwen2": "qwen2_vl", "gme": "qwen2_vl"}
FAMILY = {  # of every record that the slot model runs
    name: next((family for start, family in KNOWN.items() if name.startswith(start)), "qwen2_5_vl") for name in FORMATS
}


@pytest.fixture(scope="session")
def family_tiny(make_tiny):
    """`family_tiny(family)`: with all answers as single tokens; shared, so it must not be changed."""
    return cache(lambda family: make_tiny(family, words=WORDS))


@pytest.fixture(scope="session")
def family_folder(family_tiny, saved_model, tmp_path_factory):
    """`family_folder(family)`: the same, saved by its real class."""
    return cache(lambda family: str(saved_model(family_tiny(family), tmp_path_factory.mktemp(family))))


@pytest.fixture(scope="session")
def scorer(family_folder):
    """`scorer(name)`: a record's scorer, loaded from the tiny folder of its family."""
    return cache(lambda name: get_baseline(name).load(family_folder(FAMILY[name])))


@pytest.fixture(scope="session")
def shown(make_image) -> list[Document]:
    """Pictures of several sizes, one with a text too."""
    sizes = ((48, 48), (96, 32), (48, 48), (32, 80))
    pictures = [make_image(*size, seed) for seed, size in enumerate(sizes)]
    return [
        Document(image=picture, id=str(at), text="a grey skirt" if at == 1 else None)
        for at, picture in enumerate(pictures)
    ]


@pytest.fixture(scope="session")
def told() -> list[Document]:
    """Texts of several lengths."""
    return [Document(text=text) for text in ("top", "a grey skirt, for summer. {image}", "red <|im_end|> or not red")]


@pytest.fixture(scope="session")
def render():
    """`render(tokenizer, family, messages)`: as the model's own chat template has it, generation prompt on."""

    def rendered(tokenizer: Any, family: str, messages: list[dict[str, Any]]) -> str:
        return tokenizer.apply_chat_template(
            messages, chat_template=TEMPLATES[family][0], tokenize=False, add_generation_prompt=True
        )

    return rendered
