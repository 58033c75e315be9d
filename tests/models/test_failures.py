"""A document that cannot be judged says why; the others are judged as ever."""

import pytest
import torch

from tests.models.asking import answer
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ImageError, ModelError, TemplateTooLong

CLOSE = {"atol": 1e-4, "rtol": 1e-4}


@pytest.fixture
def memory(tiny_qwen3_vl, monkeypatch):
    """`memory(rows)`: a forward pass over more rows than that runs out of memory."""
    inner = tiny_qwen3_vl.model.model
    forward = inner.forward
    tried = []

    def limit(rows, error):
        def limited(**inputs):
            tried.append(len(inputs["input_ids"]))
            if len(inputs["input_ids"]) > rows:
                raise error
            return forward(**inputs)

        monkeypatch.setattr(inner, "forward", limited)
        return tried

    return limit


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA"), RuntimeError("CUDA out of memory"), RuntimeError("not enough memory: you tried")],
)
def test_out_of_memory_halves_the_batch(tiny_qwen3_vl, slot_model, ask, pictured_documents, memory, error):
    expected = ask(slot_model(tiny_qwen3_vl), pictured_documents)
    tried = memory(2, error)
    model = slot_model(tiny_qwen3_vl)
    torch.testing.assert_close(ask(model, pictured_documents), expected, **CLOSE)
    assert tried == [8, 4, 2, 2, 4, 2, 2]
    assert model.network.passes == 4
    torch.testing.assert_close(ask(model, pictured_documents), expected, **CLOSE)  # cached ones are halved too


def test_out_of_memory_with_one_document(tiny_qwen3_vl, slot_model, pictured_documents, memory):
    memory(0, torch.OutOfMemoryError("CUDA"))
    model = slot_model(tiny_qwen3_vl)
    results = answer(model, pictured_documents, [["blue"]])
    assert [one.code for (one,) in results] == ["oom"] * len(pictured_documents)


def test_other_runtime_errors_are_not_hidden(tiny_qwen3_vl, slot_model, pictured_documents, memory):
    memory(0, RuntimeError("shapes do not match"))
    model = slot_model(tiny_qwen3_vl)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        answer(model, pictured_documents, [["blue"]])


def test_broken_weights(make_tiny, slot_model, pictured_documents):
    tiny = make_tiny("qwen2_vl")
    with torch.no_grad():
        tiny.model.model.language_model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    model = slot_model(tiny)
    results = answer(model, pictured_documents, [["blue"]])
    assert [(type(one), one.code) for (one,) in results] == [(ModelError, "nan")] * len(pictured_documents)
    assert model.cache.stats.entries == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_answer_that_is_no_number(tiny_qwen3_vl, slot_model, ask, pictured_documents, monkeypatch, value):
    expected = ask(slot_model(tiny_qwen3_vl), pictured_documents)
    model = slot_model(tiny_qwen3_vl)
    answers = model.network.answers

    def spoilt(hidden):
        logits = answers(hidden)
        logits[3, 1] = value  # the first slot of the second document
        return logits

    monkeypatch.setattr(model.network, "answers", spoilt)
    results = answer(model, pictured_documents, [["blue", "not pink", "a hooded top"]], "joint")
    failed = [place for place, (one,) in enumerate(results) if isinstance(one, ModelError)]
    assert len(failed) == 1
    assert results[failed[0]][0].code == "nan"
    for place, (one,) in enumerate(results):
        if place not in failed:
            assert [answer.log_odds for answer in one] == pytest.approx(expected[place].tolist(), abs=1e-4)


def test_one_bad_image_among_good_ones(tiny, slot_model, ask, pictured_documents, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not an image")
    documents = [
        *pictured_documents[:2],
        Document(image=bad, id="bad"),
        Document(image=tmp_path / "none.png", id="gone"),
    ]
    model = slot_model(tiny)
    results = answer(model, [*documents, *pictured_documents[2:]], [["blue"]])
    failed = [one for (one,) in results[2:4]]
    assert [type(one) for one in failed] == [ImageError, ImageError]
    assert [one.code for one in failed] == ["not_an_image", "missing"]
    judged = torch.tensor([[one.log_odds for one in row] for (row,) in (*results[:2], *results[4:])])
    torch.testing.assert_close(judged, ask(slot_model(tiny), pictured_documents, ["blue"]), **CLOSE)


def test_a_document_that_is_too_long_is_not_cut(tiny_qwen2_vl, slot_model):
    model = slot_model(tiny_qwen2_vl)
    limit = tiny_qwen2_vl.model.config.get_text_config().max_position_embeddings
    documents = [Document(text="top"), Document(text="very " * limit, id="long")]
    (good,), (bad,) = answer(model, documents, [["blue"]], "joint")
    assert isinstance(good, list)
    assert isinstance(bad, DocumentError)
    assert bad.code == "too_long"
    assert str(limit - len(model.template(["blue"]).ids)) in str(bad)


def test_a_cached_document_that_no_longer_fits(tiny_qwen2_vl, slot_model):
    model = slot_model(tiny_qwen2_vl)
    limit = tiny_qwen2_vl.model.config.get_text_config().max_position_embeddings
    words = 1
    while len(model.template(["a " * (words + 1)]).ids) < limit // 2:
        words += 1
    document = Document(text="a " * words)  # takes half of the room
    ((fits,),) = answer(model, [document], [["blue"]])
    assert isinstance(fits, list)
    one, two = (len(model.template(["blue"] * n).ids) for n in (1, 2))
    long = ["blue"] * (1 + (int(limit * 0.6) - one) // (two - one))  # fits alone, not behind it
    ((fails,),) = answer(model, [document], [long], "joint")
    assert fails.code == "too_long"


def test_too_many_requirements_name_limit_and_requirement(tiny_qwen2_vl, slot_model):
    model = slot_model(tiny_qwen2_vl)
    per_requirement = len(model.template(["blue"]).ids)
    limit = tiny_qwen2_vl.model.config.get_text_config().max_position_embeddings
    fitting = (limit - 20) // per_requirement
    assert len(model.template(["blue"] * fitting).slots) == fitting
    with pytest.raises(TemplateTooLong, match=r"room for \d+; requirement \d+ \('blue'\) crosses"):
        model.template(["blue"] * (fitting + 20))
    with pytest.raises(TemplateTooLong, match="requirement 1 "):
        model.template(["blue", "very " * limit, "red"])


def test_eighty_requirements(tiny_qwen3_vl, slot_model, ask, pictured_documents):
    logits = ask(slot_model(tiny_qwen3_vl), pictured_documents[:1], [f"statement {number}" for number in range(80)])
    assert logits.shape == (1, 80)


@pytest.mark.parametrize("size", [(2, 2), (3, 150), (400, 300), (1, 1)])
def test_images_of_odd_sizes(tiny, slot_model, size, make_image):
    model = slot_model(tiny)
    ((one,),) = answer(model, [Document(image=make_image(*size))], [["blue"]])
    if min(size) < 2:
        assert one.code == "too_small"
    else:
        assert one[0].is_finite


def test_max_pixels_bounds_the_image_tokens(tiny, slot_model, make_image):
    document = Document(image=make_image(96, 96))
    prefixes = [slot_model(tiny, max_pixels=pixels).prepare(document) for pixels in (32 * 32, 64 * 64, None)]
    assert [len(prefix.pictures[0].patches) for prefix in prefixes] == [16, 64, 144]
