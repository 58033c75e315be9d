"""The rules of the engine, on every family: what must never change an answer, and what one pass means."""

import random

import pytest
import torch

from tests.models.asking import answer
from yofo_rerank.documents import Document
from yofo_rerank.models.families import layer_kinds
from yofo_rerank.prompts import prefix_ids, template_ids, token_id

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
TEXTS = ("blue", "not pink", "a hooded top")


@pytest.fixture
def passes(tiny):
    """Counts the calls of the real module's forward, not our own counter."""
    calls = []
    handle = tiny.model.model.register_forward_hook(lambda *_: calls.append(1))
    yield calls
    handle.remove()


def assert_varied(logits):
    """What is compared must depend on the document and on the requirement, or every comparison is trivial."""
    assert logits.std(0).mean() > 0.1
    assert logits.std(1).mean() > 0.1


def test_cached_equals_uncached(tiny, slot_model, ask, pictured_documents):
    model = slot_model(tiny)
    cold = ask(model, pictured_documents)
    assert model.cache.stats.hits == 0
    warm = ask(model, pictured_documents)
    assert model.cache.stats.hits == len(pictured_documents)
    assert_varied(cold)
    torch.testing.assert_close(warm, cold, **CLOSE)


def test_encode_then_read_equals_one_pass(tiny, slot_model, ask, pictured_documents, log_odds):
    model = slot_model(tiny, cache_bytes=0)
    asked = [[model.template(TEXTS)]] * len(pictured_documents)
    split = model.read(model.encode(pictured_documents), asked)
    assert split.dtype == torch.float32
    assert split.shape == (len(pictured_documents) * len(TEXTS), 2)
    split = split.view(len(pictured_documents), len(TEXTS), 2)
    torch.testing.assert_close(log_odds(split), ask(model, pictured_documents, TEXTS), **CLOSE)


def test_batched_equals_single(tiny, slot_model, ask, pictured_documents, passes):
    together = ask(slot_model(tiny, cache_bytes=0), pictured_documents)
    assert len(passes) == 1  # images of several grids and texts, left-padded in one batch
    alone = torch.cat([ask(slot_model(tiny, cache_bytes=0), [document]) for document in pictured_documents])
    assert_varied(together)
    torch.testing.assert_close(together, alone, **CLOSE)


def test_a_small_token_budget_changes_nothing(tiny, slot_model, ask, pictured_documents, passes):
    split = ask(slot_model(tiny, max_batch_tokens=1, cache_bytes=0), pictured_documents)
    assert len(passes) == len(pictured_documents)
    torch.testing.assert_close(split, ask(slot_model(tiny), pictured_documents), **CLOSE)


def test_any_order_of_documents(tiny, slot_model, ask, pictured_documents):
    order = random.Random(0).sample(range(len(pictured_documents)), len(pictured_documents))
    straight = ask(slot_model(tiny, cache_bytes=0), pictured_documents)
    shuffled = ask(slot_model(tiny, cache_bytes=0), [pictured_documents[at] for at in order])
    torch.testing.assert_close(shuffled, straight[order], **CLOSE)


def test_what_an_earlier_call_left_behind_does_not_matter(tiny, slot_model, ask, pictured_documents, make_image):
    model = slot_model(tiny, cache_bytes=0)
    fresh = model.read(model.encode(pictured_documents[:1]), [[model.template(TEXTS)]])
    model = slot_model(tiny)
    tiny.model.model.rope_deltas = torch.tensor([[-1000]])  # what these modules remember of their last call
    ask(model, [Document(image=make_image(32, 96, 9)), Document(text="x " * 40)])
    states = model.encode(pictured_documents[:1])
    torch.testing.assert_close(model.read(states, [[model.template(TEXTS)]]), fresh, **CLOSE)
    tiny.model.model.rope_deltas = None


def test_two_row_head_equals_the_full_head_of_the_whole_model(tiny, slot_model, ask, make_image):
    """Against the plain Hugging Face call, which computes positions and all logits by itself."""
    document = Document(image=make_image(64, 48, 5), text="a grey skirt")
    model = slot_model(tiny, cache_bytes=0)
    tokenizer, layout = model.maker.tokenizer, model.layout
    vision = tiny.processor.image_processor(images=[document.load_image()], return_tensors="pt")
    n_image_tokens = int(vision["image_grid_thw"].prod()) // 4
    prefix = prefix_ids(layout, tokenizer, n_image_tokens=n_image_tokens, text=document.text)
    template = template_ids(layout, tokenizer, TEXTS)
    ids = torch.tensor([prefix + template.ids])
    with torch.inference_mode():
        logits = tiny.model(
            input_ids=ids, mm_token_type_ids=(ids == tiny.model.config.image_token_id).int(), **vision
        ).logits
    tiny.model.model.rope_deltas = None
    at_slots = logits[0, [len(prefix) + slot - 1 for slot in template.slots]]
    expected = at_slots[:, [token_id(tokenizer, "no"), token_id(tokenizer, "yes")]]
    assert logits.shape[-1] == 512
    found, _ = model.encode_and_read([model.prepare(document)], [[model.template(TEXTS)]], keep_states=False)
    torch.testing.assert_close(found, expected, **CLOSE)
    torch.testing.assert_close(ask(model, [document], TEXTS)[0], expected[:, 1] - expected[:, 0], **CLOSE)


