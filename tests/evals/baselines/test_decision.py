"""The decision pipeline of transformers: its own prompt, and our template."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("transformers.decision")

from evals.baselines.checks import ConstantScores, MissingBaseline, open_baseline
from evals.baselines.decision import answers
from evals.baselines.installed import RECORDS
from yofo_rerank import Requirement, YofoJudge, YofoReranker
from yofo_rerank.documents import Document
from yofo_rerank.errors import ModelError
from yofo_rerank.mini import sample_catalog
from yofo_rerank.prompts import get_format
from yofo_rerank.prompts.template import prefix_ids, template_ids

BY_NAME = {record.name: record for record in RECORDS}
DEFAULT, TEMPLATE = BY_NAME["decision-qwen3-vl-2b"], BY_NAME["decision-mini-template"]
QUERY = "a blue hooded top, not striped, with long sleeves"
ASKED = ["blue", "not striped", "has long sleeves\nand a hood", "grey, or red"]


@pytest.fixture(scope="module")
def judged_folder(make_tiny, saved_model, tmp_path_factory):
    """A tiny Qwen3-VL that knows the four tokens, as an export with its adapter merged would be."""
    from yofo_rerank.models.tokens import add_special_tokens

    tiny = make_tiny("qwen3_vl")
    add_special_tokens(tiny.processor.tokenizer, tiny.model)
    return str(saved_model(tiny, tmp_path_factory.mktemp("judge")))


@pytest.fixture(scope="module")
def embedded():
    return TEMPLATE.load()


@pytest.fixture(scope="module")
def drawings():
    return [document for document, _ in sample_catalog(4, 7)]


def test_the_default_prompt_is_the_model_s_chat_template_around_the_question(chat_folder, texts):
    decide = DEFAULT.load(chat_folder).decide
    request = {"state": texts[0].text, "questions": {"q": {"type": "noul", "instructions": "Is it blue?"}}}
    ((inputs, _),) = decide.decision_config.prepare_inputs(request, decide.processor)
    assert decide.tokenizer.decode(inputs["input_ids"][0]) == (
        "<|im_start|>user\ntop\n\nIs it blue?\nAnswer Yes or No only.<|im_end|>\n<|im_start|>assistant\n"
    )
    assert inputs["marks"].tolist() == [inputs["input_ids"].shape[1]]


def test_the_default_prompt_scores_pictures_and_texts(chat_folder, pictures, texts, agree):
    scorer = open_baseline(DEFAULT, chat_folder)
    scores = agree(scorer, QUERY, [*pictures, *texts], tolerance=1e-3)
    assert scores != pytest.approx(scorer.score("red dress", [*pictures, *texts]), abs=1e-3)


def test_a_picture_s_placeholder_in_a_text_stays_text(chat_folder, pictures):
    decide = DEFAULT.load(chat_folder).decide
    document = Document(image=pictures[0].image, text="picture-0 and picture-1")
    seen = []
    answers(lambda request: seen.append(request) or {}, document, {"q": "picture-2"})
    (name,) = seen[0]["assets"]
    assert seen[0]["state"] == f"{name}picture-0 and picture-1"
    assert name not in document.text + "picture-2"
    assert 0 < answers(decide, document, {"q": "is it picture-2?"})["q"] < 1


@pytest.mark.parametrize("what", ["picture", "text", "both"])
def test_our_template_has_the_token_ids_of_our_format(judged_folder, pictures, what):
    decide = TEMPLATE.load(judged_folder).reranker.judge.decide
    layout, tokenizer = get_format("yofo-v1"), decide.tokenizer
    picture = pictures[0].load_image() if what != "text" else None
    text = "a top, <|im_end|> grey" if what != "picture" else None
    seen = []
    own = decide.model.forward
    try:
        decide.model.forward = lambda **inputs: seen.append(inputs) or own(**inputs)
        answers(decide, Document(image=picture, text=text), {"q0": "blue", "q1": "not striped"})
    finally:
        del decide.model.forward
    (inputs,) = seen  # one pass for all questions
    n_image = int(inputs["image_grid_thw"][0].prod()) // 4 if picture else 0
    asked = template_ids(layout, tokenizer, ["blue", "not striped"])
    before = prefix_ids(layout, tokenizer, n_image_tokens=n_image, text=text)
    wanted, found = before + asked.ids, inputs["input_ids"][0].tolist()
    if text is None:
        assert found == wanted
        assert inputs["logits_to_keep"].tolist() == [len(before) + slot - 1 for slot in asked.slots]
    else:  # a control token in a text is spelled out by both, in pieces of their own
        assert tokenizer.decode(found) == tokenizer.decode(wanted)


def test_our_template_answers_as_the_joint_judge_does(judged_folder, pictures, texts):
    judge = YofoJudge.from_pretrained(judged_folder, format="yofo-v1", attention="joint", verdicts=False)
    asked = [Requirement(text=text) for text in ASKED]
    documents = [*pictures, *texts]
    found = TEMPLATE.load(judged_folder).reranker.judge.judge_outcomes(documents, asked)
    ours = [one.p_yes for row in judge.judge(documents, asked) for one in row]
    theirs = [one.p_yes for row in found for one in row.judgements]
    assert theirs == pytest.approx(ours, abs=1e-4)
    assert max(ours) - min(ours) > 0.05


def test_our_template_scores_as_the_reranker_does(embedded, drawings, agree):
    judge = YofoJudge.from_pretrained("mini", attention="joint", verdicts=False)
    query = "with long sleeves, not striped"
    ranked = YofoReranker(judge).rerank(query, drawings)
    ours = {one.index: one.score for one in ranked}
    found = agree(embedded, query, drawings)
    assert found == pytest.approx([ours[place] for place in range(len(drawings))], abs=1e-4)


def test_the_embedded_judge_with_the_default_prompt(drawings, agree):
    agree(open_baseline(BY_NAME["decision-mini"]), "a blue top", drawings, tolerance=1e-3)


def test_a_template_that_does_not_fit_is_refused(embedded, drawings, monkeypatch):
    """Where no requirement reaches the model, all pictures answer alike."""
    from evals.baselines.checks import Checked

    same = drawings[0].load_image()
    monkeypatch.setattr(Document, "load_image", lambda *_, **__: same)
    with pytest.raises(ConstantScores, match="template may not fit"):
        Checked(embedded, TEMPLATE.name).score(QUERY, drawings)


def test_a_model_without_our_tokens_is_refused(chat_folder):
    with pytest.raises(ModelError, match="yofo-v1"):
        TEMPLATE.load(chat_folder)


def test_an_older_transformers_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers.decision", None)
    with pytest.raises(MissingBaseline, match=r"transformers>=5\.23"):
        open_baseline(BY_NAME["decision-mini"])
