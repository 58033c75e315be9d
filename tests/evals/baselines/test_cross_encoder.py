"""sentence-transformers' CrossEncoder around tiny random checkpoints, saved and loaded by its own class."""

from __future__ import annotations

import copy
import sys

import pytest
import torch

from evals.baselines.checks import ConstantScores, MissingBaseline, open_baseline, score_counting
from evals.baselines.installed import RECORDS
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError

pytest.importorskip("sentence_transformers", minversion="6.2")
BY_NAME = {record.name: record for record in RECORDS}
RECORD = BY_NAME["cross-encoder-qwen3-vl-2b"]
QUERY = "a blue hooded top"


@pytest.fixture(scope="module")
def folder(chat_folder, tmp_path_factory):
    """Qwen3-VL with yes against no."""
    from sentence_transformers import CrossEncoder
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.cross_encoder.modules import LogitScore

    network = Transformer(chat_folder, transformer_task="any-to-any")
    yes, no = (network.tokenizer.convert_tokens_to_ids(word) for word in ("yes", "no"))
    place = tmp_path_factory.mktemp("cross-encoder")
    CrossEncoder(modules=[network, LogitScore(true_token_id=yes, false_token_id=no)]).save_pretrained(str(place))
    return str(place)


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory, blip2_parts, save_random):
    """The classifier of one number that most people have, which reads texts alone."""
    import transformers

    tokenizer = copy.deepcopy(blip2_parts[1].tokenizer)
    tokenizer._set_processor_class(None)  # a processor that was saved leaves its name, and would be looked for here
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(tokenizer), num_labels=1, max_position_embeddings=64, **sizes)
    return save_random(tmp_path_factory.mktemp("bert"), transformers.BertForSequenceClassification(config), tokenizer)


@pytest.fixture(scope="module")
def scorer(folder):
    return RECORD.load(folder)


def test_pictures_and_texts_together_are_alone(scorer, pictures, texts, agree):
    agree(scorer, QUERY, pictures)
    agree(scorer, QUERY, texts)
    agree(scorer, QUERY, [texts[0], pictures[0], texts[2], pictures[1]])
    assert scorer.score(QUERY, []) == []


def test_it_pads_on_the_left(scorer, texts):
    inputs = scorer.model.preprocess([(QUERY, document.text) for document in texts])
    assert (inputs["attention_mask"][:, -1] == 1).all()
    assert inputs["attention_mask"].min() == 0


def test_the_score_is_the_log_odds_of_yes(scorer, texts):
    pairs = [(QUERY, document.text) for document in texts]
    network, head = scorer.model[0], scorer.model[1]
    with torch.inference_mode():
        inputs = scorer.model.preprocess(pairs)
        logits = network.model(**{k: v for k, v in inputs.items() if isinstance(v, torch.Tensor)}).logits[:, -1]
    by_hand = (logits[:, head.true_token_id] - logits[:, head.false_token_id]).tolist()
    assert scorer.score(QUERY, texts) == pytest.approx(by_hand, abs=1e-3)
    usual = scorer.model.predict(pairs, show_progress_bar=False)
    assert torch.tensor(by_hand).sigmoid().tolist() == pytest.approx(usual.tolist(), abs=1e-4)


def test_a_document_with_both_gives_both(scorer, pictures, texts):
    both = Document(image=pictures[0].image, text=texts[1].text)
    scores = scorer.score(QUERY, [both, pictures[0], texts[1]])
    assert len({round(score, 3) for score in scores}) == 3


def test_a_classifier_of_texts_scores_texts_and_refuses_pictures(text_folder, texts, pictures, agree):
    scorer = open_baseline(RECORD, text_folder)
    agree(scorer, QUERY, texts)
    with pytest.raises(DocumentError, match="has a picture"):
        scorer.score(QUERY, [pictures[0]])
    counted = score_counting(scorer, QUERY, [texts[0], pictures[0], texts[1]])
    assert [score is None for score in counted.scores] == [False, True, False]


def test_a_head_that_says_nothing_is_refused(folder, texts, monkeypatch):
    scorer = open_baseline(RECORD, folder)
    monkeypatch.setattr(scorer.scorer.model[1], "false_token_id", scorer.scorer.model[1].true_token_id)
    with pytest.raises(ConstantScores, match="cross-encoder-qwen3-vl-2b"):
        scorer.score(QUERY, texts)


def test_our_backbone_is_scored_as_the_bench_scores_it(pictures, agree):
    from evals.bench.cross_encoder import open_peer

    found = agree(BY_NAME["cross-encoder-mini-base"].load(), QUERY, pictures, tolerance=1e-3)
    of_bench = open_peer().score(pictures, QUERY)
    assert torch.tensor(found).sigmoid().tolist() == pytest.approx(of_bench.tolist(), abs=1e-4)


def test_without_the_package_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    for name in ("cross-encoder-mini-base", "cross-encoder-qwen3-vl-2b"):
        with pytest.raises(MissingBaseline, match="pip install sentence-transformers"):
            open_baseline(BY_NAME[name])


def test_without_the_checkpoint_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(MissingBaseline, match="Qwen/Qwen3-VL-Reranker-8B"):
        open_baseline(BY_NAME["cross-encoder-qwen3-vl-8b"])
