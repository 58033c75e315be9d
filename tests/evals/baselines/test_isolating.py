"""The same weights asked one by one, as one question, or in writing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evals.baselines.checks import Checked, is_discrete, score_counting
from evals.baselines.generated import GeneratingJudge, parse, written
from evals.baselines.isolating import EachAlone, VerdictScorer, open_generating_judge, open_judge
from evals.baselines.registry import get_baseline
from tests.prompts.test_ask import TEMPLATES
from yofo_rerank import Document, YofoJudge, YofoReranker
from yofo_rerank.decompose import decompose
from yofo_rerank.errors import DocumentError, ModelError
from yofo_rerank.mini import sample_catalog
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.models.network import Network

QUERY = "a plain coat, not red"  # three requirements
TEXTS = ["it is red", "it has a collar", "not striped"]


@pytest.fixture(scope="module")
def garments():
    return [document for document, _ in sample_catalog(6, seed=11)]


@pytest.fixture
def passes(monkeypatch):
    """How many documents every pass reads from their beginning, and how many templates it asks of them."""
    seen = []
    run = Network.run_prefixes

    def counted(self, prefixes, asked=(), **named):
        seen.append((len(prefixes), sum(map(len, asked))))
        return run(self, prefixes, asked, **named)

    monkeypatch.setattr(Network, "run_prefixes", counted)
    monkeypatch.setattr(Network, "run_suffixes", lambda *_: pytest.fail("a prefix state was reused"))
    return seen


def test_one_requirement_per_pass_reads_the_document_anew(garments, passes):
    found = EachAlone(open_judge("mini")).judge_outcomes(garments, TEXTS)
    assert passes == [(6, 1 * 6)] * 3
    passes.clear()
    together = YofoJudge.from_pretrained("mini", cache_bytes=0, verdicts=False).judge(garments, TEXTS)
    assert passes == [(6, 3 * 6)]  # ours: one pass
    for row, wanted in zip(found, together, strict=True):
        assert [one.p_yes for one in row.judgements] == pytest.approx([one.p_yes for one in wanted], abs=1e-4)
    assert {one.verdict for row in together for one in row} == {True, False}


def test_asked_again_it_works_again(garments, passes):
    scorer = get_baseline("one-per-pass").load()
    assert scorer.score(QUERY, garments) == scorer.score(QUERY, garments)
    assert len(passes) == 2 * len(decompose(QUERY).requirements) == 6


def test_its_scores_are_those_of_the_same_rule(garments):
    scores = Checked(get_baseline("one-per-pass").load(), "one-per-pass").score(QUERY, garments)
    ranked = YofoReranker(open_judge("mini")).rerank(QUERY, garments)
    wanted = {one.index: one.score for one in ranked}
    assert scores == pytest.approx([wanted[index] for index in range(6)], abs=1e-4)
    assert max(scores) - min(scores) > 0.1


def test_the_whole_query_is_one_question(garments, passes):
    scorer = get_baseline("whole-query").load()
    scores = scorer.score(QUERY, garments)
    assert passes == [(6, 6)]
    wanted = [row[0].p_yes for row in YofoJudge.from_pretrained("mini").judge(garments[:1], [QUERY])]
    assert scores[:1] == pytest.approx(wanted, abs=1e-4)
    assert [scorer.score(QUERY, [one])[0] for one in garments] == pytest.approx(scores, abs=1e-4)
    assert scorer.score(QUERY, []) == []
    Checked(scorer, "whole-query").score(QUERY, garments)


def test_a_document_that_cannot_be_judged_raises(garments):
    broken = Document(image=b"no image", id="broken")
    for name in ("one-per-pass", "whole-query"):
        scorer = get_baseline(name).load()
        with pytest.raises(DocumentError):
            scorer.score(QUERY, [*garments[:2], broken])
        assert list(score_counting(scorer, QUERY, [*garments[:2], broken]).reasons) == [2]


def log_odds(scorer, documents):
    """Of what is asked: (documents, questions)."""
    if isinstance(scorer, VerdictScorer):
        found = scorer.judge.judge_outcomes(documents, TEXTS)
        rows = [[one.p_yes for one in row.judgements] for row in found]
    else:
        rows = [[score] for score in scorer.score(QUERY, documents)]
    return torch.tensor(rows, dtype=torch.float64).logit()


@pytest.mark.parametrize("name", ["one-per-pass", "whole-query"])
def test_any_judge_alone_and_together(name, tiny, saved_model, tmp_path, pictured_documents):
    scorer = get_baseline(name).load(str(saved_model(tiny, tmp_path / "base")))
    together = log_odds(scorer, pictured_documents)
    assert (together.amax(0) - together.amin(0)).min() > 0.2
    alone = torch.cat([log_odds(scorer, [one]) for one in pictured_documents])
    torch.testing.assert_close(alone, together, rtol=0, atol=0.01)
    torch.testing.assert_close(log_odds(scorer, pictured_documents[::-1]).flip(0), together, rtol=0, atol=0.01)


def test_an_adapter_folder_brings_its_base(garments):
    scorer = get_baseline("whole-query").load(str(weights_folder("adapter")))
    assert scorer.score(QUERY, garments) == get_baseline("whole-query").load().score(QUERY, garments)


@pytest.mark.parametrize(
    "text",
    ["", "true", "[true]", "[true, false", "[true, false, true]", '["true", "false"]', "[1, 0]", "[true, null]",
     "```json\n[true, false]\n```", "Sure: [true, false]", '{"1": true, "2": false}', "[True, False]", "[" * 5000],
)  # fmt: skip
def test_what_does_not_parse_is_a_failure(text):
    with pytest.raises(ModelError, match="JSON list of 2 booleans") as caught:
        parse(text, 2)
    assert caught.value.code == "unparsable"


@given(st.lists(st.booleans(), max_size=40))
def test_what_should_be_written_parses(verdicts):
    assert parse(written(verdicts), len(verdicts)) == verdicts


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        assert all(one is True or one is False for one in parse(text, 1))
    except ModelError as error:
        assert error.code == "unparsable"


@pytest.fixture(scope="module")
def writing(make_tiny, saved_model, tmp_path_factory, make_image):
    """A tiny model that was trained to write one answer for one picture, saved by its real class and loaded again."""
    tiny, folder = make_tiny("qwen3_vl"), tmp_path_factory.mktemp("writing")
    document = Document(image=make_image(32, 32, 3), id="taught")
    laid = open_generating_judge(str(saved_model(tiny, folder / "before"))).lay_out(document, TEXTS)
    end = tiny.processor.tokenizer(written([True, False, True]) + "<|im_end|>", add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[*laid.ids, *end]])
    image = tiny.processor.image_processor([document.load_image()], return_tensors="pt")
    labels = torch.cat([torch.full((1, len(laid.ids)), -100), torch.tensor([end])], dim=1)
    kinds = (ids == tiny.model.config.image_token_id).int()
    optimizer = torch.optim.Adam(tiny.model.parameters(), lr=3e-3)
    for _ in range(150):
        loss = tiny.model(input_ids=ids, mm_token_type_ids=kinds, labels=labels, **image).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss < 0.02:
            break
    return open_generating_judge(str(saved_model(tiny, folder / "after"))), document, tiny


def test_written_verdicts(writing):
    judge, document, _ = writing
    (found,) = judge.judge_outcomes([document], TEXTS)
    assert [one.verdict for one in found.judgements] == [True, False, True]
    assert [one.p_yes for one in found.judgements] == [1.0, 0.0, 1.0]
    assert judge.judge_outcomes([], TEXTS) == []
    assert judge.info()["asked"]


def test_the_prompt_is_the_chat_templates(writing):
    judge, document, tiny = writing
    laid = judge.lay_out(Document(image=document.image, text="a top"), ["it is red", "not\nstriped"])
    question = (
        "a top\nHere are statements about this product:\n1. it is red\n2. not striped\nWhich of them are true? "
        "Answer with a JSON list that holds true or false for each of them, in their order, and nothing else."
    )
    said = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
    template = TEMPLATES["qwen3_vl"][0]
    rendered = tiny.processor.apply_chat_template(said, chat_template=template, add_generation_prompt=True)
    assert laid.ids == list(tiny.processor(text=[rendered], images=[document.load_image()])["input_ids"][0])


def test_a_family_with_a_system_text_keeps_it(tiny_qwen2_vl, saved_model, tmp_path):
    judge = open_generating_judge(str(saved_model(tiny_qwen2_vl, tmp_path / "base")))
    ids = judge.lay_out(Document(text="top"), TEXTS).ids
    said = tiny_qwen2_vl.processor.tokenizer.decode(ids)
    assert said.startswith("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\ntop\nHere")


def test_unparsable_documents_are_counted_and_the_others_scored(writing, garments):
    judge, document, _ = writing
    unread = judge.judge_outcomes([garments[0]], TEXTS)[0]
    assert unread.judgements == ()
    assert unread.failure.code == "unparsable"

    class Half(GeneratingJudge):
        def lay_out(self, one, texts):  # the answer was taught for these statements
            return super().lay_out(one, TEXTS)

    scorer = VerdictScorer(Half(judge.model), discrete=True)
    assert is_discrete(scorer)
    with pytest.raises((ModelError, DocumentError), match="wanted a JSON list"):
        scorer.score(QUERY, [document, garments[0]])
    counted = score_counting(scorer, QUERY, [garments[0], document, garments[1]])
    assert list(counted.reasons) == [0, 2]
    assert counted.scores[1] is not None


def test_mini_was_not_trained_to_write(garments):
    record = get_baseline("generated-verdicts")
    assert record.unverified
    assert record.state == "tiny"
    assert score_counting(record.load(), QUERY, garments[:1]).failures == 1