def test_answers_of_a_bfloat16_model_are_float32(make_tiny, slot_model, pictured_documents):
    tiny = make_tiny("qwen3_vl")
    tiny.model.to(torch.bfloat16)
    model = slot_model(tiny, cache_bytes=0)
    prefixes = [model.prepare(document) for document in pictured_documents]
    asked = [[model.template(TEXTS)]] * len(prefixes)
    logits, _ = model.encode_and_read(prefixes, asked, keep_states=False)
    assert logits.dtype == torch.float32
    assert (logits != logits.bfloat16().float()).float().mean() > 0.5  # not computed in bfloat16 and cast afterwards
    assert len((logits[..., 1] - logits[..., 0]).unique()) == logits[..., 0].numel()


def test_ten_requirements_are_one_pass(tiny, slot_model, ask, pictured_documents, passes):
    texts = [f"requirement {number}" for number in range(10)]
    logits = ask(slot_model(tiny, cache_bytes=0, max_batch_tokens=20_000), pictured_documents, texts)
    assert logits.shape == (len(pictured_documents), 10)
    assert len(passes) == 1


def test_cold_and_cached_documents_take_one_pass_each(tiny, slot_model, ask, pictured_documents, passes):
    model = slot_model(tiny)
    cold = 2 if tiny.family in tiny.RECURRENT else 1
    ask(model, pictured_documents[:3])
    assert len(passes) == cold
    ask(model, pictured_documents)  # three known, three new
    assert len(passes) == 2 * cold + 1
    assert model.network.passes == 2 * cold + 1


def test_many_templates_encode_a_document_once(tiny, slot_model, pictured_documents, passes):
    model = slot_model(tiny, cache_bytes=0)
    lists = [[text] for text in TEXTS]
    together = answer(model, pictured_documents, lists, "joint")
    cold = 2 if tiny.family in tiny.RECURRENT else 1
    assert len(passes) == cold  # every template sees the document and itself
    for place, text in enumerate(TEXTS):
        alone = answer(slot_model(tiny, cache_bytes=0), pictured_documents, [[text]], "joint")
        for one, other in zip(together, alone, strict=True):
            assert one[place][0].log_odds == pytest.approx(other[0][0].log_odds, abs=1e-4)


def test_identical_documents_are_encoded_once(tiny, slot_model, ask, make_image, passes):
    model = slot_model(tiny, cache_bytes=0, max_batch_tokens=1)
    twice = [Document(image=make_image(seed=1), id="a"), Document(text="b"), Document(image=make_image(seed=1), id="c")]
    logits = ask(model, twice)
    assert len(passes) == 2
    assert torch.equal(logits[0], logits[2])
    assert len(model.encode(twice)) == 3
    assert len(passes) == 4


def test_reading_does_not_change_the_states(tiny, slot_model, pictured_documents):
    model = slot_model(tiny)
    states = model.encode(pictured_documents)
    before = [[tensor.clone() for tensor in (state.keys_values, *state.recurrent)] for state in states]
    asked = [[model.template(TEXTS)]] * len(states)
    first = model.read(states, asked)
    second = model.read(states, asked)
    assert torch.equal(first, second)
    for state, old in zip(states, before, strict=True):
        assert all(map(torch.equal, (state.keys_values, *state.recurrent), old))


def test_a_state_holds_its_prefix_and_nothing_else(tiny, slot_model, pictured_documents):
    model = slot_model(tiny)
    prefixes = [model.prepare(document) for document in pictured_documents]
    config = tiny.model.config.get_text_config()
    for prefix, state in zip(prefixes, model.encode(pictured_documents), strict=True):
        assert state.n_tokens == len(prefix.ids)
        n_linear = layer_kinds(config).count("linear_attention")
        assert state.keys_values.shape[:3] == (config.num_hidden_layers - n_linear, 2, config.num_key_value_heads)
        assert len(state.recurrent) == 2 * n_linear
        tensors = [state.keys_values, *state.recurrent]
        assert all(tensor.is_contiguous() for tensor in tensors)
        assert state.nbytes == sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def test_the_callers_model_and_processor_are_left_as_they_were(make_tiny, slot_model, ask, pictured_documents):
    tiny = make_tiny("qwen3_vl")
    tiny.model.train()
    tiny.model.model.visual.eval()
    n_tokens = len(tiny.processor.tokenizer)
    ask(slot_model(tiny), pictured_documents)
    assert tiny.model.training and tiny.model.model.language_model.training
    assert not tiny.model.model.visual.training
    assert len(tiny.processor.tokenizer) == n_tokens
