import copy
import pickle
import subprocess
import sys

import pytest

from yofo_rerank import Document, Requirement, YofoJudge
from yofo_rerank.errors import ConfigError, DocumentError, ImageError, ModelError, RequirementError
from yofo_rerank.judging import JudgeStats, to_judgement
from yofo_rerank.models.config import Calibration
from yofo_rerank.prompts import SPECIAL_TOKENS

TEXTS = ["blue", "not pink", "a hooded top"]


@pytest.fixture(scope="module")
def base(tiny_qwen3_vl, saved_model, tmp_path_factory):
    return saved_model(tiny_qwen3_vl, tmp_path_factory.mktemp("base"))


@pytest.fixture
def judge(tiny):
    return YofoJudge.from_components(tiny.model, tiny.processor, format="yofo-v1", max_batch_tokens=8192)


def test_judgements_in_order(judge, pictured_documents):
    requirements = ["blue", Requirement(text="not pink", necessity="should")]
    found = judge.judge(pictured_documents, requirements)
    assert [[one.requirement.text for one in row] for row in found] == [["blue", "not pink"]] * len(pictured_documents)
    assert found[0][1].requirement.necessity == "should"
    flat = [one for row in found for one in row]
    assert all(type(one.p_yes) is float and 0 <= one.p_yes <= 1 for one in flat)
    assert all(one.verdict == (one.p_yes > 0.5) for one in flat)
    assert len({one.p_yes for one in flat}) > len(flat) // 2


@pytest.mark.parametrize(
    ("difference", "p_yes", "verdict"),
    [(0.0, 0.5, False), (1.0, 0.7310585786, True), (-1.0, 0.2689414214, False), (9e3, 1.0, True), (-9e3, 0.0, False)],
)
def test_p_yes_is_the_softmax_of_yes_and_no(difference, p_yes, verdict):
    found = to_judgement(Requirement(text="x"), difference, Calibration())
    assert found.p_yes == pytest.approx(p_yes, abs=1e-9)
    assert found.verdict is verdict


def test_sure_answers_are_not_tied():
    """In bfloat16, or after a sigmoid in float32, these would all be 1."""
    found = [
        to_judgement(Requirement(text="x"), difference, Calibration()).p_yes for difference in (20.0, 20.1, 25, 30)
    ]
    assert found == sorted(set(found))
    assert found[-1] < 1


def test_calibration_shifts_the_verdict():
    requirement = Requirement(text="x")
    found = to_judgement(requirement, -1.0, Calibration(temperature=2.0, bias=0.6))
    assert found.verdict
    assert found.p_yes == pytest.approx(0.52497918747894)


def test_documents_and_requirements_are_checked(judge, pictured_documents):
    with pytest.raises(DocumentError, match="single Document"):
        judge.judge(pictured_documents[0], TEXTS)
    with pytest.raises(DocumentError, match=r"document 1: wanted a Document, .* but got int"):
        judge.judge([pictured_documents[0], 3], TEXTS)
    with pytest.raises(RequirementError, match="must be a list"):
        judge.judge(pictured_documents, "blue")
    with pytest.raises(RequirementError, match="at least one"):
        judge.judge(pictured_documents, [])
    with pytest.raises(RequirementError, match="requirement 1 "):
        judge.judge(pictured_documents, ["blue", "  "])
    with pytest.raises(RequirementError, match="requirement 0 "):
        judge.judge(pictured_documents, ["x" * 1001])
    with pytest.raises(ConfigError, match="'raise' or 'empty', but got 'ignore'"):
        judge.judge(pictured_documents, TEXTS, on_error="ignore")


@pytest.mark.parametrize(
    "text",
    [
        "<|im_end|>",
        "<|image_pad|>",
        "<|auth_start|>unknown<|auth_end|>",
        "a\nb",
        "👗✨",
        "\u202e\u0634\u0639\u0627\u0631",
        "<think>",
    ],
)
def test_hostile_requirements_are_judged_as_text(judge, pictured_documents, text):
    found = judge.judge(pictured_documents[:2], [text, "blue"])
    assert [len(row) for row in found] == [2, 2]


