"""Scores equal those of the plain Hugging Face class, padded on either side, alone or together."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from evals.baselines.checks import Checked, ConstantScores, MissingBaseline, open_baseline, score_counting
from evals.baselines.qwen_formats import FORMATS
from evals.baselines.registry import baselines, get_baseline
from evals.baselines.slot_scorer import EmbedFormat, PairFormat, sentence
from tests.evals.baselines.qwen.conftest import FAMILY, WORDS
from tests.evals.baselines.qwen.messages import QUERY
from yofo_rerank.errors import AdapterMismatch, DocumentError, ModelError

PAIRS = [name for name, layout in FORMATS.items() if isinstance(layout, PairFormat)]
EMBEDDERS = [name for name, layout in FORMATS.items() if isinstance(layout, EmbedFormat)]


def last_hidden(tiny, prompts, images, size, side):
    """Of the plain class over one padded batch, at the last token of each prompt."""
    tokenizer = tiny.processor.tokenizer
    tokenizer.padding_side, before = side, tokenizer.padding_side
    try:
        given = {"images": images, "size": dict(size)} if images else {}
        inputs = tiny.processor(text=prompts, padding=True, return_tensors="pt", return_mm_token_type_ids=True, **given)
    finally:
        tokenizer.padding_side = before
    with torch.inference_mode():
        hidden = tiny.model.model(**inputs).last_hidden_state
    places = torch.arange(hidden.shape[1]) * inputs["attention_mask"]
    return hidden[torch.arange(len(hidden)), places.argmax(1)]


def pair_prompt(layout, document):
    tidy = sentence if layout.sentences else str
    prompt = layout.prompt.replace("{query}", tidy(layout.query.replace("{query}", QUERY)))
    return filled(prompt, document, tidy)


def filled(prompt, document, tidy=str):
    image = "<|vision_start|><|image_pad|><|vision_end|>" if document.image is not None else ""
    return prompt.replace("{image}", image).replace("{text}", tidy(document.text or ""))


def log_odds(scores):
    return torch.tensor(scores, dtype=torch.float64).logit().tolist()


def images_of(documents):
    return [[document.load_image()] for document in documents if document.image is not None]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", PAIRS)
def test_pairs_equal_the_plain_class(name, side, scorer, family_tiny, shown):
    one, tiny = scorer(name), family_tiny(FAMILY[name])
    layout = one.layout
    prompts = [pair_prompt(layout, document) for document in shown]
    hidden = last_hidden(tiny, prompts, images_of(shown), one.model.maker.patcher.size, side)
    ids = tiny.processor.tokenizer.convert_tokens_to_ids([layout.checkpoint.no, layout.checkpoint.yes])
    no, yes = tiny.model.lm_head(hidden)[:, ids].unbind(-1)  # the whole head, then two of its rows
    scores = one.score(QUERY, shown)
    assert scores == pytest.approx(torch.sigmoid(yes - no).tolist(), abs=1e-5)
    assert log_odds(scores) == pytest.approx((yes - no).tolist(), abs=2e-3)
    assert max(log_odds(scores)) - min(log_odds(scores)) > 0.2
    alone = [one.score(QUERY, [document])[0] for document in shown]
    assert log_odds(alone) == pytest.approx(log_odds(scores), abs=2e-3)
    assert log_odds(one.score(QUERY, shown[::-1])) == pytest.approx(log_odds(scores)[::-1], abs=2e-3)


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "monoqwen2-vl"])
def test_pairs_of_texts_and_pictures_together(name, scorer, shown, told):
    documents = [told[0], shown[0], told[1], shown[1], told[2]]
    scores = log_odds(scorer(name).score(QUERY, documents))
    alone = log_odds([scorer(name).score(QUERY, [document])[0] for document in documents])
    assert alone == pytest.approx(scores, abs=2e-3)
    assert len({round(score, 1) for score in scores}) >= 4
    assert scorer(name).score(QUERY, []) == []


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedders_equal_the_plain_class(name, side, scorer, family_tiny, shown):
    one, tiny = scorer(name), family_tiny(FAMILY[name])
    size = one.model.maker.patcher.size
    prompts = [filled(one.layout.document, document) for document in shown]
    vectors = last_hidden(tiny, prompts, images_of(shown), size, side)
    asked = last_hidden(tiny, [one.layout.query.replace("{query}", QUERY)], [], size, side)
    wanted = torch.nn.functional.cosine_similarity(vectors, asked)
    scores = one.score(QUERY, shown)
    assert scores == pytest.approx(wanted.tolist(), abs=1e-4)
    assert max(scores) - min(scores) > 0.01
    assert [one.score(QUERY, [document])[0] for document in shown] == pytest.approx(scores, abs=1e-5)


def test_gme_pools_at_what_is_also_its_padding(scorer, told, family_tiny):
    one, tokenizer = scorer("gme-2b"), family_tiny("qwen2_vl").processor.tokenizer
    assert all(one.lay_out(document).ids[-1] == tokenizer.pad_token_id for document in told)
    lengths = {len(one.lay_out(document).ids) for document in told}
    assert len(lengths) == 3  # so a batch is padded
    together = one.score(QUERY, told)
    assert [one.score(QUERY, [document])[0] for document in told] == pytest.approx(together, abs=1e-5)


def test_what_a_model_does_not_read_is_refused(scorer, told, shown):
    with pytest.raises(DocumentError, match="nothing that this model reads"):
        scorer("monoqwen2-vl").score(QUERY, told)
    counted = score_counting(scorer("monoqwen2-vl"), QUERY, [*told, *shown])
    assert list(counted.reasons) == [0, 1, 2]
    assert None not in counted.scores[3:]


def test_one_score_for_everything_is_refused(scorer, shown, told):
    """As of weights that do not fit the template: here both answers have one and the same row."""
    one = scorer("lychee-rerank-mm")
    head = one.model.network.model.lm_head.weight
    no, yes = (ids[0] for ids in one.model.network._answer_tokens)
    kept = head[yes].clone()
    try:
        with torch.no_grad():
            head[yes] = head[no]
        assert one.score(QUERY, shown) == [0.5] * len(shown)
        with pytest.raises(ConstantScores, match=r"score 0\.5"):
            Checked(one, "lychee-rerank-mm").score(QUERY, shown)
    finally:
        with torch.no_grad():
            head[yes] = kept
    assert len(set(Checked(one, "lychee-rerank-mm").score(QUERY, told))) == 3


def test_an_answer_that_is_several_tokens_is_refused(tiny_qwen2_vl, saved_model, tmp_path):
    folder = saved_model(tiny_qwen2_vl, tmp_path / "lowercase")  # its tokenizer has no "True"
    with pytest.raises(ModelError, match="'False' must be one token"):
        get_baseline("monoqwen2-vl").load(str(folder))


@pytest.fixture(scope="module")
def mono(make_tiny, saved_model, tmp_path_factory):
    """MonoQwen2-VL as it is published: a LoRA adapter under the names of before transformers 4.52."""
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("mono")
    tiny = make_tiny("qwen2_vl", words=WORDS)
    base = saved_model(tiny, folder / "base")
    tiny.model.name_or_path = str(base)
    model = get_peft_model(tiny.model, LoraConfig(r=4, lora_alpha=8, target_modules=r".*language_model.*q_proj"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.3)
    model.save_pretrained(folder / "adapter")
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    old = {name.replace("model.language_model.layers", "model.layers"): value for name, value in weights.items()}
    assert old.keys() != weights.keys()
    save_file(old, folder / "adapter" / "adapter_model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    config["target_modules"] = ["q_proj"]
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    return folder, model, tiny


def test_monos_adapter_under_its_old_names(mono, shown):
    folder, model, tiny = mono
    one = get_baseline("monoqwen2-vl").load(str(folder / "adapter"))
    prompts = [pair_prompt(one.layout, document) for document in shown]
    live = type(tiny)("qwen2_vl", model.get_base_model(), tiny.processor)
    hidden = last_hidden(live, prompts, images_of(shown), one.model.maker.patcher.size, "left")
    ids = tiny.processor.tokenizer.convert_tokens_to_ids(["False", "True"])
    wanted = model.get_base_model().lm_head(hidden)[:, ids].softmax(-1)[:, 1].tolist()
    assert one.score(QUERY, shown) == pytest.approx(wanted, abs=1e-4)
    bare = get_baseline("monoqwen2-vl").load(str(folder / "base")).score(QUERY, shown)
    assert max(abs(a - b) for a, b in zip(bare, wanted, strict=True)) > 0.01  # the adapter counts


def test_a_tensor_of_mono_without_a_place_is_refused(mono, tmp_path):
    folder, _, _ = mono
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_bytes((folder / "adapter" / "adapter_config.json").read_bytes())
    moved = {name.replace(".layers.", ".blocks."): value for name, value in weights.items()}
    save_file(moved, broken / "adapter_model.safetensors", metadata={"format": "pt"})
    with pytest.raises(AdapterMismatch, match="have no place"):
        get_baseline("monoqwen2-vl").load(str(broken))


def test_every_record_says_what_it_is():
    found = {name: record for name, record in baselines().items() if record.loader.startswith("evals.baselines.qwen")}
    assert {name for name in found if not name.startswith("qwen3-reranker")} == set(FORMATS)
    assert all(record.licence != "none" and record.hub_id and record.parameters for record in found.values())
    for name in ("lychee-rerank-mm", "gme-2b", "lamra-rank-listwise", "mm-r5", "qwen3-vl-reranker-2b"):
        assert found[name].unverified, name
    assert found["monoqwen2-vl"].reads == found["mm-r5"].reads == ("image",)


@pytest.mark.parametrize("name", ["lamra-rank", "unime-v2-reranker", "gme-2b"])
def test_weights_under_older_names_and_todays(name, scorer, family_folder, tmp_path, shown):
    """All of these were published under names of before transformers 4.52, which it still writes."""
    folder = shutil.copytree(family_folder(FAMILY[name]), tmp_path / "today")
    weights = load_file(folder / "model.safetensors")
    assert all(key.startswith(("visual.", "model.")) and "language_model" not in key for key in weights)
    today = {"model." + key.replace("model.", "language_model.", 1): value for key, value in weights.items()}
    save_file(today, folder / "model.safetensors", metadata={"format": "pt"})
    assert get_baseline(name).load(str(folder)).score(QUERY, shown) == scorer(name).score(QUERY, shown)


@pytest.mark.parametrize("name", ["qwen3-vl-reranker-2b", "lamra-rank", "monoqwen2-vl", "mm-r5", "qwen3-reranker-0.6b"])
def test_a_checkpoint_that_is_not_here_is_named(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    record = get_baseline(name)
    with pytest.raises(MissingBaseline, match=f"{record.hub_id} from .*licence: "):
        open_baseline(record)


def test_an_embedder_without_its_head(make_tiny, saved_model, tmp_path, shown):
    """As Qwen3-VL-Embedding-8B is published; of a reranker the head may not be absent."""
    tiny = make_tiny("qwen3_vl", words=WORDS, tied=False)
    folder = saved_model(tiny, tmp_path / "whole")
    wanted = get_baseline("qwen3-vl-embedding-8b").load(str(folder)).score(QUERY, shown)
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    found = get_baseline("qwen3-vl-embedding-8b").load(str(folder)).score(QUERY, shown)
    assert found == pytest.approx(wanted, abs=1e-6)  # tensors loaded anew may lie otherwise, which changes the last bit
    assert max(wanted) - min(wanted) > 1e-3
    with pytest.raises(ModelError, match=r"lacks 1 weights, such as lm_head\.weight"):
        get_baseline("qwen3-vl-reranker-8b").load(str(folder))


def test_a_processor_from_elsewhere(family_folder, family_tiny, tmp_path, monkeypatch, shown):
    """LamRA is read with the processor of the model that it was trained from."""
    from evals.baselines import slot_model

    family_tiny("qwen2_vl").model.save_pretrained(tmp_path / "weights")
    record = get_baseline("lamra-rank")
    load, asked = slot_model.load_model, []

    def local(name, **settings):
        asked.append((name, settings["processor"]))
        return load(str(tmp_path / "weights"), **settings | {"processor": family_folder("qwen2_vl")})

    monkeypatch.setattr(slot_model, "load_model", local)
    scores = record.load().score(QUERY, shown)
    assert asked == [("code-kunkun/LamRA-Rank", "Qwen/Qwen2-VL-7B-Instruct")]
    assert scores == record.load(family_folder("qwen2_vl")).score(QUERY, shown)
