"""CLIP, SigLIP 2, BLIP-2 and Jina on tiny random checkpoints, loaded as the real ones are."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from evals.baselines.blip2 import agree as let_agree
from evals.baselines.checks import ConstantScores, MissingBaseline, open_baseline, score_counting
from evals.baselines.named import RECORDS
from evals.baselines.open_clip_scorer import table_entry
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.mini.weights import weights_folder

BY_NAME = {record.name: record for record in RECORDS}
QUERY = "a blue hooded top"
FOLDERS = {
    "siglip2-so400m": "siglip_folder",
    "siglip2-giant": "siglip_folder",
    "siglip2-naflex": "naflex_folder",
    "blip2-itm": "blip2_folder",
    "blip2-itc": "blip2_folder",
    "jina-reranker-m0": "jina_folder",
}


@pytest.fixture(params=RECORDS, ids=lambda record: record.name)
def record(request):
    return request.param


@pytest.fixture
def folder(request, record):
    if record.name == "clip-vit-l-14":
        return str(weights_folder("clip"))
    return request.getfixturevalue(FOLDERS[record.name])


def weights(folder):
    (file,) = Path(folder).glob("*.safetensors")
    return load_file(file)


def damaged(folder, tmp_path, change):
    """A copy of a checkpoint with other weights."""
    copy = tmp_path / "damaged"
    shutil.copytree(folder, copy)
    tensors = {name: tensor for name, tensor in change(weights(folder)).items() if tensor is not None}
    (file,) = copy.glob("*.safetensors")
    save_file(tensors, file, {"format": "pt"})
    return str(copy)


def test_together_is_alone_and_in_any_order(record, folder, pictures, agree):
    scores = agree(open_baseline(record, folder), QUERY, pictures)
    other = open_baseline(record, folder).score("red dress", pictures)
    assert scores != pytest.approx(other, abs=1e-3)


def test_loaded_twice_scores_the_same(record, folder, pictures):
    first, second = (open_baseline(record, folder).score(QUERY, pictures) for _ in range(2))
    assert first == second


def test_a_contestant_that_sees_nothing_is_refused(record, folder, pictures, monkeypatch):
    scorer = open_baseline(record, folder)
    same = pictures[0].load_image()
    monkeypatch.setattr(Document, "load_image", lambda *_, **__: same)
    with pytest.raises(ConstantScores, match=record.name):
        scorer.score(QUERY, pictures)


def test_a_picture_that_cannot_be_read_is_counted(record, folder, pictures):
    broken = Document(image=b"no picture", id="broken")
    counted = score_counting(open_baseline(record, folder), QUERY, [*pictures[:2], broken, *pictures[2:]])
    assert [place for place, score in enumerate(counted.scores) if score is None] == [2]
    assert counted.failures == 1


def test_what_reads_pictures_alone_refuses_a_text(record, folder):
    scorer = open_baseline(record, folder)
    if "text" in record.reads:
        assert len(scorer.score(QUERY, [Document(text="a top")])) == 1
    else:
        with pytest.raises(DocumentError, match="has none"):
            scorer.score(QUERY, [Document(text="a top")])


def test_an_absent_checkpoint_is_named_with_its_licence(record, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(MissingBaseline) as caught:
        open_baseline(record)
    assert record.hub_id in str(caught.value)
    assert record.licence in str(caught.value)


@pytest.mark.parametrize("which", [0, -1])
def test_a_weight_that_is_absent_is_an_error_not_a_random_number(record, folder, tmp_path, which):
    gone = sorted(weights(folder))[which]
    without = damaged(folder, tmp_path, lambda tensors: tensors | {gone: None})
    with pytest.raises(ModelError, match=r"lacks 1 weights|open_clip cannot load"):
        open_baseline(record, without)


def test_openai_s_weights_run_with_quickgelu():
    import open_clip

    model, tag = table_entry(BY_NAME["clip-vit-l-14"].hub_id)
    assert (model, tag) == ("ViT-L-14", "openai")
    assert open_clip.get_pretrained_cfg(model, tag)["quick_gelu"] is True
    with pytest.raises(ModelError, match="no weights"):
        table_entry("someone/else")


def test_clip_is_the_cosine_of_open_clip_itself(pictures):
    import open_clip

    name = f"local-dir:{weights_folder('clip')}"
    network, preprocess = open_clip.create_model_from_pretrained(name)
    with torch.inference_mode():
        text = network.eval().encode_text(open_clip.get_tokenizer(name)([QUERY]), normalize=True)[0]
        seen = network.encode_image(torch.stack([preprocess(one.load_image()) for one in pictures]), normalize=True)
    scores = BY_NAME["clip-vit-l-14"].load(str(weights_folder("clip"))).score(QUERY, pictures)
    assert scores == pytest.approx((seen @ text).tolist(), abs=1e-5)


def test_clip_says_that_it_cuts_a_query(pictures, caplog):
    scorer = BY_NAME["clip-vit-l-14"].load(str(weights_folder("clip")))
    with caplog.at_level(logging.WARNING):
        scorer.score("a blue top, " * 40, pictures[:1])
    assert "only their beginning counts" in caplog.text


@pytest.mark.parametrize("side", ["left", "right"])
def test_siglip_pads_on_the_side_of_its_checkpoint(side, siglip_folder, tmp_path):
    copy = tmp_path / side
    shutil.copytree(siglip_folder, copy)
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps(settings | {"padding_side": side}))
    scorer = BY_NAME["siglip2-so400m"].load(str(copy))
    ids = scorer.text_ids(QUERY)[0]
    padding = scorer.processor.tokenizer.pad_token_id
    assert (ids[0] == padding, ids[-1] == padding) == (side == "left", side == "right")


@pytest.fixture(params=["siglip2-so400m", "siglip2-naflex"])
def siglip(request):
    record = BY_NAME[request.param]
    return record.load(request.getfixturevalue(FOLDERS[record.name]))


def test_siglip_pads_to_64_and_tells_no_mask(siglip, pictures, monkeypatch):
    seen = {}
    own = siglip.network.get_text_features

    def spy(**inputs):
        seen.update(inputs)
        return own(**inputs)

    monkeypatch.setattr(siglip.network, "get_text_features", spy)
    scores = siglip.score(QUERY, pictures)
    assert set(seen) == {"input_ids"}
    assert seen["input_ids"].shape == (1, 64)
    masked = siglip.processor.tokenizer([QUERY], padding="max_length", max_length=64, return_tensors="pt")
    trapped = own(**masked).pooler_output
    assert not torch.allclose(trapped, own(input_ids=masked.input_ids).pooler_output, atol=1e-3)
    assert len(scores) == len(pictures)


def test_siglip_lower_cases(siglip, pictures):
    assert siglip.score("A BLUE Hooded top", pictures) == siglip.score(QUERY, pictures)


def test_siglip_scores_are_the_logits_of_the_model_itself(siglip, pictures):
    inputs = siglip.processor(images=[one.load_image() for one in pictures], return_tensors="pt")
    with torch.inference_mode():
        logits = siglip.network(input_ids=siglip.text_ids(QUERY), **inputs).logits_per_image[:, 0]
    assert siglip.score(QUERY, pictures) == pytest.approx(logits.tolist(), abs=1e-4)


def test_siglip_says_what_it_cuts(siglip, pictures, caplog):
    with caplog.at_level(logging.WARNING):
        siglip.score("a blue top " * 30, pictures[:1])
    assert "reads 64 tokens" in caplog.text


def test_naflex_needs_the_mask_of_its_patches(naflex_folder, pictures):
    scorer = BY_NAME["siglip2-naflex"].load(naflex_folder)
    inputs = scorer.processor(images=[one.load_image() for one in pictures], return_tensors="pt")
    assert {"pixel_attention_mask", "spatial_shapes"} <= set(inputs)
    assert inputs["pixel_attention_mask"].min() == 0
    with torch.inference_mode():
        right = scorer.network.get_image_features(**inputs).pooler_output
        inputs["pixel_attention_mask"] = torch.ones_like(inputs["pixel_attention_mask"])
        assert not torch.allclose(right, scorer.network.get_image_features(**inputs).pooler_output, atol=1e-3)


def test_blip2_cuts_exactly_its_placeholders(blip2_folder, pictures):
    scorer = BY_NAME["blip2-itm"].load(blip2_folder)
    inputs = scorer.inputs(QUERY, pictures[:2])
    ids = inputs["input_ids"]
    placeholder = scorer.network.config.image_token_index
    assert (ids[:, :4] == placeholder).all()
    assert scorer.processor.tokenizer.decode(ids[0, 4:]) == f"[CLS] {QUERY} [SEP]"
    assert inputs["attention_mask"].shape == ids.shape


@pytest.mark.parametrize("name", ["blip2-itm", "blip2-itc"])
def test_blip2_with_and_without_placeholders_scores_the_same(name, blip2_folder, pictures, tmp_path):
    """Both revisions of the checkpoint: index and number set, and neither; a processor that disagrees is put right."""
    wanted = BY_NAME[name].load(blip2_folder).score(QUERY, pictures)
    for index, number in ((None, None), (None, 4), ("kept", None)):
        copy = tmp_path / f"{index}-{number}"
        shutil.copytree(blip2_folder, copy)
        for file, key, value in (
            ("config.json", "image_token_index", index),
            ("processor_config.json", "num_query_tokens", number),
        ):
            settings = json.loads((copy / file).read_text())
            if value != "kept":
                settings[key] = value
            (copy / file).write_text(json.dumps(settings))
        assert BY_NAME[name].load(str(copy)).score(QUERY, pictures) == pytest.approx(wanted, abs=1e-5)


def test_blip2_that_disagrees_would_be_wrong(blip2_folder, pictures):
    scorer = BY_NAME["blip2-itc"].load(blip2_folder)
    wanted = scorer.score(QUERY, pictures)
    scorer.processor.num_query_tokens = None  # the model cuts four words off
    assert scorer.score(QUERY, pictures) != pytest.approx(wanted, abs=1e-3)
    let_agree(scorer.network.config, scorer.processor)
    assert scorer.score(QUERY, pictures) == wanted


def test_blip2_takes_softmax_once_and_class_one(blip2_folder, pictures):
    scorer = BY_NAME["blip2-itm"].load(blip2_folder)
    with torch.inference_mode():
        logits = scorer.network(**scorer.inputs(QUERY, pictures), use_image_text_matching_head=True).logits_per_image
    probabilities = logits.softmax(1)[:, 1]
    assert torch.tensor(scorer.score(QUERY, pictures)).sigmoid().tolist() == pytest.approx(probabilities.tolist())
    assert logits.softmax(1).softmax(1)[:, 1].tolist() != pytest.approx(probabilities.tolist(), abs=1e-3)


def test_every_record_has_a_licence_and_says_what_nobody_checked(record):
    assert record.licence not in ("", "none")
    assert record.unverified
    assert record.hub_id.count("/") == 1
