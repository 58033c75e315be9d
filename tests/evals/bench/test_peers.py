import json
import sys

import pytest

from evals.bench import callers, peers
from evals.bench.cross_encoder import BATCH_SIZES, at_its_fastest, open_peer
from evals.bench.mini import fresh_documents
from yofo_rerank.errors import MissingExtra

TEXTS = ["a dress", "not pink"]


@pytest.fixture
def no_peer(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # import raises ImportError


def test_without_the_peer_the_table_says_so(no_peer, monkeypatch, untrained_judge, tmp_path, capsys):
    monkeypatch.setattr(peers, "open_judge", lambda *_, **__: untrained_judge)
    restart = tmp_path / "restart.json"
    restart.write_text(
        json.dumps(
            {"figures": {"qwen2-vl-2b": {"disk_seconds": {"min": 2.0}, "cold_seconds": {"min": 9.0}, "ratio": 4.5}}}
        )
    )
    peers.main(documents=2, repeats=1, callers=2, caller_repeats=1, restart=restart, output=tmp_path / "peers.json")
    record = json.loads((tmp_path / "peers.json").read_text())
    assert record["figures"]["ratios"] == {}
    assert record["settings"]["batch_size"] is None
    assert record["figures"]["seconds"]["cold"]["min"] > 0
    shown = capsys.readouterr().out
    assert "pip install 'yofo-rerank[evals]'" in shown
    assert "4.5" in shown and ">= 100" in shown


def test_the_error_names_the_extra(no_peer):
    with pytest.raises(MissingExtra, match=r"yofo-rerank\[evals\]"):
        open_peer()


def test_the_peer_sees_the_same_pixels_and_scores_every_pair():
    pytest.importorskip("sentence_transformers", minversion="6.2")
    documents = fresh_documents(3, 0)
    peer = open_peer()
    scores = peer.score(documents, TEXTS[0])
    assert scores.shape == (3,)
    assert len(set(scores.tolist())) == 3
    assert [one.shape for one in peer.score_each(documents, TEXTS)] == [(3,), (3,)]
    seen = peer.model.preprocess([(TEXTS[0], documents[0].image)])
    judged = untouched_grid(documents[0])
    assert seen["image_grid_thw"][0].tolist() == judged
    assert at_its_fastest(peer, documents, TEXTS[0]).batch_size in BATCH_SIZES


def untouched_grid(document):
    """Patches that the judge makes of a picture."""
    from transformers import AutoProcessor

    from yofo_rerank.mini.weights import weights_folder

    processor = AutoProcessor.from_pretrained(weights_folder("base"))
    return processor.image_processor(images=[document.load_image()], return_tensors="pt")["image_grid_thw"][0].tolist()


def test_callers_ask_different_things_and_everything_is_judged(untrained_judge):
    lists = callers.make_lists(3, 0)
    assert len({text for texts in lists for text in texts}) == 3 * callers.REQUIREMENTS
    found = callers.measure_callers(untrained_judge, lambda number: fresh_documents(2, 500 + number), 3, 1)
    assert found["ratio"] > 0
    alike = callers.measure_callers(untrained_judge, lambda number: fresh_documents(2, 600 + number), 3, 1, alike=True)
    assert alike["ratio"] > 0
    in_turn, together = found["forward_passes"][0]
    assert in_turn >= 1 and together >= 1
