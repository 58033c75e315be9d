"""Evidence: hiding a place equals a document in which the template cannot see it, on every family."""

import math

import pytest
import torch
from PIL import Image

from yofo_rerank import Document, Requirement
from yofo_rerank.errors import ConfigError
from yofo_rerank.evidence import grid_windows
from yofo_rerank.models.evidence import find_evidence, log_odds, word_tokens

TEXT = "A blue, hooded top — with long sleeves"


def noise(width=112, height=84):
    return Image.effect_noise((width, height), 90).convert("RGB")


@pytest.fixture
def model(tiny, slot_model):
    if tiny.family in tiny.RECURRENT:
        pytest.skip("such a model is refused: tests/models/test_recurrent.py")
    return slot_model(tiny, cache_bytes=1 << 20)


def test_nothing_hidden_is_the_judges_answer(model, ask):
    document = Document(image=noise(), text=TEXT)
    [evidence] = find_evidence(model, document, [Requirement(text="blue")])
    expected = ask(model, [document], ["blue"], "isolated").item()
    assert evidence.p_yes == pytest.approx(1 / (1 + math.exp(-expected)), abs=1e-5)


def test_hidden_tokens_are_those_of_the_full_mask(model):
    """The slow path: one pass over prefix and template whose mask hides the same tokens from the template alone."""
    prefix = model.prepare(Document(image=noise(), text=TEXT))
    [state] = model.encode_prefixes([prefix])
    [question] = model.questions(["a hooded top"], "isolated")
    image = prefix.parts[0]
    hidden = [[], [image.start + token for token in grid_windows(image.grid, 2)[0]], [image.start]]
    fast = log_odds(model, state, question.template, hidden)
    assert max(fast) - min(fast) > 1e-5  # hiding does something
    for tokens, found in zip(hidden, fast, strict=True):
        assert found == pytest.approx(_slowly(model, prefix, question.template, tokens), abs=1e-4)


@torch.inference_mode()
def _slowly(model, prefix, template, hidden):
    n, m = len(prefix.ids), len(template.ids)
    seen = torch.ones(n + m, n + m).tril()
    seen[n:, hidden] = 0
    positions = torch.cat([prefix.positions, (prefix.next_position + torch.arange(m)).expand(3, -1)], dim=1)
    output = model.network._inner(
        input_ids=torch.tensor([prefix.ids + template.ids]),
        attention_mask=((1 - seen) * torch.finfo(torch.float32).min)[None, None],
        position_ids=positions[:, None],
        pixel_values=model.maker.patcher.values(prefix.pictures),
        image_grid_thw=torch.tensor(prefix.grids),
        use_cache=False,
    )
    logits = model.network.answers(output.last_hidden_state[0, n + template.slots[0] - 1])
    return (logits[1] - logits[0]).item()


def test_maps_do_not_depend_on_batches_or_neighbours(model, tiny, slot_model):
    document = Document(image=noise(), text=TEXT)
    wishes = [Requirement(text=text) for text in ("blue", "a hooded top")]
    wide, narrow = slot_model(tiny, cache_bytes=1 << 20), slot_model(tiny, max_batch_tokens=1, cache_bytes=0)
    together = find_evidence(wide, document, wishes)
    alone = [find_evidence(narrow, document, [one])[0] for one in wishes]
    for one, other in zip(together, alone, strict=True):
        assert torch.allclose(torch.tensor(one.heat), torch.tensor(other.heat), atol=1e-4)
        assert [word.text for word in one.words] == ["A", "blue", "hooded", "top", "with", "long", "sleeves"]
        assert torch.tensor(one.heat).abs().max() > 1e-6
    grid = wide.prepare(document).parts[0].grid
    assert (len(together[0].heat), len(together[0].heat[0])) == grid


def test_words_are_hidden_by_their_own_tokens(model):
    prefix = model.prepare(Document(image=noise(), text=TEXT))
    words = word_tokens(model, prefix, TEXT)
    backend = model.maker.tokenizer
    for word, tokens in words:
        assert word.group().lower() in backend.decode([prefix.ids[token] for token in tokens]).lower()


def test_a_known_document_is_not_encoded_again(model):
    document = Document(image=noise())
    find_evidence(model, document, [Requirement(text="blue")])
    before = model.network.passes
    find_evidence(model, document, [Requirement(text="blue")])
    assert model.network.passes == before + 1  # all windows in one batch, no encoding


@pytest.mark.parametrize("window", [0, -1, 1.5, True])
def test_a_wrong_window_is_refused(model, window):
    with pytest.raises(ConfigError, match="window"):
        find_evidence(model, Document(image=noise()), [Requirement(text="blue")], window)


def test_documents_without_an_image_or_smaller_than_the_window(model):
    [text_only] = find_evidence(model, Document(text="blue top"), [Requirement(text="blue")])
    assert text_only.heat == () and text_only.box is None and len(text_only.words) == 2
    [huge] = find_evidence(model, Document(image=noise()), [Requirement(text="blue")], window=50)
    assert len({value for row in huge.heat for value in row}) == 1
