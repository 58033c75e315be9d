"""An exported judge gives our answers in plain transformers: the real pipeline, on the same token ids."""

import math

import huggingface_hub
import pytest
import torch
from PIL import Image

from tests.models.test_publish import FakeHub
from yofo_rerank import Document, YofoJudge
from yofo_rerank.cli import main
from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.mini import sample_catalog
from yofo_rerank.models import adapter as adapters
from yofo_rerank.models.config import Calibration, YofoConfig
from yofo_rerank.models.export import export_folder

pytest.importorskip("transformers.decision", reason="decision models came with transformers 5.23")
from transformers import pipeline

TEXTS = (
    "hooded",
    "not pink",
    "a blue top",
    "has pockets",
    "long sleeves",
    "striped",
    "  a dress\nfor summer ",
    "no belt",
    "red or green",
    "100 % cotton & <b>soft</b>, n\u00e4hfrei \u2603",
)


def request(document, texts=TEXTS):
    """A document and requirements in the words of System One."""
    state, assets = {}, {}
    if document.image is not None:
        state, assets = {"image": "picture-1"}, {"picture-1": document.load_image()}
    if document.text is not None:
        state["text"] = document.text
    questions = {f"q{place}": {"type": "noul", "instructions": text} for place, text in enumerate(texts)}
    return {"state": state, "assets": assets, "questions": questions}


def largest_difference(judge, decide, documents, texts=TEXTS, of=lambda p_yes: p_yes):
    """Of p_yes; the answers themselves must vary, or nothing is compared."""
    ours = judge.judge(documents, list(texts))
    theirs = [decide(request(document, texts)) for document in documents]
    pairs = [
        (of(one.p_yes), of(answers[f"q{place}"]["noul"]))
        for row, answers in zip(ours, theirs, strict=True)
        for place, one in enumerate(row)
    ]
    assert len(pairs) == len(documents) * len(texts)
    assert max(ours for ours, _ in pairs) - min(ours for ours, _ in pairs) > 0.01
    return max(abs(ours - theirs) for ours, theirs in pairs)


@pytest.fixture(scope="module", params=["isolated", "joint"])
def mini(request, tmp_path_factory):
    """The embedded judge, exported: attention, folder, pipeline."""
    folder = tmp_path_factory.mktemp("export") / request.param
    done = export_folder(folder, attention=request.param)
    assert (done.folder, done.attention) == (folder, request.param)
    return request.param, folder, pipeline("decision", model=str(folder))


def test_ten_images_by_ten_requirements(mini):
    attention, _, decide = mini
    documents = [document for document, _ in sample_catalog(10, seed=3)]
    assert largest_difference(YofoJudge.from_pretrained("mini", attention=attention), decide, documents) < 1e-5


def test_token_ids_are_ours(mini):
    attention, _, decide = mini
    model = YofoJudge.from_pretrained("mini", attention=attention)._slot_model()
    for document in (sample_catalog(1, seed=3)[0][0], Document(text="grey <|im_end|> skirt"), photo(500, 700, "skirt")):
        parts = [*([model.maker.patcher.cut(document.load_image())] if document.image is not None else [])]
        prefix = model.maker.lay_out([*parts, *([document.text] if document.text else [])], max_tokens=10_000)
        given = request(document, TEXTS[:3])
        prompts = decide.decision_config.prepare_inputs(given, decide.processor)
        for (inputs, _), question in zip(prompts, model.questions(TEXTS[:3], attention), strict=True):
            if document.text and "<|" in document.text:  # spelled out there too, but in other pieces
                control = decide.tokenizer.convert_tokens_to_ids("<|im_end|>")
                assert inputs["input_ids"][0].tolist().count(control) == prefix.ids.count(control)
                continue
            assert inputs["input_ids"][0].tolist() == prefix.ids + question.template.ids
            slots = [len(prefix.ids) + slot for slot in question.template.slots]
            assert inputs["marks"].tolist() == slots


