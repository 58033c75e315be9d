import torch

from yofo_rerank.models.tokens import add_special_tokens
from yofo_rerank.prompts import SPECIAL_TOKENS


def test_unused_rows_are_taken_without_resizing(make_tiny):
    tiny = make_tiny("qwen2_vl")
    before = tiny.model.get_input_embeddings().weight.clone()
    n_tokens = len(tiny.processor.tokenizer)
    ids = add_special_tokens(tiny.processor.tokenizer, tiny.model)
    assert ids == list(range(n_tokens, n_tokens + len(SPECIAL_TOKENS)))
    assert torch.equal(tiny.model.get_input_embeddings().weight, before)
    assert add_special_tokens(tiny.processor.tokenizer, tiny.model) == ids
    assert len(tiny.processor.tokenizer) == n_tokens + len(SPECIAL_TOKENS)


def test_a_table_without_room_grows_and_stays_tied(make_tiny):
    tiny = make_tiny("qwen3_vl")
    tiny.model.resize_token_embeddings(len(tiny.processor.tokenizer) + 1)
    ids = add_special_tokens(tiny.processor.tokenizer, tiny.model)
    assert tiny.model.get_input_embeddings().weight.shape[0] == max(ids) + 1
    assert tiny.model.get_output_embeddings().weight is tiny.model.get_input_embeddings().weight
