"""Imports: light, beside other integrations, one sentence when Haystack is missing (S15, S16, H5)."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OURS = (
    "haystack_integrations.components.rankers.yofo",
    "haystack_integrations.components.embedders.open_clip",
    "haystack_integrations.components.retrievers.clip_faiss",
)


def test_the_namespace_stays_open():
    shared = ROOT / "integrations" / "haystack_integrations"
    leaves = {shared.joinpath(*module.split(".")[1:]) for module in OURS} | {shared / "common" / "yofo"}
    assert {path.parent for path in shared.rglob("__init__.py")} == leaves


def test_other_integrations_import_beside_ours(run_python):
    qdrant = "haystack_integrations.components.retrievers.qdrant"
    pytest.importorskip(qdrant, reason="no qdrant-haystack that fits this Haystack", exc_type=ImportError)
    run_python("; ".join(f"import {module}" for module in (*OURS, qdrant)))


def test_constructing_loads_nothing_heavy(run_python):
    """Haystack itself imports torch where it is installed, so only what we add counts."""
    code = """
import json, sys
import haystack.utils, haystack.components.generators.chat.types
heavy = ("torch", "transformers", "open_clip", "peft", "torchvision")
before = set(sys.modules)
from haystack_integrations.components.rankers.yofo import YofoQueryDecomposer, YofoRanker
from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder, OpenClipTextEmbedder
from haystack_integrations.components.retrievers.clip_faiss import ClipFaissRetriever
YofoRanker(), YofoQueryDecomposer(), OpenClipTextEmbedder(), OpenClipDocumentImageEmbedder()
ClipFaissRetriever(index_path="nowhere")
print(json.dumps([name for name in heavy if name in set(sys.modules) - before]))
"""
    assert json.loads(run_python(code)) == []


@pytest.mark.parametrize("module", OURS)
def test_a_missing_haystack_is_one_sentence(module, run_python):
    code = f"""
import sys
sys.modules["haystack"] = None  # what the import system takes for "not installed"
import yofo_rerank
try:
    import {module}
except ImportError as error:
    print(type(error).__name__, error)
"""
    said = run_python(code)
    assert said == 'MissingExtra this needs haystack: pip install "yofo-rerank[haystack]"\n'


def test_python_is_one_we_support():
    assert sys.version_info >= (3, 11)
