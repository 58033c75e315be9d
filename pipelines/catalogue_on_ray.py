"""Judge a whole catalogue with many processes, here or on a cluster: Ray Data decodes, judges, and repeats what dies.

    python pipelines/catalogue_on_ray.py --out answers
    python pipelines/catalogue_on_ray.py s3://shop/photos --out s3://shop/answers --address auto \
        --model Qwen/Qwen3-VL-2B-Instruct --actors 8 --gpus 1 --requirement "has a hood" --requirement "is pink"

Without a source it draws the embedded catalogue, offline. Run it again: what is written is not judged again.
Copy it and make it yours.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from yofo_rerank import YofoJudge
from yofo_rerank.mini import sample_catalog
from yofo_rerank.retrieval import ClipEncoder
from yofo_rerank.scale import FaissShards, Output, Pool, QdrantCollection, judge_catalogue
from yofo_rerank.scale.addresses import filesystem
from yofo_rerank.scale.partitions import Partition, listed

REQUIREMENTS = ("is a dress", "has a hood", "is not pink", "is striped")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; 0 when done, 1 when something failed."""
    arguments = parse_arguments(argv)
    requirements = arguments.requirement or list(REQUIREMENTS)
    try:
        started = time.perf_counter()
        report = judge_catalogue(
            arguments.source or drawn(arguments.documents),
            YofoJudge.from_pretrained(arguments.model, adapter=arguments.adapter),
            requirements,
            arguments.out,
            pool=Pool(max_size=arguments.actors, num_cpus=arguments.cpus, num_gpus=arguments.gpus),
            encoder=ClipEncoder(*arguments.encoder) if arguments.encoder else None,
            outputs=outputs(arguments),
            address=arguments.address,
            stale=arguments.stale,
            progress=True,
        )
    except (OSError, ValueError, RuntimeError, ImportError) as error:  # every YofoError is one of these
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - started
    print(
        f"{report.written} partitions written and {report.found} found written, "
        f"{report.judged} documents judged and {report.failed} failed in {seconds:.1f} s: {arguments.out}",
        file=sys.stderr,
    )
    show(arguments.out, requirements)
    if report.unfinished:
        print(f"error: {report.unfinished} partitions could not be finished; run it again", file=sys.stderr)
    return 1 if report.unfinished else 0


def drawn(n: int) -> list[Partition]:
    """Garments of the embedded catalogue, in partitions of 64."""
    return listed((document for document, _ in sample_catalog(n, seed=7)), size=64)


def outputs(arguments: argparse.Namespace) -> list[Output]:
    """Where the vectors go as well."""
    found: list[Output] = [FaissShards()] if arguments.faiss else []
    return [*found, QdrantCollection(arguments.collection, arguments.qdrant)] if arguments.qdrant else found


def show(out: str, requirements: Sequence[str]) -> None:
    """How much of the catalogue meets each requirement."""
    from pyarrow import dataset, fs

    files, path = filesystem(out)
    names = [entry.path for entry in files.get_file_info(fs.FileSelector(path)) if entry.path.endswith(".parquet")]
    if not names:
        return
    answers = dataset.dataset(names, filesystem=files, format="parquet").to_table().to_pandas()
    table = Table("requirement", "judged", "yes", title=f"{answers['document'].nunique()} documents")
    for requirement in requirements:
        found = answers[answers["requirement"] == requirement]["verdict"].dropna()
        table.add_row(requirement, str(len(found)), str(int(found.sum())))
    Console().print(table)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("source", nargs="?", help="a folder of images, Parquet files or WebDataset shards; also an address")
    add("--out", required=True, metavar="FOLDER", help="where the answers are written; also an address")
    add("--documents", type=int, default=256, metavar="N", help="garments drawn without a source (%(default)s)")
    add("--requirement", action="append", metavar="TEXT", help="what to judge; repeat it")
    add("--model", default="mini", help="judge: 'mini', a Hugging Face id or a folder (%(default)s)")
    add("--adapter", help="LoRA adapter of the judge: a Hugging Face id or a folder")
    add("--encoder", nargs="+", metavar="NAME", help="embed, too: open_clip name and pretrained tag, or 'mini'")
    add("--faiss", action="store_true", help="write the vectors as FAISS shards, too: yofo_rerank.scale.open_shards")
    add("--qdrant", metavar="ADDRESS", help="write vectors and answers to Qdrant, too: its address, or a folder")
    add("--collection", default="catalogue", metavar="NAME", help="of Qdrant (%(default)s)")
    add("--stale", choices=("refuse", "remove"), default="refuse", help="partitions that the source lost (%(default)s)")
    add("--address", default="local", help="Ray cluster: 'auto', an address, or one here (%(default)s)")
    add("--actors", type=int, default=1, metavar="N", help="judges at one time (%(default)s)")
    add("--cpus", type=float, default=1.0, help="cores of each (%(default)s)")
    add("--gpus", type=float, default=0.0, help="GPUs of each (%(default)s)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
