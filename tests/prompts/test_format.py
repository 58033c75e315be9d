import dataclasses

import pytest

from yofo_rerank.errors import ModelError
from yofo_rerank.prompts import FORMATS, SPECIAL_TOKENS, get_format


def test_unknown_format_names_the_known_ones():
    with pytest.raises(ModelError, match=r"'yofo-v9'.*ask-v1, chat-v1, yofo-v1"):
        get_format("yofo-v9")


def test_formats_are_frozen_and_registered_under_their_names():
    assert set(FORMATS) == {"ask-v1", "chat-v1", "yofo-v1"}
    for name, layout in FORMATS.items():
        assert layout.name == name
        with pytest.raises(dataclasses.FrozenInstanceError):
            layout.name = "other"


def test_the_trained_format_uses_the_four_tokens_and_the_zero_shot_one_none():
    trained, bare = get_format("yofo-v1"), get_format("chat-v1")
    used = (trained.before_slot, trained.after_slot, trained.reason_start, trained.reason_end)
    assert used == SPECIAL_TOKENS == trained.special_tokens
    assert bare.special_tokens == ()
    assert not any(token in str(dataclasses.asdict(bare)) for token in SPECIAL_TOKENS)