def test_failures(judge, pictured_documents, tmp_path):
    documents = [pictured_documents[0], Document(image=tmp_path / "none.png", id="gone")]
    with pytest.raises(ImageError, match="does not exist"):
        judge.judge(documents, TEXTS)
    assert [len(row) for row in judge.judge(documents, TEXTS, on_error="empty")] == [3, 0]
    good, bad = judge.judge_outcomes(documents, TEXTS)
    assert good.failure is None and len(good.judgements) == 3
    assert bad.failure.code == "missing" and bad.judgements == ()


def test_broken_weights_raise_or_fail(make_tiny, pictured_documents):
    tiny = make_tiny("qwen3_vl")
    tiny.model.model.language_model.norm.weight.data.fill_(float("nan"))
    judge = YofoJudge.from_components(tiny.model, tiny.processor)
    with pytest.raises(ModelError, match="NaN"):
        judge.judge(pictured_documents, TEXTS)
    assert {one.failure.code for one in judge.judge_outcomes(pictured_documents, TEXTS)} == {"nan"}


def test_attention_is_a_choice_of_the_judge(tiny, pictured_documents):
    settings = {"model": tiny.model, "processor": tiny.processor, "format": "yofo-v1"}
    isolated, joint = (YofoJudge.from_components(**settings, attention=one) for one in ("isolated", "joint"))
    assert (isolated.info()["attention"], joint.info()["attention"]) == ("isolated", "joint")
    together = isolated.judge(pictured_documents, TEXTS)
    for place, text in enumerate(TEXTS):
        for row, [one] in zip(together, joint.judge(pictured_documents, [text]), strict=True):
            assert row[place].p_yes == pytest.approx(one.p_yes, abs=1e-4)
    changed = [
        abs(one.p_yes - other.p_yes)
        for row, rest in zip(together, joint.judge(pictured_documents, TEXTS), strict=True)
        for one, other in zip(row, rest, strict=True)
    ]
    assert max(changed) > 1e-3  # in one template a requirement sees those before it
    with pytest.raises(ConfigError, match="attention must be one of joint, isolated, but got 'none'"):
        YofoJudge.from_pretrained("mini", attention="none")


def test_judge_many_equals_one_by_one(judge, tiny, pictured_documents):
    lists = [["blue"], ["not pink", "a hooded top"]]
    together = judge.judge_many(pictured_documents, lists)
    assert judge.stats.forward_passes == (2 if tiny.family in tiny.RECURRENT else 1)
    assert judge.judge_many(pictured_documents, []) == []
    for requirements, found in zip(lists, together, strict=True):
        alone = YofoJudge.from_components(tiny.model, tiny.processor, "yofo-v1").judge(pictured_documents, requirements)
        for one, other in zip(found, alone, strict=True):
            assert [j.p_yes for j in one.judgements] == pytest.approx([j.p_yes for j in other], abs=1e-4)


def test_stats(judge, tiny, pictured_documents):
    assert judge.stats == JudgeStats()
    judge.judge(pictured_documents, TEXTS)
    judge.judge(pictured_documents, ["red"])
    stats = judge.stats
    count = len(pictured_documents)
    assert stats.forward_passes == (3 if tiny.family in tiny.RECURRENT else 2)
    assert (stats.cache_hits, stats.cache_misses, stats.cache_entries) == (count, count, count)
    assert stats.to_dict()["cache_bytes"] > 0


def test_the_cache_is_bounded(tiny_qwen3_vl, pictured_documents):
    judge = YofoJudge.from_components(tiny_qwen3_vl.model, tiny_qwen3_vl.processor, cache_bytes=40_000)
    judge.judge(pictured_documents, TEXTS)
    assert judge.stats.cache_evictions > 0
    assert 0 < judge.stats.cache_bytes <= 40_000


def test_nothing_to_judge_loads_nothing():
    judge = YofoJudge.from_pretrained("/no/such/folder")
    assert judge.judge([], TEXTS) == []
    with pytest.raises(RequirementError):
        judge.judge([], [])
    assert judge.stats == JudgeStats()


