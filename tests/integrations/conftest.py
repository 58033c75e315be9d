"""Tiny models in folders, a folder of pictures, and a fresh process, for the components of both frameworks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


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
    config = {
        "model_cfg": {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": preprocess,
    }
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


@pytest.fixture
def word_judge():
    """Says yes where the document's text holds the requirement."""
    from yofo_rerank.requirements import JudgedDocument, Judgement

    class WordJudge:
        def info(self):
            return {"model": "words"}

        def judge_outcomes(self, documents, requirements):
            return [JudgedDocument(tuple(self.judged(document, one) for one in requirements)) for document in documents]

        def judged(self, document, requirement):
            yes = requirement.text in document.text
            return Judgement(requirement=requirement, p_yes=0.9 if yes else 0.1, verdict=yes)

    return WordJudge()
