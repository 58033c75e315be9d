"""Run by `make test-wheel` from the folder in which the wheel lies: all that is in the source tree is in the wheel.

Both frameworks' namespaces must stay open for the integrations of others.
"""

import importlib
from pathlib import Path

HERE = Path.cwd().resolve()
SOURCE = Path(__file__).resolve().parents[1]
OURS = (
    "yofo_rerank",
    "llama_index.postprocessor.yofo",
    "llama_index.embeddings.open_clip",
    "llama_index.retrievers.clip_faiss",
    "haystack_integrations.components.rankers.yofo",
    "haystack_integrations.components.embedders.open_clip",
    "haystack_integrations.components.retrievers.clip_faiss",
)
OTHERS = (
    "llama_index.core",
    "llama_index.vector_stores.qdrant",
    "haystack_integrations.components.retrievers.qdrant",
    "haystack_integrations.document_stores.qdrant",
)


def main() -> None:
    for name in OURS:
        found = Path(importlib.import_module(name).__file__).resolve()
        assert found.is_relative_to(HERE), f"{name} comes from {found}"
    for name in OTHERS:
        found = Path(importlib.import_module(name).__file__).resolve()
        assert not found.is_relative_to(HERE), f"the wheel holds {name}"
    for start, stem in ((SOURCE / "yofo_rerank", "yofo_rerank"), (SOURCE / "integrations", "")):
        files = [path for path in start.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert len(files) > 10
        missing = [str(path) for path in files if not (HERE / stem / path.relative_to(start)).is_file()]
        assert not missing, f"not in the wheel: {missing}"

    from yofo_rerank import Document, YofoJudge, YofoReranker

    reranker = YofoReranker(YofoJudge.from_pretrained("mini"))
    documents = [Document(text="a short pink skirt"), Document(text="a long green dress")]
    assert reranker.rerank("a long dress, not pink", documents)[0].index == 1
    print(f"the wheel holds all of {SOURCE.name}, and works")


if __name__ == "__main__":
    main()