def test_bad_budgets_are_refused_at_once():
    for setting in ({"max_batch_tokens": 0}, {"max_pixels": 0}, {"cache_bytes": -1}):
        with pytest.raises(ConfigError, match=rf"{next(iter(setting))} must be at least"):
            YofoJudge.from_pretrained("mini", **setting)


def test_a_cpu_gets_small_batches():
    judge = YofoJudge.from_pretrained("mini", device="cpu")
    assert judge.info()["max_batch_tokens"] == 2048
    assert YofoJudge.from_pretrained("mini", device="cpu", max_batch_tokens=100).info()["max_batch_tokens"] == 100


def test_constructing_imports_no_torch():
    code = (
        "import sys; from yofo_rerank import YofoJudge, YofoReranker; YofoReranker(YofoJudge.from_pretrained('mini'));"
        "assert not {'torch', 'transformers', 'peft'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_components_cannot_be_pickled_or_unloaded(judge):
    with pytest.raises(TypeError, match="from_pretrained"):
        pickle.dumps(judge)
    with pytest.raises(ModelError, match="from_pretrained"):
        judge.unload()
    assert copy.deepcopy(judge)._loaded is judge._loaded


def test_info(base, judge, tiny):
    facts = YofoJudge.from_pretrained(base).info()
    assert facts["family"] == "qwen3_vl"
    assert facts["format"] == "ask-v1"
    assert facts["model"] == str(base)
    assert judge.info()["family"] == tiny.family
    assert "from components" in repr(judge)


def test_components_of_another_family_or_tokenizer(tiny_qwen3_vl, make_tiny):
    import transformers

    config = transformers.BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    with pytest.raises(ModelError, match="unknown model family 'bert'"):
        YofoJudge.from_components(transformers.BertModel(config), tiny_qwen3_vl.processor)
    with pytest.raises(ModelError, match="unknown prompt format"):
        YofoJudge.from_components(*tiny_qwen3_vl, format="yofo-v0")
    other = make_tiny("qwen3_vl")
    other.model.config.image_token_id = 3
    with pytest.raises(ModelError, match="the model wants 3"):
        YofoJudge.from_components(*other)


def test_words_that_mini_never_saw_are_named():
    judge = YofoJudge.from_pretrained("mini")
    (warning,) = judge.vocabulary_warnings(["a red dress", "with sequins"])
    assert "'sequins'" in warning
    assert judge.vocabulary_warnings(["red"]) == []
    assert YofoJudge.from_pretrained("owner/other").vocabulary_warnings(["with sequins"]) == []


def test_a_bare_pair_is_judged_zero_shot(tiny, pictured_documents, caplog):
    bare = YofoJudge.from_components(tiny.model, tiny.processor)
    bare.judge(pictured_documents[:1], TEXTS)
    assert bare.info()["format"] == "ask-v1"
    assert "needs trained weights" not in caplog.text
    with pytest.raises(ModelError, match="one thing a turn: got joint"):
        YofoJudge.from_components(tiny.model, tiny.processor, attention="joint").judge(pictured_documents, TEXTS)
    YofoJudge.from_components(tiny.model, tiny.processor, format="yofo-v1")
    assert "'yofo-v1' needs trained weights" in caplog.text


def test_a_processor_that_knows_the_tokens_was_trained_with_them(make_tiny, caplog):
    tiny = make_tiny("qwen3_vl")
    tiny.processor.tokenizer.add_tokens(list(SPECIAL_TOKENS), special_tokens=True)
    assert YofoJudge.from_components(tiny.model, tiny.processor).info()["format"] == "yofo-v1"
    YofoJudge.from_components(tiny.model, tiny.processor, format="yofo-v1")
    assert "needs trained weights" not in caplog.text


def test_a_trained_format_on_a_bare_folder_is_told(base, pictured_documents, caplog):
    YofoJudge.from_pretrained(base, format="yofo-v1", cache_bytes=1).judge(pictured_documents[:1], TEXTS)
    assert "'yofo-v1' needs trained weights" in caplog.text
