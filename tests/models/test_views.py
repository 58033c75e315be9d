"""Several images in one prefix, on every family: what the plain Hugging Face call says, whatever else is in a batch."""

import pytest
import torch
from PIL import Image

from yofo_rerank import Document, Requirement
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.models.evidence import find_evidence
from yofo_rerank.models.looking import document_key, known_key, read_images
from yofo_rerank.prompts import lay_out_prefix, prefix_ids, template_ids, token_id

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
TEXTS = ("blue", "not pink", "a hooded top")


@pytest.fixture
def views(make_image):
    return [make_image(48, 48, 1), make_image(32, 80, 4), make_image(96, 64, 5)]


def test_several_images_equal_the_plain_hugging_face_call(tiny, slot_model, ask, views):
    """Which computes positions, image features and all logits by itself."""
    document = Document(images=views, text="a grey skirt")
    model = slot_model(tiny, cache_bytes=0)
    tokenizer, layout = model.maker.tokenizer, model.layout
    vision = tiny.processor.image_processor(images=views, return_tensors="pt")
    sizes = (vision["image_grid_thw"].prod(-1) // 4).tolist()
    assert len(set(sizes)) > 1
    prefix, _ = lay_out_prefix(layout, tokenizer, [*sizes, document.text])
    template = template_ids(layout, tokenizer, TEXTS)
    ids = torch.tensor([prefix + template.ids])
    with torch.inference_mode():
        logits = tiny.model(
            input_ids=ids, mm_token_type_ids=(ids == tiny.model.config.image_token_id).int(), **vision
        ).logits
    tiny.model.model.rope_deltas = None
    at_slots = logits[0, [len(prefix) + slot - 1 for slot in template.slots]]
    expected = at_slots[:, token_id(tokenizer, "yes")] - at_slots[:, token_id(tokenizer, "no")]
    found = ask(model, [document, Document(text="top")], TEXTS)[0]  # padded beside a short one
    assert found.std() > 0.1
    torch.testing.assert_close(found, expected, **CLOSE)


def test_one_image_keeps_its_token_ids(tiny, slot_model, views):
    model = slot_model(tiny)
    for one in (Document(image=views[0], text="top"), Document(images=views[:1], text="top")):
        prefix = model.prepare(one)
        n_image_tokens = prefix.parts[0].n_tokens
        assert prefix.ids == prefix_ids(model.layout, model.maker.tokenizer, n_image_tokens=n_image_tokens, text="top")
        assert document_key(one) == document_key(Document(image=views[0], text="top"))


def test_each_image_has_its_own_grid_in_order(tiny, slot_model, views):
    model = slot_model(tiny)
    parts = model.prepare(Document(images=views, text="top")).parts
    alone = [model.prepare(Document(image=view)).parts[0].grid for view in views]
    assert [part.grid for part in parts] == [*alone, None]
    assert len(set(alone)) == 3


def test_the_order_and_every_image_count(tiny, slot_model, ask, views):
    documents = [Document(images=some) for some in (views, views[::-1], views[:2], [*views[:2], views[0]])]
    logits = ask(slot_model(tiny), documents)
    for one in range(len(documents)):
        for other in range(one):
            assert (logits[one] - logits[other]).abs().max() > 1e-3
    assert len({document_key(document) for document in documents}) == 4


def test_several_images_are_one_pass_and_one_state(tiny, slot_model, ask, views):
    model = slot_model(tiny)
    cold = ask(model, [Document(images=views)])
    assert model.network.passes == 1 or model.network.is_recurrent  # such layers read behind a state of their own
    warm = ask(model, [Document(images=[view.copy() for view in views], id="again")])
    assert model.cache.stats.hits == 1
    torch.testing.assert_close(warm, cold, **CLOSE)


def test_evidence_of_each_image(tiny, slot_model, views):
    model = slot_model(tiny, cache_bytes=1 << 20)
    if model.network.is_recurrent:
        pytest.skip("no evidence from recurrent layers")
    document = Document(images=views, text="blue top")
    [found] = find_evidence(model, document, [Requirement(text="blue")])
    grids = [part.grid for part in model.prepare(document).parts if part.grid]
    assert [(len(one.heat), len(one.heat[0])) for one in found.maps] == grids
    assert (found.heat, found.box) == (found.maps[found.page].heat, found.maps[found.page].box)
    sign = 1 if found.verdict else -1
    strongest = [max(sign * value for row in one.heat for value in row) for one in found.maps]
    assert found.page == strongest.index(max(strongest))
    assert [word.text for word in found.words] == ["blue", "top"]
    assert type(found)(**found.to_dict()) == found
    assert find_evidence(model, Document(image=views[0]), [Requirement(text="blue")])[0].maps == ()


def test_fifty_images_are_judged_or_too_long(tiny_qwen3_vl, slot_model, ask, make_image):
    many = Document(images=[make_image(32, 32, seed) for seed in range(50)])
    assert ask(slot_model(tiny_qwen3_vl), [many]).shape == (1, 3)
    model = slot_model(tiny_qwen3_vl)
    model._max_tokens = 150
    with pytest.raises(DocumentError) as caught:
        model.prepare(many)
    assert caught.value.code == "too_long"


def test_files_and_pictures_in_memory_may_be_mixed(tiny_qwen3_vl, slot_model, views, tmp_path):
    path = tmp_path / "a.png"
    views[0].save(path)
    mixed = Document(images=[path, views[1]])
    key = document_key(mixed)
    assert key == document_key(Document(images=[path.read_bytes(), views[1]]))
    assert known_key(mixed) is None  # its file may change
    assert read_images(mixed, key) == [path.read_bytes(), views[1]]
    Image.new("RGB", (48, 48)).save(path)
    with pytest.raises(ImageError) as caught:
        read_images(mixed, key)
    assert caught.value.code == "changed"


def test_a_damaged_view_fails_its_document_alone(tiny_qwen3_vl, slot_model, views):
    from tests.models.asking import answer

    documents = [Document(images=[views[0], b"junk"], id="bad"), Document(images=views, id="good")]
    [[bad], [good]] = answer(slot_model(tiny_qwen3_vl), documents, [TEXTS], "isolated")
    assert isinstance(bad, ImageError) and "'bad', image 1" in str(bad)
    assert len(good) == 3
