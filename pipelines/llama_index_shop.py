"""A shop's search in LlamaIndex: retriever -> YofoRerank -> query engine that shows the images to a chat model.

    python pipelines/llama_index_shop.py "a long dress, not pink, preferably with pockets"
    python pipelines/llama_index_shop.py "a hooded top" --store qdrant --chat-model gpt-4o-mini

Without --index a small drawn catalogue is searched, offline; without --chat-model nothing is said about the finds.
Needs pip install ".[llama-index]", llama-index-vector-stores-qdrant for --store qdrant, and
llama-index-llms-openai-like for --chat-model: one that takes images, at OpenAI or at the server of --chat-url.
"""

import argparse
import os
import sys
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

try:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.llms import LLM, MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import ImageNode
    from llama_index.embeddings.open_clip import OpenClipEmbedding
    from llama_index.postprocessor.yofo import YofoRerank, explain
    from llama_index.retrievers.clip_faiss import ClipFaissRetriever
except ImportError as missing:
    sys.exit(f'error: {missing}; pip install ".[llama-index]"')

from yofo_rerank.mini.indexed import sample_retriever
from yofo_rerank.shown import printable


def main() -> None:
    """Search, and print each place with its reasons."""
    arguments = parse_arguments()
    response = build_engine(arguments).query(arguments.query)
    for place, found in enumerate(response.source_nodes, start=1):
        answers = explain(found).judgements
        judged = [f"{'✓' if one.verdict else '✗'} {one.requirement.text} ({one.p_yes:.2f})" for one in answers]
        name = printable(str(found.metadata.get("shop_id", found.node_id)))
        print(f"{place:2}. {found.score:.3f}  {name}  {printable(', '.join(judged), 500)}")
    if arguments.chat_model:
        print(f"\n{response}")


def build_engine(arguments: argparse.Namespace) -> RetrieverQueryEngine:
    """YofoRerank is the one line to add; "drop", so that no unreadable image reaches the chat model."""
    retriever, llm = build_retriever(arguments), build_llm(arguments)
    reranker = YofoRerank(model=arguments.model, adapter=arguments.adapter, top_n=arguments.top_n, on_error="drop")
    return RetrieverQueryEngine.from_args(retriever, llm, node_postprocessors=[reranker], multimodal=True)


def build_retriever(arguments: argparse.Namespace) -> BaseRetriever:
    """The first stage: FAISS, or Qdrant in its embedded mode over the same images."""
    count = arguments.candidates
    if arguments.index is not None:
        retriever = ClipFaissRetriever.load(arguments.index, similarity_top_k=count)
    else:  # drawn and embedded once, then kept in the user's cache
        retriever = ClipFaissRetriever(sample_retriever(400, seed=40), similarity_top_k=count)
    if arguments.store == "faiss":
        return retriever
    from llama_index.vector_stores.qdrant import QdrantVectorStore
    from qdrant_client import QdrantClient

    encoder = retriever.index.encoder
    embedding = OpenClipEmbedding(model_name=encoder.model, pretrained=encoder.pretrained)
    nodes = [node for node in retriever.nodes() if isinstance(node, ImageNode)]
    vectors = embedding.get_image_embedding_batch([node.resolve_image() for node in nodes])
    store = QdrantVectorStore("shop", client=QdrantClient(location=":memory:"))
    for node, vector in zip(nodes, vectors, strict=True):
        node.embedding, node.metadata["shop_id"] = vector, node.id_
        node.id_ = str(uuid5(NAMESPACE_URL, node.id_))  # Qdrant wants UUIDs
    store.add(nodes)
    return VectorStoreIndex.from_vector_store(store, embed_model=embedding).as_retriever(similarity_top_k=count)


def build_llm(arguments: argparse.Namespace) -> LLM:
    """A mock that only echoes, or a real chat model."""
    if arguments.chat_model is None:
        return MockLLM(is_chat_model=True)
    from llama_index.llms.openai_like import OpenAILike

    settings = {"api_base": arguments.chat_url, "api_key": os.environ.get("OPENAI_API_KEY", "none")}
    return OpenAILike(model=arguments.chat_model, is_chat_model=True, **settings)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("query", help="what you look for")
    add("--store", choices=("faiss", "qdrant"), default="faiss", help="first stage (%(default)s)")
    add("--index", type=Path, metavar="FOLDER", help="made by `yofo index`")
    add("--model", default="mini", help="judge: 'mini', a Hugging Face id or a folder (%(default)s)")
    add("--adapter", metavar="FOLDER", help="LoRA adapter of the judge: a folder or a Hugging Face id")
    add("--top-n", type=positive, default=5, help="places to show (%(default)s)")
    add("--candidates", type=positive, default=100, help="products to judge (%(default)s)")
    add("--chat-model", help="describes the finds; without one, none does")
    add("--chat-url", default="https://api.openai.com/v1", help="OpenAI-compatible server (%(default)s)")
    return parser.parse_args()


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        sys.exit(f"error: {' '.join(str(error).split())}")
