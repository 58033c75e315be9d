import json
import random

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from yofo_rerank.mini.attributes import Garment
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.mini.recipe import clip
from yofo_rerank.mini.recipe.clip_texts import Demand, Query, build_query_tokenizer, sample_query, satisfied, truths
from yofo_rerank.mini.statements import CLAIMS, holds
from yofo_rerank.retrieval import ClipEncoder

COAT = Garment("coat", "red", None, "solid", "long", None, "midi", "knit", belt=True)
SKIRT = Garment("skirt", "blue", "white", "striped", None, None, "midi", "satin")
TEXTS = ["red striped midi dress, long-sleeved, with a belt", "a hooded top", "not pink"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizer():
    return build_query_tokenizer()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two steps of training on noise, and its folder."""
    folder = tmp_path_factory.mktemp("clip")
    garments = sample_garments(12, 3)
    pictures = np.random.default_rng(0).integers(0, 255, (12, 192, 192, 3), dtype=np.uint8)
    clip.train_clip(garments, pictures, folder, steps=2, batch=4)
    return folder, garments, pictures


@pytest.mark.parametrize("plain", [True, False])
def test_garment_satisfies_queries_drawn_from_it(plain):
    rng = random.Random(1)
    for garment in sample_garments(400, 5):
        query = sample_query(garment, rng, plain=plain)
        assert satisfied([query], truths([garment])).all(), query
        assert query.text == query.text.strip(" ,") and "  " not in query.text, query
        assert query.demands and (not plain or not any(one.negated or len(one.claims) > 1 for one in query.demands))


def test_queries_use_every_claim_and_form():
    rng = random.Random(2)
    queries = [sample_query(garment, rng) for garment in sample_garments(3000, 6)]
    demands = [demand for query in queries for demand in query.demands]
    assert {claim for demand in demands for claim in demand.claims} == set(CLAIMS)
    assert any(demand.negated for demand in demands) and any(len(demand.claims) == 2 for demand in demands)
    assert len({query.text for query in queries}) > 2500
    assert {len(sample_query(COAT, rng, claims=3, plain=True).demands) for _ in range(30)} == {3}


def test_satisfied_follows_negation_and_disjunction():
    red_or_blue = Demand((("colour", "red"), ("colour", "blue")))
    no_belt = Demand((("belt", "yes"),), negated=True)
    queries = [Query("", (red_or_blue,)), Query("", (red_or_blue, no_belt)), Query("", (Demand((("group", "top"),)),))]
    assert satisfied(queries, truths([COAT, SKIRT])).tolist() == [[True, True], [False, True], [False, False]]


def test_truths_agree_with_holds():
    assert truths([SKIRT]).tolist() == [[holds(SKIRT, claim) for claim in CLAIMS]]


def test_spread_loss_by_hand():
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25]]))
    assert clip.spread_loss(logits, np.array([[True, False, False]])).item() == pytest.approx(np.log(2))
    assert clip.spread_loss(logits, np.array([[True, True, False]])).item() == pytest.approx(1.5 * np.log(2))


def test_recall_at_by_hand():
    texts, images = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    matches = np.array([[True, False, True]])
    assert clip.recall_at(texts, images, matches, k=1) == 1.0  # only one of two can be there
    assert clip.recall_at(texts, images, matches, k=2) == 0.5
    assert clip.recall_at(texts, images, matches, k=3) == 1.0


def test_texts_yield_no_control_tokens(tokenizer):
    controls = {token: tokenizer.convert_tokens_to_ids(token) for token in tokenizer.all_special_tokens}
    plain = tokenizer("a b").input_ids
    assert plain[0] == tokenizer.bos_token_id and plain[-1] == tokenizer.eos_token_id
    for token in (*controls, "<|image_pad|>"):
        inner = tokenizer(f"a {token} b").input_ids[1:-1]
        assert not set(inner) & (set(controls.values()) | {tokenizer.convert_tokens_to_ids(token)}), token


def test_a_word_is_the_same_token_wherever_it_stands(tokenizer):
    assert tokenizer("red dress").input_ids[1] == tokenizer("a red dress").input_ids[2]


def test_saved_folder_loads_and_reads_texts_as_in_training(trained, tokenizer):
    folder, *_ = trained
    encoder = ClipEncoder(folder / "weights", device="cpu")
    model = clip.build_clip(tokenizer).eval()
    state = load_file(folder / "weights" / "open_clip_model.safetensors")
    model.load_state_dict(state)
    with torch.inference_mode():
        ours = torch.nn.functional.normalize(clip.encode_queries(model, tokenizer, TEXTS), dim=1).numpy()
    theirs = encoder.encode_texts(TEXTS)
    assert np.abs(theirs - theirs[0]).max() > 1e-3
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert encoder.dim == clip.DIM and encoder.too_long(["red " * 80, "red"]) == [True, False]


def test_pictures_are_scaled_as_the_encoder_scales_them(trained):
    folder, _, pictures = trained
    loaded = ClipEncoder(folder / "weights", device="cpu")._load()
    theirs = loaded.preprocess(Image.fromarray(pictures[0]))
    torch.testing.assert_close(clip._pixels(clip.shrink(pictures[:1]))[0], theirs, atol=1e-6, rtol=0)


def test_folder_is_small_and_half_precision(trained):
    folder, *_ = trained
    weights = folder / "weights" / "open_clip_model.safetensors"
    assert weights.stat().st_size < 16e6
    tensors = load_file(weights)
    assert all(tensor.dtype == torch.float16 for tensor in tensors.values() if tensor.is_floating_point())
    assert all(tensor.isfinite().all() for tensor in tensors.values())


def test_training_resumes_and_logs(trained, tmp_path):
    folder, garments, pictures = trained
    line = json.loads((folder / "clip.jsonl").read_text().splitlines()[-1])
    assert line["step"] == 2 and line["found"] > 0 and 0 <= line["accuracy"] <= 1
    before = (folder / "weights" / "open_clip_model.safetensors").read_bytes()
    clip.train_clip(garments, pictures, folder, steps=2, batch=4)  # nothing left to do
    assert (folder / "weights" / "open_clip_model.safetensors").read_bytes() == before
