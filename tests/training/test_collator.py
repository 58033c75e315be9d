"""A batch holds the judge's own layout; labels are where they belong and nowhere else."""

import dataclasses

import pytest
import torch
from PIL import Image

from yofo_rerank.errors import ExampleError
from yofo_rerank.images import load_image
from yofo_rerank.prompts import template_ids, token_id
from yofo_rerank.training.collator import ABSENT, Collator
from yofo_rerank.training.encode import ExampleEncoder, encode_example
from yofo_rerank.training.examples import Example, Property


def flipped(item):
    properties = tuple(prop.model_copy(update={"answer": not prop.answer}) for prop in item.example.properties)
    return dataclasses.replace(item, example=item.example.model_copy(update={"properties": properties}))


def present(row):
    return row[row != ABSENT].tolist()


def test_labels_decode_to_answers_and_reasons(family, loaded, toy_items):
    _, maker = loaded(family)
    tokenizer = maker.tokenizer
    batch = Collator(ExampleEncoder(maker, 1536))(toy_items)
    start, unknown = token_id(tokenizer, "<|auth_start|>"), token_id(tokenizer, "unknown")
    for row, item in enumerate(toy_items):
        properties = item.example.properties
        ids, slots = batch["input_ids"][row], present(batch["slots"][row])
        assert slots == (ids == start).nonzero().flatten().tolist()
        assert ids[torch.tensor(slots) + 1].tolist() == [unknown] * len(properties)
        answers = present(batch["answers"][row])
        assert [tokenizer.decode([a]) for a in answers] == ["yes" if p.answer else "no" for p in properties]
        reasons = "".join(f"{prop.reason}<|reason_end|>" for prop in properties if prop.reason)
        assert tokenizer.decode(present(batch["reason_tokens"][row])) == reasons
        positions = torch.tensor(present(batch["reason_positions"][row]), dtype=torch.long)
        assert ids[positions + 1].tolist() == present(batch["reason_tokens"][row])
    assert (batch["reason_tokens"] != ABSENT).any()
    assert (batch["reason_tokens"][2] == ABSENT).all()  # a sample without reasons


