"""Facets: requirements judged once for a whole catalogue, so that a search can be kept to documents that meet them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.documents import Document
from yofo_rerank.errors import RetrievalError
from yofo_rerank.in_vain import InVain
from yofo_rerank.judging import Judge, check_requirements
from yofo_rerank.pdf import PdfPage
from yofo_rerank.progress import Progress, Tick, counting
from yofo_rerank.requirements import Requirement
from yofo_rerank.retrieval import facet_files
from yofo_rerank.retrieval.encoding import in_batches
from yofo_rerank.retrieval.facet_files import Row
from yofo_rerank.retrieval.results import Skipped

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

Where = str | Sequence[str] | Mapping[str, bool | float]

BATCH_SIZE = 64  # documents judged, and kept, at a time: what a killed run loses at most
IN_VAIN = 2  # batches in a row of which nothing could be judged
SHOWN = 20  # facets in a message
SURELY_NOT = 0.1  # p_yes
IDENTITY = ("model", "adapter", "revision", "format", "attention")
ASKED = ("url", "dialect", "question")  # of a judge that asks a server, where a model's name alone says little


@dataclass(frozen=True)
class FacetReport:
    """What a run did: answers judged now, answers known before, documents that could not be judged."""

    judged: int
    known: int
    failed: tuple[Skipped, ...] = ()


class Facets:
    """Answers about a catalogue's documents, in memory and, with a path, in a Parquet file; needs the extra `facets`.

        retriever = ClipFaissRetriever.load("photos.index")
        retriever.facets.judge(retriever.documents, YofoJudge.from_pretrained("mini"), ["pink", "has a hood"])
        retriever.search("a summer dress", where={"pink": False})

    Args:
        path: `facets.parquet` of an index folder, or any other; read when first needed, and again when it changed.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._read: tuple[Any, pa.Table] | None = None  # the file's state, and what it held then
        self._answers: dict[str, dict[str, tuple[float, bool]]] = {}  # requirement -> document -> p_yes, verdict

    @property
    def known(self) -> list[str]:
        """The requirements that were judged."""
        return sorted(self.table["requirement"].unique().to_pylist())

    @property
    def table(self) -> pa.Table:
        """All answers: document, requirement, p_yes, verdict, judge, stamp."""
        state = facet_files.state(self.path) if self.path else None
        if self._read is None or self._read[0] != state:
            self._hold(state, facet_files.read(self.path) if self.path else facet_files.empty())
        return self._read[1]  # type: ignore[index]  # held now

    def among(self, requirements: Sequence[str | Requirement], *, least: float = SURELY_NOT) -> dict[str, float]:
        """What a search can be kept to: those musts of a query that were judged, as its `where`.

            asked = decompose("a summer dress, not pink").requirements
            retriever.search("a summer dress", where=retriever.facets.among(asked))

        Args:
            requirements: of the query, denied and wanted ones alike; texts are musts.
            least: p_yes below which a document is left out; low, because a first stage shall lose nothing.

        Returns:
            Conditions for `search`; empty, which keeps to nothing, where none was judged.

        Raises:
            RequirementError: no requirements, or an unusable one.
        """
        known = set(self.known)
        musts = [one for one in check_requirements(requirements) if one.necessity == "must"]
        return {text: least for one in musts if (text := one_line(one.text)) in known}

    def keep_in(self, path: str | Path) -> None:
        """Keep the answers in a file from now on, with those that are there already."""
        import pyarrow as pa

        if self.path == Path(path):
            return
        held, self.path = self.table, Path(path)
        if len(held):
            with facet_files.judging(self.path):
                facet_files.merge(self.path, facet_files.latest(pa.concat_tables([self.table, held])))

    def _hold(self, state: object, table: pa.Table) -> None:
        self._read, self._answers = (state, table), {}

    def judge(
        self,
        documents: Sequence[Document],
        judge: Judge,
        requirements: Sequence[str | Requirement],
        *,
        progress: Progress = False,
    ) -> FacetReport:
        """Judge what is not known yet, batch by batch; a run that is stopped or killed goes on where it was.

        An answer is known if the same judge gave it and the document has not changed since (path, size and time of its
        file; its content otherwise). Documents that cannot be judged are reported, and tried again by the next run.

        Raises:
            RequirementError: no requirements, or an unusable one.
            RetrievalError: code `locked`, if another process judges these facets.
            ModelError: code `nothing_judged`, where nothing of two batches in a row could be judged, because the judge
                is broken; RemoteError, where its server is away or refuses. What was judged is kept.
            MissingExtra: no pyarrow.
        """
        texts = list(dict.fromkeys(one_line(one.text) for one in check_requirements(requirements)))
        name = json.dumps(identity(judge), sort_keys=True)
        if self.path is None:
            return self._judge(documents, judge, texts, name, progress)
        with facet_files.judging(self.path):
            try:
                return self._judge(documents, judge, texts, name, progress)
            finally:
                facet_files.merge(self.path, self.table)

    def satisfying(self, where: Where, documents: Iterable[str]) -> set[str]:
        """The ids of those documents that are known to meet every condition; the others are not judged, or do not.

        Args:
            where: a requirement that must hold, a list of such, or conditions by requirement: True or False for the
                verdict, a number for the least `p_yes`.
            documents: ids.

        Raises:
            RetrievalError: codes `bad_where`, `unknown_facet` (names the known ones).
        """
        found = set(documents)
        for text, wanted in conditions(where).items():
            answers = self._of(text)
            unknown = sum(id_ not in answers for id_ in found)
            if unknown:
                logger.warning(
                    "%d documents were never judged for %r and are left out; run `yofo facets`", unknown, text
                )
            found = {id_ for id_ in found if id_ in answers and _meets(answers[id_], wanted)}
        return found

    def _of(self, text: str) -> dict[str, tuple[float, bool]]:
        table = self.table
        if text not in self._answers:
            import pyarrow.compute as pc

            rows = table.filter(pc.equal(table["requirement"], text))
            if not len(rows):
                known = self.known
                shown = ", ".join(map(repr, known[:SHOWN])) + (", ..." if len(known) > SHOWN else "")
                message = f"got the facet {text!r}, which was never judged; known are: {shown or 'none'}"
                raise RetrievalError(message, code="unknown_facet")
            answers = zip(rows["p_yes"].to_pylist(), rows["verdict"].to_pylist(), strict=True)
            self._answers[text] = dict(zip(rows["document"].to_pylist(), answers, strict=True))
        return self._answers[text]

    def _judge(
        self, documents: Sequence[Document], judge: Judge, texts: list[str], name: str, progress: Progress
    ) -> FacetReport:
        missing = self.missing(documents, texts, name)
        asked = sum(len(wanted) for _, _, wanted in missing)
        failed: list[Skipped] = []
        judged, in_vain = 0, InVain(IN_VAIN, f"batches of {BATCH_SIZE}")
        with counting(progress, "Judging facets") as tick:
            done = len(documents) - len(missing)
            for batch in in_batches(missing, BATCH_SIZE):
                before = len(failed)
                rows = list(_answers(batch, judge, name, failed))
                self.keep(rows)
                judged += len(rows)
                failures = [(one.code, one.message) for one in failed[before:]]
                in_vain.saw(judged=len(rows), failures=failures, kept=f"{judged} answers are kept")
                done += len(batch)
                _count(tick, done, len(documents))
        return FacetReport(judged, len(documents) * len(texts) - asked, tuple(failed))

    def missing(self, documents: Sequence[Document], texts: list[str], name: str) -> list[Missing]:
        """Documents with what must be asked of them, those with the same questions side by side."""
        table = self.table
        rows = zip(
            *(table[column].to_pylist() for column in ("document", "requirement", "judge", "stamp")), strict=True
        )
        known = {(document, text): stamp for document, text, by, stamp in rows if by == name}
        stamps = [(document, stamp(document)) for document in documents]
        missing = [
            (document, stamp, tuple(text for text in texts if known.get((document.id, text)) != stamp))
            for document, stamp in stamps
        ]
        return sorted((one for one in missing if one[2]), key=lambda one: one[2])

    def keep(self, rows: list[Row]) -> None:
        """Add answers, as a part of the file where there is one."""
        added = facet_files.to_table(rows)
        if self.path and rows:
            facet_files.append(self.path, added)  # read again when it is needed
        elif rows:
            import pyarrow as pa

            self._hold(None, facet_files.latest(pa.concat_tables([self.table, added])))


