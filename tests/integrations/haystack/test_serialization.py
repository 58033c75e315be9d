"""to_dict, from_dict, dumps, loads; the last in a fresh process with Haystack's strict defaults (H1-H3)."""

import copy
import inspect
from types import SimpleNamespace

import pytest
from haystack import Pipeline
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.utils import ComponentDevice, Secret
from haystack_integrations.common.yofo.checks import model_kwargs_from_dict, model_kwargs_to_dict
from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder, OpenClipTextEmbedder
from haystack_integrations.components.rankers.yofo import YofoQueryDecomposer, YofoRanker
from haystack_integrations.components.retrievers.clip_faiss import ClipFaissRetriever

from yofo_rerank import Requirement
from yofo_rerank.decompose import LlmDecomposer
from yofo_rerank.errors import DecomposeError
from yofo_rerank.scoring import get_rule


def chat():
    key = Secret.from_env_var("SHOP_KEY", strict=False)
    return OpenAIChatGenerator(api_key=key, model="any", api_base_url="http://localhost:1/v1")


@pytest.fixture(params=["default", "full"])
def components(request, monkeypatch):
    """One of each, with the defaults or with everything set."""
    monkeypatch.setenv("SHOP_KEY", "not-to-be-written")
    if request.param == "default":
        return [
            YofoRanker(),
            YofoQueryDecomposer(),
            OpenClipTextEmbedder(),
            OpenClipDocumentImageEmbedder(),
            ClipFaissRetriever(index_path="photos.index"),
        ]
    device = ComponentDevice.from_str("cuda:1")
    encoder = {"model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k", "device": device, "dtype": "bfloat16"}
    return [
        YofoRanker(
            model="Qwen/Qwen3-VL-2B-Instruct",
            adapter="my/adapter",
            revision="main",
            device=device,
            dtype="bfloat16",
            max_batch_tokens=1000,
            max_pixels=10_000,
            cache_bytes=0,
            attention="isolated",
            top_k=3,
            score_threshold=0.0,
            requirements=["long", {"text": "red", "necessity": "should"}, Requirement(text="blue", weight=0.5)],
            decomposer=YofoQueryDecomposer(chat_generator=chat(), timeout=3.0),
            scoring=get_rule({"kind": "threshold_count", "threshold": 0.7}),
            on_error="drop",
            file_path_meta_field="photo",
            root_path="photos",
            meta_fields_to_embed=["title"],
            embedding_separator=" | ",
            meta_field="why",
            evidence=True,
        ),
        YofoQueryDecomposer(chat_generator=chat(), prompt="JSON: {query}", timeout=2.5),
        OpenClipTextEmbedder(**encoder, prefix="a photo of ", suffix="."),
        OpenClipDocumentImageEmbedder(
            **encoder, batch_size=4, file_path_meta_field="photo", root_path="photos", on_error="skip"
        ),
        ClipFaissRetriever(
            index_path="photos.index",
            top_k=7,
            filters={"field": "meta.price", "operator": "<", "value": 20},
            device=device,
            file_path_meta_field="photo",
        ),
    ]


def test_to_dict_holds_every_parameter_and_no_secret(components):
    for one in components:
        data = one.to_dict()
        kind = type(one)
        assert data["type"] == f"{kind.__module__}.{kind.__name__}"
        assert data["type"].startswith("haystack_integrations.")
        assert set(data["init_parameters"]) == set(inspect.signature(kind.__init__).parameters) - {"self"}
        assert "not-to-be-written" not in str(data)


