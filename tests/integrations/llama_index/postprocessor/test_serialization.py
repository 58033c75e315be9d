"""Settings survive dict, JSON, pickle and deepcopy, before and after use; weights and secrets are in none of them."""

import copy
import json
import pickle

import pytest
from llama_index.core.evaluation import RetrieverEvaluator
from llama_index.core.llms import MockLLM
from llama_index.core.prompts import PromptTemplate
from llama_index.postprocessor.yofo import YofoRerank
from llama_index.retrievers.clip_faiss import ClipFaissRetriever

from yofo_rerank.decompose import FixedDecomposer
from yofo_rerank.scoring import get_rule

SETTINGS = {
    "model": "elsewhere",
    "adapter": "beside",
    "top_n": 3,
    "device": "cpu",
    "dtype": "float32",
    "max_batch_tokens": 4096,
    "decomposer": {"kind": "llm", "model": "any", "base_url": "http://localhost:1", "api_key_env": "A_KEY"},
    "scoring": {"kind": "weighted", "should_share": 0.3},
    "score_threshold": 0.1,
    "keep_retrieval_score": False,
    "image_root": "photos",
    "file_path_key": "file_path",
    "metadata_mode": "embed",
    "on_error": "drop",
}


def test_round_trip(monkeypatch):  # L2
    monkeypatch.setenv("A_KEY", "secret-value")
    reranker = YofoRerank(**SETTINGS)
    data = reranker.to_dict()
    assert data["class_name"] == "YofoRerank"
    assert {name: data[name] for name in SETTINGS} == SETTINGS
    assert YofoRerank.from_dict(data).to_dict() == data
    assert YofoRerank.from_json(reranker.to_json()).to_dict() == data
    assert "secret-value" not in reranker.to_json()


def test_objects_become_data():
    reranker = YofoRerank(decomposer=FixedDecomposer(["blue"]), scoring=get_rule("min"))
    data = json.loads(reranker.to_json())
    assert data["scoring"] == {"kind": "min"}
    again = YofoRerank.from_dict(data)
    assert again.decomposer["requirements"][0]["text"] == "blue"


def test_chat_model_is_left_out():  # L2
    reranker = YofoRerank(decomposer="llm", llm=MockLLM(), decompose_prompt=PromptTemplate("Split {query}!"))
    data = reranker.to_dict()
    assert "llm" not in data
    again = YofoRerank.from_dict(data)
    assert again.decompose_prompt.template == "Split {query}!"
    with pytest.raises(ValueError, match="got no llm"):
        again._decomposer(None)


def test_inside_an_evaluator():  # L2
    evaluator = RetrieverEvaluator.from_metric_names(
        ["mrr"], retriever=ClipFaissRetriever.from_nodes(), node_postprocessors=[YofoRerank(top_n=7)]
    )
    assert evaluator.model_dump(exclude={"retriever"})["node_postprocessors"][0]["top_n"] == 7


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy], ids=["pickle", "copy"])
def test_copies(nodes, model, copied):  # L3
    reranker = YofoRerank(
        model=model, top_n=6, device="cpu", requirements=["blue", "hooded"], decompose_prompt="Split {query}!"
    )
    fresh = copied(reranker)
    found = [(one.node_id, one.score) for one in reranker.postprocess_nodes(nodes)]
    used = copied(reranker)
    for one in (fresh, used):
        assert one.to_dict() == reranker.to_dict()
        assert [(place.node_id, place.score) for place in one.postprocess_nodes(nodes)] == found


def test_light_until_used(run_python):  # S15
    run_python(
        "import sys\n"
        "from llama_index.postprocessor.yofo import YofoRerank\n"
        "from llama_index.embeddings.open_clip import OpenClipEmbedding\n"
        "YofoRerank(model='owner/never-there').to_json(); YofoRerank().postprocess_nodes([])\n"
        "OpenClipEmbedding(model_name='ViT-B-32', pretrained='openai')\n"
        "assert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    )


def test_without_the_framework(run_python):  # S16
    printed = run_python(
        "import sys\n"
        "sys.modules['llama_index.core'] = None\n"
        "import yofo_rerank, importlib\n"
        "for name in ('postprocessor.yofo', 'embeddings.open_clip', 'retrievers.clip_faiss'):\n"
        "    try:\n"
        "        importlib.import_module('llama_index.' + name)\n"
        "    except ImportError as error:\n"
        "        print(len(error.args), error)\n"
    )
    line = '1 this needs llama_index.core: pip install "yofo-rerank[llama-index]"'
    assert printed.splitlines() == [line] * 3


def test_beside_other_integrations(run_python):  # PEP 420
    run_python("import llama_index.core, llama_index.vector_stores.qdrant, llama_index.postprocessor.yofo")