Missing = tuple[Document, str, tuple[str, ...]]


def conditions(where: Where) -> dict[str, bool | float]:
    """Conditions by requirement.

    >>> conditions(["not pink", "has a hood"])
    {'not pink': True, 'has a hood': True}

    Raises:
        RetrievalError: code `bad_where`.
    """
    items: list[tuple[Any, Any]]
    if isinstance(where, Mapping):
        items = list(where.items())
    else:
        items = (
            [(text, True) for text in where] if isinstance(where, list | tuple | set | frozenset) else [(where, True)]
        )
    for text, wanted in items:
        is_share = isinstance(wanted, int | float) and 0 <= wanted <= 1
        if not isinstance(text, str) or not text.strip() or not is_share:
            message = "wanted requirements, or True, False or a least p_yes (0..1) by requirement"
            raise RetrievalError(f"got where={where!r:.200}; {message}", code="bad_where")
    return {one_line(text): wanted for text, wanted in items}


def one_line(text: str) -> str:
    """The text by which a requirement is known: runs of white space are one blank."""
    return " ".join(text.split())


def _meets(answer: tuple[float, bool], wanted: bool | float) -> bool:
    p_yes, verdict = answer
    return verdict == wanted if isinstance(wanted, bool) else p_yes >= wanted


def _answers(batch: Sequence[Missing], judge: Judge, name: str, failed: list[Skipped]) -> Iterable[Row]:
    for wanted, group in groupby(batch, key=lambda one: one[2]):
        asked = list(group)
        outcomes = judge.judge_outcomes([document for document, _, _ in asked], check_requirements(wanted))
        for (document, stamp, _), outcome in zip(asked, outcomes, strict=True):
            if outcome.failure:
                failed.append(Skipped(document.id, outcome.failure.code, outcome.failure.message))
            for text, one in zip(wanted, outcome.judgements, strict=False):
                yield Row(document.id, text, one.p_yes, one.verdict, name, stamp)


def identity(judge: Judge) -> dict[str, Any]:
    """What makes a judge another one; its budget does not. A judge that can say it without loading a model does."""
    found: Mapping[str, Any] | None = getattr(judge, "identity", lambda: None)()
    info = judge.info() if found is None else found
    asked = {key: info[key] for key in ASKED if info.get(key) is not None}  # others keep the name that files have
    return {key: info.get(key) for key in IDENTITY} | asked


def stamp(document: Document) -> str:
    """Changes when the document does; an unreadable file is found out by the judge."""
    digest = hashlib.sha256((document.text or "").encode())
    for image in document.images:
        file = image.file if isinstance(image, PdfPage) else image
        try:
            status = Path(document.root or "", file).stat() if isinstance(file, str | Path) else None
        except (OSError, ValueError):
            status = None
        if status:
            digest.update(f"{image!s}{status.st_size}{status.st_mtime_ns}".encode(errors="surrogatepass"))
        else:
            digest.update(Document(image=image).id.encode())
    return digest.hexdigest()[:16]


def _count(tick: Tick | None, done: int, total: int) -> None:
    if tick:
        tick(done, total)
