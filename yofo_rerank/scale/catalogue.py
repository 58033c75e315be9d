"""A catalogue judged by many processes, written as Parquet partitions that a second run does not judge again.

    OUT/catalogue.json                what was asked, and by which judge
    OUT/<partition>.parquet           document, requirement, p_yes, verdict, judge, stamp as facets have, and failure
    OUT/vectors/<partition>.parquet   document, vector: with an encoder

Each file is whole or not there, and the answers of a partition are written last. A document that could not be judged
has a row for each requirement too, without `p_yes` and `verdict`, and with the code of its `failure`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import RetrievalError
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.progress import Progress, counting
from yofo_rerank.retrieval import facet_files
from yofo_rerank.retrieval.facets import one_line
from yofo_rerank.retrieval.files import replace
from yofo_rerank.scale.partitions import SIZE, Partition, filesystem, partitions_of
from yofo_rerank.scale.pool import LOCAL, Pool, connected
from yofo_rerank.scale.stream import whole_partitions

if TYPE_CHECKING:
    import pyarrow as pa

    from yofo_rerank.retrieval import ClipEncoder

ABOUT = "catalogue.json"
VECTORS = "vectors"


@dataclass(frozen=True)
class CatalogueReport:
    """What a run did: partitions written now, partitions found written, documents judged now, and failed now."""

    written: int
    found: int
    judged: int
    failed: int


def judge_catalogue(
    source: str | os.PathLike[str] | Sequence[Partition],
    judge: Judge,
    requirements: Sequence[str],
    out: str | os.PathLike[str],
    *,
    pool: Pool | None = None,
    encoder: ClipEncoder | None = None,
    address: str = LOCAL,
    size: int = SIZE,
    progress: Progress = False,
) -> CatalogueReport:
    """Judge every document of a source, partition by partition; what is written already is not judged again.

        judge_catalogue("photos", YofoJudge.from_pretrained("mini"), ["pink", "has a hood"], "answers")

    Args:
        source: folder of images, Parquet files or WebDataset shards, also in an object store; or partitions.
        judge: sent to every actor, where it loads its model; not one from components.
        requirements: texts.
        out: folder, also in an object store; only a folder here is locked against a second run.
        pool: how many actors, and what each takes.
        encoder: embeds the pictures too.
        address: of the cluster; "local" starts one here for this call.
        size: documents of a partition of a folder.
        progress: counts partitions.

    Raises:
        RetrievalError: codes `locked`; `another_catalogue`, where OUT holds answers to something else.
        DocumentError: code `missing`. MissingExtra: no Ray.
    """
    texts = list(dict.fromkeys(one_line(one.text) for one in check_requirements(requirements)))
    with connected(address):
        pieces = partitions_of(source, size) if isinstance(source, str | os.PathLike) else list(source)
        folder = str(out)
        is_here = "://" not in folder
        filesystem(folder)[0].create_dir(filesystem(folder)[1], recursive=True)
        with facet_files.judging(Path(folder) / "catalogue") if is_here else nullcontext():
            written = _names(folder)
            missing = [one for one in pieces if one.name not in written]
            about: dict[str, Any] = {"requirements": texts, "embeds": None if encoder is None else repr(encoder)}
            _check(folder, about)
            return _run(missing, len(pieces), judge, about, folder, pool or Pool(), encoder, progress)


def _run(
    missing: list[Partition],
    total: int,
    judge: Judge,
    about: dict[str, Any],
    folder: str,
    pool: Pool,
    encoder: ClipEncoder | None,
    progress: Progress,
) -> CatalogueReport:
    texts = about["requirements"]
    found = total - len(missing)
    written = judged = failed = 0
    with counting(progress, "Judging partitions") as tick:
        for name, rows in whole_partitions(missing, judge, texts, pool=pool, encoder=encoder):
            if not written:
                about = about | {"judge": rows[0]["judge"]}
                _check(folder, about)
                _put(f"{folder}/{ABOUT}", json.dumps(about, indent=1).encode())
            if encoder is not None:
                filesystem(f"{folder}/{VECTORS}")[0].create_dir(filesystem(f"{folder}/{VECTORS}")[1])
                _put_table(f"{folder}/{VECTORS}/{name}.parquet", _vectors(rows))
            _put_table(f"{folder}/{name}.parquet", answers_of(rows, texts))
            written += 1
            failed += sum(row["code"] is not None for row in rows)
            judged += sum(row["code"] is None for row in rows)
            if tick:
                tick(found + written, total)
    return CatalogueReport(written, found, judged, failed)


def answers_of(rows: Sequence[dict[str, Any]], texts: Sequence[str]) -> pa.Table:
    """The columns of `facet_files`, and `failure`."""
    import pyarrow as pa

    schema = facet_files.empty().schema.append(pa.field("failure", pa.string()))
    found = []
    for row in rows:
        known = {name: row[name] for name in ("document", "judge", "stamp")} | {"failure": row["code"]}
        for place, text in enumerate(texts):
            answer = {"p_yes": None, "verdict": None}
            if row["code"] is None:
                answer = {"p_yes": row["p_yes"][place], "verdict": row["verdict"][place]}
            found.append(known | {"requirement": text} | answer)
    return pa.Table.from_pylist(found, schema=schema)


def _vectors(rows: Sequence[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([("document", pa.string()), ("vector", pa.list_(pa.float32()))])
    return pa.Table.from_pylist([row for row in rows if row["vector"] is not None], schema=schema)


def _check(folder: str, about: dict[str, Any]) -> None:
    """Refuse a folder with answers to something else."""
    files, path = filesystem(f"{folder}/{ABOUT}")
    if not files.get_file_info(path).is_file:
        return
    known = json.loads(files.open_input_file(path).readall())
    for key, wanted in about.items():
        if known.get(key) != wanted:
            message = f"{folder} holds answers with {key} {known.get(key)!r:.200}, but got {wanted!r:.200}"
            raise RetrievalError(message, code="another_catalogue")


def _names(folder: str) -> set[str]:
    from pyarrow import fs

    files, path = filesystem(folder)
    entries = files.get_file_info(fs.FileSelector(path))
    return {Path(entry.path).stem for entry in entries if entry.is_file and entry.path.endswith(".parquet")}


def _put_table(address: str, table: pa.Table) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    _put(address, sink.getvalue().to_pybytes())


def _put(address: str, data: bytes) -> None:
    """A whole file, or none: aside and renamed here; an object store takes objects whole anyway."""
    if "://" not in address:
        replace(Path(address), lambda put: put(data))
        return
    files, path = filesystem(address)
    with files.open_output_stream(path) as sink:
        sink.write(data)