def test_every_setting_is_written_under_its_own_name():
    device = ComponentDevice.from_str("cuda:1")
    settings = {
        "model": "Qwen/Qwen3-VL-2B-Instruct",
        "adapter": "my/adapter",
        "revision": "main",
        "device": device,
        "dtype": "bfloat16",
        "max_batch_tokens": 1000,
        "max_pixels": 10_000,
        "cache_bytes": 0,
        "model_kwargs": {},
        "attention": "isolated",
        "verdicts": None,
        "states": None,
        "judge_url": None,
        "judge_dialect": "vllm",
        "top_k": 3,
        "score_threshold": 0.5,
        "requirements": [{"text": "red", "necessity": "should", "weight": 0.5, "name": None}],
        "decomposer": {"kind": "rules"},
        "scoring": {"kind": "min"},
        "on_error": "drop",
        "file_path_meta_field": "photo",
        "root_path": "photos",
        "meta_fields_to_embed": ["title"],
        "embedding_separator": " | ",
        "meta_field": "why",
        "evidence": True,
    }
    data = YofoRanker(**settings).to_dict()
    assert data == {
        "type": "haystack_integrations.components.rankers.yofo.ranker.YofoRanker",
        "init_parameters": settings | {"device": {"type": "single", "device": "cuda:1"}},
    }


@pytest.mark.parametrize("device", [None, "cpu", "cuda:1"])
def test_devices_round_trip(device):
    given = None if device is None else ComponentDevice.from_str(device)
    assert YofoRanker.from_dict(YofoRanker(device=given).to_dict()).device == given


def test_from_dict_restores_and_leaves_the_data_alone(components):
    for one in components:
        data = one.to_dict()
        before = copy.deepcopy(data)
        restored = [type(one).from_dict(data) for _ in range(2)]
        assert data == before
        assert [again.to_dict() for again in restored] == [before, before]


def test_parameters_may_be_left_out():
    kind = "haystack_integrations.components.rankers.yofo.ranker.YofoRanker"
    assert YofoRanker.from_dict({"type": kind, "init_parameters": {"top_k": 3}}).top_k == 3
    assert YofoRanker.from_dict({"type": kind}).device is None


def test_a_fresh_process_loads_what_was_dumped(components, run_python):
    pipeline = Pipeline()
    for place, one in enumerate(components):
        pipeline.add_component(f"c{place}", one)
    text = pipeline.dumps()
    code = "import sys; from haystack import Pipeline; sys.stdout.write(Pipeline.loads(sys.argv[1]).dumps())"
    environment = {"SHOP_KEY": "not-to-be-written", "HAYSTACK_DESERIALIZATION_ALLOWLIST": ""}
    assert run_python(code, text, env=environment) == text


def test_torch_dtypes_become_names():
    import torch

    data = YofoRanker(dtype=torch.bfloat16).to_dict()
    assert data["init_parameters"]["dtype"] == "bfloat16"


def test_what_no_data_can_hold_says_so():
    token = OpenAIChatGenerator(api_key=Secret.from_token("abc"), model="any")
    with pytest.raises(ValueError, match=r"[Tt]oken"):
        YofoQueryDecomposer(chat_generator=token).to_dict()
    with pytest.raises(DecomposeError, match="cannot be data"):
        YofoRanker(decomposer=LlmDecomposer(lambda prompt: prompt)).to_dict()
    own = SimpleNamespace(name="own", decompose=lambda query: None)
    with pytest.raises(ValueError, match="no to_dict"):
        YofoRanker(decomposer=own).to_dict()


def test_settings_of_the_library_stay_settings():
    spec = {"kind": "llm", "model": "any", "base_url": "http://localhost:1/v1", "api_key_env": "SHOP_KEY"}
    ranker = YofoRanker(decomposer=spec, scoring="min")
    assert ranker.to_dict()["init_parameters"]["decomposer"] == spec
    assert YofoRanker.from_dict(ranker.to_dict()).to_dict() == ranker.to_dict()


def test_arguments_of_the_model_go_to_data_and_back():
    import torch

    given = {"torch_dtype": torch.bfloat16, "quantization": {"compute": torch.float16}, "attn_implementation": "sdpa"}
    before = copy.deepcopy(given)
    data = model_kwargs_to_dict(given)
    assert data == {
        "torch_dtype": "torch.bfloat16",
        "quantization": {"compute": "torch.float16"},
        "attn_implementation": "sdpa",
    }
    assert model_kwargs_from_dict(data) == before == given
