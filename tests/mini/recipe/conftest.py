import pytest

from yofo_rerank.mini.architecture import build_tokenizer
from yofo_rerank.prompts import SPECIAL_TOKENS


@pytest.fixture(scope="session")
def tokenizer():
    """The embedded model's, with the tokens of the trained format."""
    tokenizer = build_tokenizer()
    tokenizer.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)
    return tokenizer