def test_the_folder_holds_no_path_and_no_adapter(mini):
    _, folder, _ = mini
    names = {path.name for path in folder.iterdir()}
    assert not names & {"adapter_config.json", "adapter_model.safetensors"}
    assert not any(word in (folder / "config.json").read_text() for word in ("yofo", "/"))


def photo(width, height, text=None):
    """Larger than mini's budget of pixels, and not square."""
    return Document(image=Image.effect_mandelbrot((width, height), (-2, -1, 1, 1), 50).convert("RGB"), text=text)


def test_documents_of_every_kind(mini):
    attention, _, decide = mini
    documents = [photo(640, 200), photo(64, 64, "a grey skirt"), Document(text="a blue hooded top, long sleeves")]
    assert largest_difference(YofoJudge.from_pretrained("mini", attention=attention), decide, documents) < 1e-5


def test_the_folder_is_a_judge_of_ours_too(mini):
    attention, folder, _ = mini
    documents = [document for document, _ in sample_catalog(3, seed=4)]
    again, before = (
        [one.p_yes for row in judge.judge(documents, list(TEXTS[:4])) for one in row]
        for judge in (YofoJudge.from_pretrained(str(folder)), YofoJudge.from_pretrained("mini", attention=attention))
    )
    assert again == pytest.approx(before, abs=1e-5)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"type": "choice", "instructions": "?", "criteria": {"a": None, "b": None}}, "noul alone, but got choice"),
        ({"type": "noul", "instructions": "hooded", "criteria": {"true": "with a hood"}}, "no criteria"),
        ({"type": "noul", "instructions": " "}, "must be a text"),
        ({"type": "noul", "instructions": "like picture-1"}, "without images"),
        ({"type": "noul", "instructions": {"a": 1}}, "must be a text"),
    ],
)
def test_what_it_cannot_answer_is_refused(mini, question, message):
    asked = request(sample_catalog(1, seed=3)[0][0]) | {"questions": {"q": question}}
    with pytest.raises(Exception, match=message):
        mini[2](asked)


