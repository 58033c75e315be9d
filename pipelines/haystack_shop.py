"""A shop's search in Haystack, from haystack_shop.yaml: text embedder -> retriever -> decomposer -> ranker.

    python pipelines/haystack_shop.py "a long dress, not pink, preferably with pockets"
    python pipelines/haystack_shop.py "a hooded top" --store qdrant
    python pipelines/haystack_shop.py "a hooded jacket" --index photos.index     # made by `yofo index photos`

Without --index a small drawn catalogue is searched, offline. Needs pip install ".[haystack]", and
qdrant-haystack for --store qdrant. To serve the YAML over HTTP, name your index in it, then put it into the folder
that `hayhooks run --pipelines-dir` serves.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import yaml

try:
    from haystack import Document, Pipeline
    from haystack.core.errors import PipelineError
    from haystack_integrations.components.embedders.open_clip import OpenClipDocumentImageEmbedder
except ImportError as missing:
    sys.exit(f'error: {missing}; pip install ".[haystack]"')

from yofo_rerank.mini.indexed import sample_retriever
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.shown import printable

YAML = Path(__file__).with_suffix(".yaml")


def main() -> None:
    """Search, and print each place with its reasons."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = build_pipeline(arguments, Path(folder))
        for place, document in enumerate(search(pipeline, arguments.query), start=1):
            print(f"{place:2}. {document.score:.3f}  {printable(document.id)}  {printable(reasons(document), 500)}")


def search(pipeline: Pipeline, query: str) -> list[Document]:
    """Every component that reads the query gets it."""
    inputs = {"embedder": {"text": query}, "decomposer": {"query": query}, "ranker": {"query": query}}
    return pipeline.run(inputs)["ranker"]["documents"]


def reasons(document: Document) -> str:
    """Each requirement with its verdict and probability, or why the document could not be judged."""
    found = document.meta["yofo"]
    if found["failure"]:
        return found["failure"]["message"]
    return ", ".join(
        f"{'✓' if judged['verdict'] else '✗'} {judged['requirement']['text']} ({judged['p_yes']:.2f})"
        for judged in found["judgements"]
    )


def build_pipeline(arguments: argparse.Namespace, folder: Path) -> Pipeline:
    """The pipeline of the YAML, over the chosen index and first stage."""
    description = yaml.safe_load(arguments.yaml.read_text(encoding="utf-8"))
    components = description["components"]
    index = arguments.index or folder / "catalogue.index"
    if arguments.index is None:
        sample_retriever(400, seed=40).save(index)  # drawn and embedded once, then kept in the user's cache
    components["retriever"]["init_parameters"]["index_path"] = str(index)
    if arguments.store == "qdrant":
        model = components["embedder"]["init_parameters"]["model"]
        components["retriever"] = qdrant_retriever(index, model, folder / "qdrant")
    return Pipeline.from_dict(description)


def qdrant_retriever(index: Path, model: str, folder: Path) -> dict:
    """The first stage is yours to choose: here Qdrant in its embedded mode, as a component of the description."""
    from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever
    from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

    documents = [
        Document(
            id=item.id, content=item.text, meta=item.metadata | ({"file_path": str(item.image)} if item.image else {})
        )
        for item in ClipFaissRetriever.load(index).documents
    ]
    embedded = OpenClipDocumentImageEmbedder(model=model).run(documents=documents)["documents"]
    store = QdrantDocumentStore(path=str(folder), embedding_dim=len(embedded[0].embedding or []), progress_bar=False)
    store.write_documents(embedded)
    store.close()  # the embedded mode serves one owner at a time
    return QdrantEmbeddingRetriever(document_store=store, top_k=100).to_dict()


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("query", help="what you look for")
    parser.add_argument("--store", choices=("faiss", "qdrant"), default="faiss", help="first stage (%(default)s)")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="made by `yofo index`")
    parser.add_argument("--yaml", type=Path, default=YAML, metavar="FILE", help="another pipeline")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except (PipelineError, OSError, ValueError, RuntimeError, ImportError) as error:
        sys.exit(f"error: {' '.join(str(error.__cause__ or error).split())}")
