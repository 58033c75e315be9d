"""Search fashion with a sentence: CLIP and FAISS bring candidates, one forward pass each judges every requirement.

    python pipelines/fashion_search.py "a long black dress without a belt, preferably ruched" --html report.html
    python pipelines/fashion_search.py "a hooded jacket, not blue" --images photos \
        --model Qwen/Qwen3-VL-2B-Instruct --encoder ViT-B-32 laion2b_s34b_b79k
    python pipelines/fashion_search.py --preset evening --preset ruched --preset summer-text --html demo.html

Without --images it searches an embedded catalogue of drawn garments, offline. Copy it and make it yours.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from yofo_rerank import Ranking, YofoJudge, YofoReranker
from yofo_rerank.documents import load_folder
from yofo_rerank.errors import DocumentError
from yofo_rerank.mini.indexed import sample_retriever
from yofo_rerank.report import ranking_table, write_page
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever

SUMMER = (
    "I'm looking for some bottoms that are ideally suitable for summer wear and I'd prefer them to be grey if available"
)
PRESETS = {  # the queries of the YOFO paper (arXiv 2511.16600), and the kind of documents they are asked of
    "evening": ("a midi or long dress, not pink, for an evening event", "image"),  # Figure 1
    "ruched": ("a sleeveless, asymmetric dress that is not striped, preferably ruched", "image"),  # Figure 5
    "summer-text": (SUMMER, "text"),  # section 3.1
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 when done, 1 when something failed, 2 for wrong usage."""
    arguments = parse_arguments(argv)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout is for results, whatever a library prints
            rankings = run(arguments)
        show(rankings, arguments)
    except (OSError, ValueError, RuntimeError, ImportError) as error:  # every YofoError is one of these
        if arguments.debug:
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def run(arguments: argparse.Namespace) -> list[Ranking]:
    """One ranking for the query and for each preset, over all candidates."""
    judge = YofoJudge.from_pretrained(arguments.model, adapter=arguments.adapter)
    reranker = YofoReranker(judge, decomposer="rules", scoring=arguments.rule)
    searches = [(arguments.query, "image")] if arguments.query is not None else []
    searches += [PRESETS[name] for name in arguments.preset]

    encoder = ClipEncoder(*arguments.encoder)
    retrievers: dict[str, ClipFaissRetriever] = {}  # images and texts are two catalogues
    for media in dict.fromkeys(media for _, media in searches):
        print(f"… indexing the {media} catalogue", file=sys.stderr)
        retrievers[media] = build_retriever(arguments.images, media, encoder)

    rankings = []
    for query, media in searches:
        started = time.perf_counter()
        candidates = retrievers[media].search(query, top_k=arguments.candidates)
        rankings.append(reranker.rerank(query, candidates, requirements=arguments.requirement, progress=True))
        seconds = time.perf_counter() - started
        print(f"… judged {len(candidates)} candidates in {seconds:.1f} s: {query}", file=sys.stderr)
    return rankings


def build_retriever(folder: Path | None, media: str, encoder: ClipEncoder) -> ClipFaissRetriever:
    """The first stage over a folder of images, or over drawn garments; `.save(path)` and `.load(path)` keep one."""
    if folder is None:
        return sample_retriever(400, seed=40, media=media, encoder=encoder)  # it has what the presets look for
    retriever = ClipFaissRetriever(encoder)
    if not retriever.add(load_folder(folder)).added:  # unreadable images are reported and skipped
        raise DocumentError(f"found no readable image in {str(folder)!r}", code="missing")
    return retriever


def show(rankings: Sequence[Ranking], arguments: argparse.Namespace) -> None:
    """A table, or one JSON object per query and line; and the page."""
    for ranking in rankings:
        if arguments.json:
            result = ranking.to_dict()
            print(json.dumps(result | {"ranked": result["ranked"][: arguments.top_k]}))
        else:
            Console().print(ranking_table(ranking, top_k=arguments.top_k), "")
    if arguments.html:
        details = {"judge": arguments.model, "encoder": " ".join(arguments.encoder), "rule": str(arguments.rule)}
        page = write_page(rankings, arguments.html, top_k=arguments.top_k, details=details)
        print(f"page: {page.resolve()}", file=sys.stderr)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("query", nargs="?", help="what you look for")
    add("--preset", action="append", choices=list(PRESETS), default=[], help="a query of the paper; repeat it")
    add("--images", type=Path, metavar="FOLDER", help="search these images instead of drawn garments")
    add("--model", default="mini", help="judge: 'mini', a Hugging Face id or a folder (%(default)s)")
    add("--adapter", help="LoRA adapter of the judge: a Hugging Face id or a folder")
    add(
        "--encoder", nargs="+", default=["mini"], metavar="NAME", help="for --images: open_clip name and pretrained tag"
    )
    add("--top-k", type=positive, default=10, metavar="N", help="places to show (%(default)s)")
    add("--candidates", type=positive, default=100, metavar="N", help="products to judge (%(default)s)")
    add("--requirement", action="append", metavar="TEXT", help="replaces decomposing the query; repeat it")
    add("--rule", type=rule, default="weighted", help="scoring rule: a name or a JSON object (%(default)s)")
    add("--json", action="store_true", help="print JSON alone on stdout")
    add("--html", type=Path, metavar="FILE", help="write one self-contained page")
    add("--debug", action="store_true", help="show the traceback of an error")
    arguments = parser.parse_args(argv)
    if arguments.query is None and not arguments.preset:
        parser.error("give a query or a --preset")
    if arguments.query is not None and not arguments.query.strip():
        parser.error("the query is blank")
    if len(arguments.encoder) > 2:
        parser.error(f"--encoder takes a name and a pretrained tag, but got {' '.join(arguments.encoder)}")
    return arguments


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def rule(text: str) -> str | dict[str, object]:
    """A scoring rule as the library takes it: a name, or plain data."""
    return json.loads(text) if text.startswith("{") else text


if __name__ == "__main__":
    sys.exit(main())
