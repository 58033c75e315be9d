"""Importing is cheap, light rooms stay light, and nothing in the tree can unpickle."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import yofo_rerank

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "transformers", "faiss", "open_clip", "llama_index", "haystack", "fastapi", "uvicorn", "ray")
LIGHT_ROOMS = ("documents", "images", "requirements", "scoring", "decompose", "errors")


def run_python(code):
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_takes_less_than_half_a_second():
    code = "import time; start = time.perf_counter(); import yofo_rerank; print(time.perf_counter() - start)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.5


@pytest.mark.parametrize("module", ["yofo_rerank", *(f"yofo_rerank.{room}" for room in LIGHT_ROOMS)])
def test_light_modules_load_nothing_heavy(module):
    loaded = run_python(f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))")
    assert loaded.split() == []


def test_the_core_loads_no_room_that_speaks_with_others():
    core = "import yofo_rerank.judge, yofo_rerank.reranker, yofo_rerank.models.slot_model, yofo_rerank.retrieval"
    rooms = ("yofo_rerank.serving", "yofo_rerank.scale", "yofo_rerank.judges", "fastapi", "uvicorn", "ray")
    loaded = run_python(f"import sys; {core}; print(*(name for name in sys.modules if name.startswith({rooms})))")
    assert [name for name in loaded.split() if not name.startswith("rayon")] == []


def test_documents_do_without_pydantic():
    code = "import sys; from yofo_rerank.documents import Document; print('pydantic' in sys.modules)"
    assert run_python(code).strip() == "False"


def test_public_names_resolve_lazily():
    assert set(yofo_rerank.__all__) <= set(dir(yofo_rerank))
    assert yofo_rerank.Document.__module__ == "yofo_rerank.documents"
    with pytest.raises(AttributeError, match="has no attribute 'Documents'; it has DecomposedQuery"):
        yofo_rerank.Documents  # noqa: B018


def test_nothing_in_the_tree_can_unpickle():
    forbidden = re.compile(
        r"^\s*(import|from)\s+(pickle|cPickle|dill|joblib|shelve|marshal)\b"
        r"|\btorch\.(save|load)\(|allow_pickle\s*=\s*True|weights_only\s*=\s*False|trust_remote_code\s*=\s*True",
        re.MULTILINE,
    )
    sources = [
        path for room in ("yofo_rerank", "integrations", "pipelines", "evals") for path in (ROOT / room).rglob("*.py")
    ]
    assert len(sources) > 10
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in sources
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
