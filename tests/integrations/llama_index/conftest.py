"""Tiny models in folders, a folder of pictures, and a judge that answers by digest where no model is needed."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("llama_index.core", reason='not installed: pip install "yofo-rerank[llama-index]"')

import torch
from llama_index.core.schema import ImageNode, NodeWithScore, TextNode

from yofo_rerank import Judgement, YofoJudge
from yofo_rerank.judge import check_requirements
from yofo_rerank.requirements import Failure, JudgedDocument

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True, scope="session")
def few_threads():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model(tiny_qwen3_vl, saved_model, tmp_path_factory):
    """A folder with a tiny random judge."""
    return str(saved_model(tiny_qwen3_vl, tmp_path_factory.mktemp("judge") / "base"))


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A folder with a tiny random open_clip model."""
    import open_clip
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip") / "model"
    folder.mkdir()
    text = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    vision = {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 16, "layers": 1}
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "squash"}
    config = {"model_cfg": {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    network = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    torch.nn.init.normal_(network.positional_embedding, std=0.5)
    torch.nn.init.normal_(network.token_embedding.weight, std=0.5)
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return str(folder)


@pytest.fixture(scope="session")
def photos(make_image, tmp_path_factory):
    """A folder of six pictures, 0.png to 5.png."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        make_image(48, 48, seed=number).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def nodes(photos):
    """Four pictures by path, one with a caption too, and a text; scores as a retriever gives them."""
    pictures = [
        NodeWithScore(
            node=ImageNode(id_=f"p{number}", image_path=str(photos / f"{number}.png"), metadata={"price": number}),
            score=0.9 - number / 10,
        )
        for number in range(4)
    ]
    captioned = ImageNode(id_="p4", text="a grey skirt", image_path=str(photos / "4.png"))
    text = TextNode(id_="t", text="black trousers for winter")
    return [*pictures, NodeWithScore(node=captioned, score=0.3), NodeWithScore(node=text, score=0.2)]


def answer(node_id: str, text: str) -> float:
    """A number in 0..1 that depends on the pair alone."""
    return int.from_bytes(hashlib.sha256(f"{node_id} {text}".encode()).digest()[:4], "big") / 2**32


@pytest.fixture
def judge(monkeypatch):
    """Instead of a model: `judge.seen` holds the documents; set `answers` and `failures` by node id."""
    fake = SimpleNamespace(seen=[], asked=[], failures={}, answers={}, answer=answer)

    def judge_outcomes(self, documents, requirements):
        checked = check_requirements(requirements)
        fake.seen.append(list(documents))
        fake.asked.append([requirement.text for requirement in checked])
        return [outcome(document.id.partition(": ")[2], checked) for document in documents]

    def outcome(node_id, requirements):
        if node_id in fake.failures:
            return JudgedDocument(failure=Failure(code=fake.failures[node_id], message="it went wrong"))
        found = []
        for requirement in requirements:
            p_yes = fake.answers.get(node_id, answer(node_id, requirement.text))
            found.append(Judgement(requirement=requirement, p_yes=p_yes, verdict=p_yes > 0.5))
        return JudgedDocument(tuple(found))

    monkeypatch.setattr(YofoJudge, "judge_outcomes", judge_outcomes)
    return fake


@pytest.fixture(scope="session")
def run_python():
    """Run code in a fresh process, with the same packages and none of this one's state."""

    def run(code, *arguments, env=None):
        path = os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(ROOT), f"{ROOT}/integrations"])
        environment = {**os.environ, "PYTHONPATH": path.strip(os.pathsep), "HF_HUB_OFFLINE": "1"} | (env or {})
        command = [sys.executable, "-c", code, *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