@pytest.mark.parametrize("family", ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5"])
@pytest.mark.parametrize("tied", [True, False])
def test_every_family_with_an_adapter(adapted, family, tied, tmp_path):
    base, adapter, _, _ = adapted(family, tied=tied)
    config = YofoConfig.load(adapter)
    config.model_copy(update={"calibration": Calibration(temperature=2.5), "max_pixels": 48 * 48}).save(adapter)
    export_folder(tmp_path / "out", str(base), str(adapter))
    judge = YofoJudge.from_pretrained(str(base), adapter=str(adapter))
    decide = pipeline("decision", model=str(tmp_path / "out"))
    documents = [photo(200, 100), photo(48, 64, "a grey skirt"), Document(text="grey trousers")]
    texts = ("a hooded top", "is not <think>pink</think>", "x")
    assert largest_difference(judge, decide, documents, texts[::2]) < 1e-5
    (inputs, _), *_ = decide.decision_config.prepare_inputs(request(documents[2], texts[1:2]), decide.processor)
    thought = decide.tokenizer.convert_tokens_to_ids("<think>")
    assert thought not in inputs["input_ids"]  # an added token that is not special
    assert decide.model.model.visual.patch_embed.proj.weight.dim() == 5
    if family == "qwen3_5":
        assert type(decide.model).__name__ == "JevForDecision"  # which transformers takes, whatever the folder holds
        with pytest.raises(ModelError, match="unknown model family 'jev'"):
            YofoJudge.from_pretrained(str(tmp_path / "out")).info()
        assert "YofoJudge" not in (tmp_path / "out" / "README.md").read_text()


def test_bare_weights_are_asked_in_a_format_of_one_spelling(make_tiny, saved_model, tmp_path):
    base = saved_model(make_tiny("qwen2_vl"), tmp_path / "base")
    with pytest.raises(ModelError, match="several spellings"):
        export_folder(tmp_path / "out", str(base))
    assert not (tmp_path / "out").exists()
    assert export_folder(tmp_path / "out", str(base), format="chat-v1").attention == "joint"
    judge = YofoJudge.from_pretrained(str(base), format="chat-v1")
    decide = pipeline("decision", model=str(tmp_path / "out"))
    assert largest_difference(judge, decide, [photo(64, 64), photo(90, 40)], TEXTS[:4], math.log) < 1e-4


@pytest.mark.parametrize("attention", ["isolated", "joint"])
def test_a_mixture_of_experts_has_the_head_too(make_tiny, saved_model, tmp_path, attention):
    base = saved_model(make_tiny("qwen3_5_moe"), tmp_path / "base")
    export_folder(tmp_path / "out", str(base), format="chat-v1", attention=attention)
    judge = YofoJudge.from_pretrained(str(base), format="chat-v1", attention=attention)
    decide = pipeline("decision", model=str(tmp_path / "out"))
    assert largest_difference(judge, decide, [photo(64, 64), photo(90, 40)], TEXTS[:4]) < 1e-5


def test_what_cannot_travel_is_refused(adapted, tmp_path, monkeypatch):
    base, adapter, _, _ = adapted("qwen3_vl")
    config = YofoConfig.load(adapter)
    config.model_copy(update={"calibration": Calibration(bias=0.5)}).save(adapter)
    with pytest.raises(ModelError, match=r"bias 0\.5"):
        export_folder(tmp_path / "out", str(base), str(adapter))
    config.save(adapter)
    monkeypatch.setattr(adapters, "_TOLERANCE", {torch.float32: -1})
    with pytest.raises(ModelError, match="cannot be merged"):
        export_folder(tmp_path / "out", str(base), str(adapter))
    assert list(tmp_path.iterdir()) == []


def test_only_an_export_is_replaced(make_tiny, saved_model, tmp_path, monkeypatch):
    base = saved_model(make_tiny("qwen3_vl"), tmp_path / "base")
    out = tmp_path / "out"
    out.mkdir()
    export_folder(out, str(base), format="chat-v1")  # empty
    first = (out / "decision_template.jinja").read_bytes()
    export_folder(out, str(base), format="chat-v1", attention="isolated")
    second = (out / "decision_template.jinja").read_bytes()
    assert first != second
    with pytest.raises(RuntimeError), monkeypatch.context() as patch:
        patch.setattr(YofoConfig, "save", lambda *_: (_ for _ in ()).throw(RuntimeError("disk")))
        export_folder(out, str(base), format="chat-v1")
    assert (out / "decision_template.jinja").read_bytes() == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "out"]
    (out / "notes.md").write_text("mine")
    for folder, message in ((out, "notes.md"), (base, "holds the model"), (tmp_path, "holds the model")):
        with pytest.raises(ConfigError, match=message):
            export_folder(folder, str(base), format="chat-v1")
    with pytest.raises(ConfigError, match="no export"):
        export_folder(base, "mini")
    assert (out / "notes.md").read_text() == "mine"


def test_the_command_and_the_hub(tmp_path, monkeypatch, capsys):
    hub = FakeHub()
    monkeypatch.setattr(huggingface_hub, "HfApi", hub)
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    with pytest.raises(SystemExit) as ended:
        main(["export", str(tmp_path / "judge"), "--attention", "joint", "--push", "me/judge"])
    assert ended.value.code == 0
    assert "asks joint, at most 36864 pixels" in capsys.readouterr().out
    (files,) = hub.commits
    wanted = {"config.json", "model.safetensors", "decision.json", "decision_template.jinja", "tokenizer.json"}
    assert wanted | {"processor_config.json", "yofo_config.json", "README.md"} <= files.keys()
    assert b'pipeline("decision", model="me/judge")' in files["README.md"]
    assert b"one prompt and one forward pass" in files["README.md"]
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["export", str(tmp_path / "mine")])
    assert ended.value.code == 1
    assert "is no export" in capsys.readouterr().err
