"""The program that users copy, offline: on a tiny model always, on the embedded one where its weights are there."""

import importlib.util
import sys
from pathlib import Path

import pytest

from yofo_rerank.mini.weights import WEIGHTS, weights_folder
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

PROGRAM = Path(__file__).resolve().parents[3] / "pipelines" / "llama_index_shop.py"
NO_WEIGHTS = not all(any(weights_folder(name).glob("*.safetensors")) for name in WEIGHTS)


def run(monkeypatch, capsys, *arguments):
    spec = importlib.util.spec_from_file_location("llama_index_shop", PROGRAM)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    monkeypatch.setattr(sys, "argv", ["llama_index_shop.py", *map(str, arguments)])
    program.main()
    return capsys.readouterr().out.splitlines()


def test_short():
    assert len(PROGRAM.read_text().splitlines()) < 115


@pytest.mark.parametrize("store", ["faiss", "qdrant"])
def test_tiny(monkeypatch, capsys, model, clip, photos, tmp_path, store):
    from yofo_rerank.documents import load_folder

    retriever = ClipFaissRetriever(ClipEncoder(clip, device="cpu"))
    retriever.add(load_folder(photos), progress=False)
    retriever.save(tmp_path / "index")
    options = ("--index", tmp_path / "index", "--model", model, "--top-n", 3, "--store", store)
    lines = run(monkeypatch, capsys, "a blue, hooded top", *options)
    assert len(lines) == 3
    assert all("hooded (" in line and ".png" in line for line in lines)


@pytest.mark.skipif(NO_WEIGHTS, reason="the embedded weights are not there yet")
@pytest.mark.parametrize("store", ["faiss", "qdrant"])
def test_embedded(monkeypatch, capsys, store):
    lines = run(monkeypatch, capsys, "a long dress, not pink", "--candidates", 20, "--store", store)
    assert len(lines) == 5
    assert all("dress (" in line for line in lines)
