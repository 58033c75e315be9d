"""A catalogue judged by many processes, written as Parquet partitions that a second run does not judge again.

    OUT/catalogue.json                what was asked, and by which judge
    OUT/<partition>.parquet           document, requirement, p_yes, verdict, judge, stamp as facets have, and failure
    OUT/vectors/<partition>.parquet   document, vector: with an encoder

and what `outputs` write, which a search reads: FAISS shards, Qdrant. Each file is whole or not there, and the answers
of a partition are written last: without them it is judged, and written everywhere, again. A document that could not be
judged has a row for each requirement too, without `p_yes` and `verdict`, and with the code of its `failure`; where that
may pass or be mended, as a server that was down, its partition is not written (see `unfinished`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import ConfigError, RetrievalError
from yofo_rerank.extras import require
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.progress import Progress, counting
from yofo_rerank.retrieval import facet_files
from yofo_rerank.retrieval.facets import one_line
from yofo_rerank.scale.addresses import beneath, plain
from yofo_rerank.scale.facets import judge_name
from yofo_rerank.scale.ids import check_ids, checked
from yofo_rerank.scale.outputs import Output
from yofo_rerank.scale.partitions import SIZE, Partition, partitions_of
from yofo_rerank.scale.pool import LOCAL, Pool, connected
from yofo_rerank.scale.stale import Stale, check_apart, check_stale, clear
from yofo_rerank.scale.stream import whole_partitions
from yofo_rerank.scale.unfinished import Unfinished
from yofo_rerank.scale.writing import ABOUT, VECTORS, is_file, make_folder, names, put, put_table, read_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from yofo_rerank.retrieval import ClipEncoder


@dataclass(frozen=True)
class CatalogueReport:
    """What a run did: partitions written now, partitions found written, documents judged now, and failed now.

    `removed` counts partitions taken away, because the source does not have them any more; `unfinished` those that were
    not written, because documents failed there for reasons that may pass or be mended, or did not come back: run again.
    """

    written: int
    found: int
    judged: int
    failed: int
    removed: int = 0
    unfinished: int = 0


def judge_catalogue(
    source: str | os.PathLike[str] | Sequence[Partition],
    judge: Judge,
    requirements: Sequence[str],
    out: str | os.PathLike[str],
    *,
    pool: Pool | None = None,
    encoder: ClipEncoder | None = None,
    outputs: Sequence[Output] = (),
    address: str = LOCAL,
    size: int = SIZE,
    stale: Stale = "refuse",
    progress: Progress = False,
) -> CatalogueReport:
    """Judge every document of a source, partition by partition; what is written already is not judged again.

        judge_catalogue("photos", YofoJudge.from_pretrained("mini"), ["pink", "has a hood"], "answers")

    Args:
        source: folder of images, Parquet files or WebDataset shards, also in an object store; or partitions.
        judge: sent to every actor, where it loads its model; not one from components.
        requirements: texts.
        out: folder, also in an object store; only a folder here, `file://` too, is locked against a second run.
        pool: how many actors, and what each takes.
        encoder: embeds the pictures too.
        outputs: where vectors go as well, `FaissShards()`, `QdrantCollection(...)`; they need an encoder.
        address: of the cluster; "local" starts one here for this call.
        size: documents of a partition of a folder.
        stale: what to do with partitions in OUT that the source does not have now, because files came, went or were
            written again, or `size` is another: "refuse" the run, or "remove" them, from the outputs too, and judge
            what is there now.
        progress: counts partitions.

    Raises:
        RetrievalError: codes `locked`; `another_catalogue`, where OUT holds answers to something else, or of another
            judge, or of partitions that the source does not have.
        DocumentError: codes `missing`, `duplicate_id`. MissingExtra: no Ray.
        ModelError: code `nothing_judged`, where nothing of eight partitions in a row could be judged, because the judge
            is broken; RemoteError, where its server is away or refuses.
        ConfigError: outputs without an encoder, OUT inside the source, or another word for `stale`.
    """
    texts = list(dict.fromkeys(one_line(one.text) for one in check_requirements(requirements)))
    folder = plain(str(out))
    _check_options(source, folder, encoder, outputs, stale)
    with connected(address):
        pieces = partitions_of(source, size) if isinstance(source, str | os.PathLike) else list(source)
        check_ids(pieces)
        make_folder(folder)
        with facet_files.judging(Path(folder) / "catalogue") if "://" not in folder else nullcontext():
            about: dict[str, Any] = {"requirements": texts, "embeds": None if encoder is None else repr(encoder)}
            about["outputs"] = [repr(one) for one in outputs] or None
            _check(folder, about)
            pool = pool or Pool()
            if "judge" in _known(folder):  # else nothing is written yet
                _check(folder, {"judge": judge_name(judge, pool)})
            removed = clear(folder, {one.name for one in pieces}, stale, outputs)
            written = set(names(folder, ".parquet"))
            missing = [one for one in pieces if one.name not in written]
            stream = whole_partitions(missing, judge, texts, pool=pool, encoder=encoder)
            stream = checked(stream, pieces, missing, folder)
            report = _write(stream, (len(pieces) - len(missing), len(pieces)), about, folder, outputs, progress)
            return replace(report, removed=removed)


def _check_options(
    source: str | os.PathLike[str] | Sequence[Partition],
    folder: str,
    encoder: ClipEncoder | None,
    outputs: Sequence[Output],
    stale: str,
) -> None:
    if outputs and encoder is None:
        raise ConfigError(f"got outputs {list(outputs)!r} and no encoder, which makes the vectors that they hold")
    check_stale(stale)
    if isinstance(source, str | os.PathLike):
        require("pyarrow", extra="ray")
        check_apart(str(source), folder)


def _write(
    partitions: Iterable[tuple[str, list[dict[str, Any]]]],
    counts: tuple[int, int],
    about: dict[str, Any],
    folder: str,
    outputs: Sequence[Output],
    progress: Progress,
) -> CatalogueReport:
    found, total = counts
    came = written = judged = failed = 0
    unfinished = Unfinished()
    with counting(progress, "Judging partitions") as tick:
        for name, rows in partitions:
            came += 1
            if not rows or unfinished.leaves(rows, written):
                continue
            if not written:
                about = about | {"judge": rows[0]["judge"]}
                _check(folder, about)
                put(beneath(folder, ABOUT), json.dumps(about, indent=1).encode())
            _put(folder, name, rows, about, outputs)
            written += 1
            failed += sum(row["code"] is not None for row in rows)
            judged += sum(row["code"] is None for row in rows)
            if tick:
                tick(found + written, total)
    unfinished.warn()
    lost = total - found - came  # the stream told of them
    return CatalogueReport(written, found, judged, failed, unfinished=unfinished.count + lost)


def _put(
    folder: str, name: str, rows: Sequence[dict[str, Any]], about: dict[str, Any], outputs: Sequence[Output]
) -> None:
    if about["embeds"] is not None:  # before the outputs: its name tells what may be in them
        make_folder(beneath(folder, VECTORS))
        put_table(beneath(folder, VECTORS, f"{name}.parquet"), _vectors(rows))
    for output in outputs:
        output.write(folder, name, rows, about["requirements"])
    put_table(beneath(folder, f"{name}.parquet"), answers_of(rows, about["requirements"]))


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


def _known(folder: str) -> dict[str, Any]:
    """What a folder says of itself; nothing where it was not begun."""
    found: dict[str, Any] = {}
    if is_file(beneath(folder, ABOUT)):
        found = json.loads(read_bytes(beneath(folder, ABOUT)))
    return found


def _check(folder: str, about: dict[str, Any]) -> None:
    """Refuse a folder with answers to something else."""
    known = _known(folder)
    for key, wanted in about.items():
        if known and known.get(key) != wanted:
            message = f"{folder} holds answers with {key} {known.get(key)!r:.200}, but got {wanted!r:.200}"
            raise RetrievalError(message, code="another_catalogue")
