"""A tokenizer for the prompt tests, and Qwen's own vocabulary where it is at hand."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

QWEN_TIKTOKEN = Path(__file__).parents[2] / ".." / "shared" / "data" / "qwen.tiktoken"
QWEN_SPECIAL = """
    <|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|>
    <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>
""".split()  # noqa: SIM905  # ids 151643 to 151656
QWEN_ADDED = """
    <tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|>
    <tool_response> </tool_response> <think> </think>
""".split()  # noqa: SIM905  # ids 151657 to 151668, not flagged special


@pytest.fixture(scope="session")
def tokenizer(make_tiny):
    """The tiny tokenizer with the four special tokens of the paper."""
    from yofo_rerank.models.tokens import add_special_tokens

    tiny = make_tiny("qwen2_vl")
    add_special_tokens(tiny.processor.tokenizer, tiny.model)
    return tiny.processor.tokenizer


@pytest.fixture(scope="session")
def qwen_tokenizer():
    """Qwen's vocabulary in the real tokenizer class."""
    from tokenizers import AddedToken
    from transformers import Qwen2Tokenizer

    path = Path(os.environ.get("YOFO_QWEN_TIKTOKEN", QWEN_TIKTOKEN))
    if not path.is_file():
        pytest.skip("needs Qwen's vocabulary: set YOFO_QWEN_TIKTOKEN to a qwen.tiktoken file")
    vocab, merges = _vocab_and_merges(path)
    tokenizer = Qwen2Tokenizer(vocab=vocab, merges=merges)
    tokenizer.add_tokens(QWEN_SPECIAL, special_tokens=True)
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in QWEN_ADDED])
    return tokenizer


def _vocab_and_merges(path: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    ranks = {}
    for line in path.read_bytes().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    letters = bytes_to_unicode()
    spelled = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = []
    for token in ranks:  # in order of rank, which is the order of merging
        splits = [(token[:at], token[at:]) for at in range(1, len(token))]
        known = [(left, right) for left, right in splits if left in ranks and right in ranks]
        merges += sorted(known, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
    return {spelled[token]: rank for token, rank in ranks.items()}, [(spelled[a], spelled[b]) for a, b in merges]
