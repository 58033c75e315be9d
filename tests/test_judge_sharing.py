"""One model for equal settings: threads, pickling, unloading, keywords of the model."""

import copy
import gc
import pickle
import threading
import weakref

import pytest

from yofo_rerank import YofoJudge
from yofo_rerank.errors import ConfigError
from yofo_rerank.models import loading

TEXTS = ["blue", "not pink", "a hooded top"]


@pytest.fixture(scope="module")
def base(tiny_qwen3_vl, saved_model, tmp_path_factory):
    return saved_model(tiny_qwen3_vl, tmp_path_factory.mktemp("base"))


@pytest.fixture
def loads(monkeypatch):
    """Counts real loads."""
    calls = []
    load_model = loading.load_model

    def counted(*args, **kwargs):
        calls.append(args)
        return load_model(*args, **kwargs)

    monkeypatch.setattr(loading, "load_model", counted)
    return calls


def test_eight_threads_equal_one(base, pictured_documents, loads):
    judge = YofoJudge.from_pretrained(base, format="yofo-v1")
    found = [None] * 8

    def work(number):
        order = pictured_documents[number % 3 :] + pictured_documents[: number % 3]
        rows = judge.judge(order, [*TEXTS, f"statement {number}"])
        found[number] = {document.id: [j.p_yes for j in row] for document, row in zip(order, rows, strict=True)}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    serial = YofoJudge.from_pretrained(base, format="yofo-v1", cache_bytes=0)
    for number in range(8):
        rows = serial.judge(pictured_documents, [*TEXTS, f"statement {number}"])
        for document, row in zip(pictured_documents, rows, strict=True):
            assert found[number][document.id] == pytest.approx([j.p_yes for j in row], abs=1e-4)


def test_equal_settings_share_a_model_as_long_as_it_is_held(base, pictured_documents, loads):
    one = YofoJudge.from_pretrained(base, format="yofo-v1", cache_bytes=123_456)
    other = YofoJudge.from_pretrained(str(base), format="yofo-v1", cache_bytes=123_456)
    one.judge(pictured_documents[:1], TEXTS)
    other.judge(pictured_documents[:1], TEXTS)
    assert len(loads) == 1
    assert other.stats.verdict_hits == len(TEXTS)
    other.judge(pictured_documents[:1], ["red"])
    assert other.stats.cache_hits == 1
    model = weakref.ref(one._loaded)
    one.unload()
    other.unload()
    gc.collect()
    assert model() is None
    one.judge(pictured_documents[:1], TEXTS)
    assert len(loads) == 2


def test_pickle_and_deepcopy_from_pretrained(base, pictured_documents):
    judge = YofoJudge.from_pretrained(base, format="yofo-v1")
    before = judge.judge(pictured_documents[:2], TEXTS)
    data = pickle.dumps(judge)
    assert len(data) < 1000  # settings, no weights
    assert pickle.loads(data).judge(pictured_documents[:2], TEXTS) == before
    assert copy.deepcopy(judge)._loaded is judge._loaded


def test_model_kwargs_reach_the_model(base, pictured_documents, loads):
    settings = {"format": "yofo-v1", "cache_bytes": 654_321}
    eager = YofoJudge.from_pretrained(base, model_kwargs={"attn_implementation": "eager"}, **settings)
    plain = YofoJudge.from_pretrained(base, **settings)
    found, expected = (one.judge(pictured_documents, TEXTS) for one in (eager, plain))
    assert eager._loaded.network.model.config._attn_implementation == "eager"
    assert plain._loaded.network.model.config._attn_implementation == "sdpa"
    for one, other in zip(found, expected, strict=True):
        assert [j.p_yes for j in one] == pytest.approx([j.p_yes for j in other], abs=1e-4)
    again = YofoJudge.from_pretrained(base, model_kwargs={"attn_implementation": "eager"}, **settings)
    again.judge(pictured_documents, TEXTS)
    assert len(loads) == 2  # equal settings share a model
    assert pickle.loads(pickle.dumps(eager)).judge(pictured_documents, TEXTS) == found
    with pytest.raises(ConfigError, match="must not hold trust_remote_code"):
        YofoJudge.from_pretrained(base, model_kwargs={"trust_remote_code": True})
