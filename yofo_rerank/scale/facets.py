"""Facets of an index, judged by many processes: `yofo facets INDEX --ray ADDRESS`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from yofo_rerank.documents import Document
from yofo_rerank.errors import RetrievalError
from yofo_rerank.in_vain import InVain
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.progress import Progress, counting
from yofo_rerank.requirements import Requirement
from yofo_rerank.retrieval import facet_files
from yofo_rerank.retrieval.facet_files import Row
from yofo_rerank.retrieval.facets import FacetReport, Facets, identity, one_line
from yofo_rerank.retrieval.results import Skipped
from yofo_rerank.scale.partitions import SIZE, listed
from yofo_rerank.scale.pool import LOCAL, Pool, connected
from yofo_rerank.scale.stream import whole_partitions
from yofo_rerank.scale.unfinished import IN_VAIN


def judge_facets(
    facets: Facets,
    documents: Sequence[Document],
    judge: Judge,
    requirements: Sequence[str | Requirement],
    *,
    pool: Pool | None = None,
    address: str = LOCAL,
    size: int = SIZE,
    progress: Progress = False,
) -> FacetReport:
    """As `Facets.judge`, on a cluster; each partition is kept as soon as it is whole, so a killed run goes on there.

        judge_facets(retriever.facets, retriever.documents, YofoJudge.from_pretrained("mini"), ["pink"], address="auto")

    Args:
        facets: with a path.
        documents: whose images every machine can open at the same path.
        judge: sent to every actor, where it loads its model.
        requirements: texts.
        pool: how many actors, and what each takes.
        address: of the cluster; "local" starts one here for this call.
        size: documents of a partition: what a killed run loses at most, for each that is under way.
        progress: counts documents.

    Raises:
        RetrievalError: code `locked`; `no_path`, for facets in memory.
        RequirementError: no requirements. MissingExtra: no Ray.
        ModelError: code `nothing_judged`, as of `judge_catalogue`.
    """
    if facets.path is None:
        raise RetrievalError("facets are judged on a cluster only into a file, but these have no path", code="no_path")
    texts = list(dict.fromkeys(one_line(one.text) for one in check_requirements(requirements)))
    with connected(address), facet_files.judging(facets.path):
        try:
            return _judge(facets, documents, judge, texts, pool or Pool(), size, progress)
        finally:
            facet_files.merge(facets.path, facets.table)


def _judge(
    facets: Facets,
    documents: Sequence[Document],
    judge: Judge,
    texts: list[str],
    pool: Pool,
    size: int,
    progress: Progress,
) -> FacetReport:
    missing = facets.missing(documents, texts, judge_name(judge, pool))
    asked = sum(len(wanted) for _, _, wanted in missing)
    done, failed, judged = len(documents) - len(missing), [], 0
    in_vain = InVain(IN_VAIN, "partitions")
    with counting(progress, "Judging facets") as tick:
        for wanted, group in groupby(missing, key=lambda one: one[2]):
            pieces = listed((document for document, _, _ in group), size)
            for _, rows in whole_partitions(pieces, judge, wanted, pool=pool):
                facets.keep(found := [answer for row in rows for answer in _answers(row, wanted)])
                failed += (new := [_failure(row) for row in rows if row["code"] is not None])
                judged, done = judged + len(found), done + len(rows)
                failures = [(one.code, one.message) for one in new]
                in_vain.saw(judged=len(found), failures=failures, kept=f"{judged} answers are kept")
                if tick:
                    tick(done, len(documents))
    return FacetReport(judged, len(documents) * len(texts) - asked, tuple(failed))


def judge_name(judge: Judge, pool: Pool) -> str:
    """What `facets.parquet` calls the judge: found out where judges run, as there may be no place for one here."""
    import ray

    def name() -> str:
        return json.dumps(identity(judge), sort_keys=True)

    return str(ray.get(ray.remote(name).options(num_cpus=pool.num_cpus, num_gpus=pool.num_gpus).remote()))


def _answers(row: dict[str, Any], texts: Sequence[str]) -> list[Row]:
    if row["code"] is not None:
        return []
    known = (row["document"], row["judge"], row["stamp"])
    return [
        Row(known[0], text, p_yes, verdict, *known[1:])
        for text, p_yes, verdict in zip(texts, row["p_yes"], row["verdict"], strict=True)
    ]


def _failure(row: dict[str, Any]) -> Skipped:
    return Skipped(row["document"], row["code"], row["message"])