def test_the_template_is_that_of_the_judge(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    item = toy_items[2]
    batch = Collator(ExampleEncoder(maker, 1536))([item])
    wanted = template_ids(maker.layout, maker.tokenizer, [prop.text for prop in item.example.properties])
    assert batch["input_ids"][0, -len(wanted.ids) :].tolist() == wanted.ids


def test_answers_are_never_visible(family, loaded, toy_items):
    _, maker = loaded(family)
    collate = Collator(ExampleEncoder(maker, 1536))
    batch, other = collate(toy_items), collate([flipped(item) for item in toy_items])
    assert torch.equal(batch["input_ids"], other["input_ids"])
    assert not torch.equal(batch["answers"], other["answers"])
    for answer in ("yes", "no"):
        assert not (batch["input_ids"] == token_id(maker.tokenizer, answer)).any()


def test_positions_are_the_models_own(family, loaded, toy_items):
    model, maker = loaded(family)
    batch = Collator(ExampleEncoder(maker, 1536))(toy_items)
    images = batch["input_ids"] == model.config.image_token_id
    positions, _ = model.model.get_rope_index(
        batch["input_ids"],
        mm_token_type_ids=images.int(),
        image_grid_thw=batch["image_grid_thw"],
        attention_mask=batch["attention_mask"],
    )
    kept = batch["attention_mask"].bool()
    assert torch.equal(positions[:, kept], batch["position_ids"][:, kept])
    assert not kept.all()
    assert int(images.sum()) * 4 == int(batch["image_grid_thw"].prod(-1).sum())


def test_text_documents_alone_have_no_pixels(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    batch = Collator(ExampleEncoder(maker, 1536))([toy_items[5]])
    assert "pixel_values" not in batch
    assert "image_grid_thw" not in batch


def test_hidden_reasons_take_no_positions(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    with_reasons = Collator(ExampleEncoder(maker, 1536, hide_reasons=True))([toy_items[1]])
    properties = tuple(prop.model_copy(update={"reason": None}) for prop in toy_items[1].example.properties)
    bare = dataclasses.replace(toy_items[1], example=toy_items[1].example.model_copy(update={"properties": properties}))
    without = Collator(ExampleEncoder(maker, 1536))([bare])
    shared = with_reasons["segments"][0] == 0
    assert torch.equal(with_reasons["input_ids"][0, shared], without["input_ids"][0])
    assert torch.equal(with_reasons["position_ids"][:, 0, shared], without["position_ids"][:, 0])
    assert not shared.all()


def test_too_long_names_the_example(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    with pytest.raises(ExampleError, match=r"train\.jsonl:1: \d+ tokens .*max_length is 20; .*max_pixels") as caught:
        Collator(ExampleEncoder(maker, 20))(toy_items)
    assert caught.value.code == "too_long"


def test_the_limit_itself_is_allowed(loaded):
    _, maker = loaded("qwen3_vl")
    prefix = maker.make(None, "it is grey", max_tokens=100)
    options = {"layout": maker.layout, "tokenizer": maker.tokenizer, "hide_reasons": False, "where": "here"}
    properties = (Property(text="it is grey", answer=True),)
    n_tokens = len(encode_example(properties, prefix, max_length=100, **options).ids)
    assert len(encode_example(properties, prefix, max_length=n_tokens, **options).ids) == n_tokens
    with pytest.raises(ExampleError):
        encode_example(properties, prefix, max_length=n_tokens - 1, **options)


@pytest.mark.parametrize(
    ("image", "code"), [("none.png", "missing"), ("/etc/hostname", "outside_root"), ("train.jsonl", "not_an_image")]
)
def test_unreadable_images_name_the_example(loaded, toy_items, image, code):
    _, maker = loaded("qwen3_vl")
    example = Example(image=image, properties=({"text": "p", "answer": True},))
    with pytest.raises(ExampleError, match=r"train\.jsonl:1: ") as caught:
        Collator(ExampleEncoder(maker, 1536))([dataclasses.replace(toy_items[0], example=example)])
    assert caught.value.code == code


def test_a_large_photograph_is_laid_out_as_if_decoded_whole(loaded, toy_items, tmp_path):
    """Decoded smaller, it has the same grid and about the same pixels."""
    _, maker = loaded("qwen3_vl")
    gradient = Image.linear_gradient("L").resize((1600, 1100))
    Image.merge("RGB", (gradient, gradient.rotate(180), gradient)).save(tmp_path / "large.jpg", quality=95)
    example = Example(image="large.jpg", properties=({"text": "p", "answer": True},))
    prefix = ExampleEncoder(maker, 1536).prefix(dataclasses.replace(toy_items[0], example=example, folder=tmp_path))
    with Image.open(tmp_path / "large.jpg") as image:
        wanted = maker.make(image.convert("RGB"), None, max_tokens=10_000)
    assert prefix.ids == wanted.ids
    assert prefix.grids == wanted.grids
    difference = (prefix.pictures[0].patches.float() - wanted.pictures[0].patches.float()).abs()
    assert difference.mean() < 1
    assert wanted.pictures[0].patches.float().std() > 20


def test_several_images_are_laid_out_as_the_judge_does(loaded, toy_items):
    _, maker = loaded("qwen3_vl")
    properties = ({"text": "is red", "answer": True},)
    item = dataclasses.replace(toy_items[0], example=Example(images=("0.png", "1.png"), properties=properties))
    batch = Collator(ExampleEncoder(maker, 1536))([item])
    pictures = [maker.patcher.cut(load_image(item.folder / name)) for name in ("0.png", "1.png")]
    prefix = maker.lay_out(pictures, max_tokens=1000)
    assert batch["image_grid_thw"].tolist() == [list(picture.grid) for picture in pictures]
    assert batch["input_ids"][0, : len(prefix.ids)].tolist() == prefix.ids
    assert torch.equal(batch["position_ids"][:, 0, : len(prefix.ids)], prefix.positions)
