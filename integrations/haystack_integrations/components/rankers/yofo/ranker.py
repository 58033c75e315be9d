"""YofoRanker: documents in the order in which they meet a query's requirements, each with the reasons in its meta."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict, logging
from haystack.utils import ComponentDevice
from haystack_integrations.common.yofo.checks import (
    check_top_k,
    device_from_dict,
    device_to_dict,
    model_kwargs_from_dict,
    model_kwargs_to_dict,
    torch_device,
)
from haystack_integrations.common.yofo.documents import DocumentReader, without_duplicates
from haystack_integrations.components.rankers.yofo.query_decomposer import Spec, YofoQueryDecomposer, decomposer_to_dict

from yofo_rerank import Requirement, YofoReranker
from yofo_rerank.decompose import FixedDecomposer, get_decomposer
from yofo_rerank.frameworks.judges import make_judge
from yofo_rerank.frameworks.settings import given
from yofo_rerank.ranking import with_evidence
from yofo_rerank.requirements import Explanation
from yofo_rerank.reranker import OnError
from yofo_rerank.scoring import ScoringRule

logger = logging.getLogger(__name__)


@component
class YofoRanker:
    """Ranks images, texts, or both by the requirements of a query, all judged in one forward pass per document.

        ranker = YofoRanker(model="mini", root_path="photos")
        ranker.run(query="a long dress, not pink", documents=[Document(meta={"file_path": "1.jpg"})])

    A document's image is its `blob`, else the file that its meta names; its text is `content`. New documents come
    back, best first, with `score` in 0..1 and the reasons, plain JSON types, under `meta["yofo"]`: `score`,
    `retrieval_score` (the score it came with), `index` (its place before), `judgements` and `failure`. Of documents
    with the same id the one with the highest score is ranked. Nothing is fetched from a network address.

    Ranker components with equal settings share one model in memory, and one may be called from many threads.

    Args:
        model: "mini" (embedded), a Hugging Face id or a local folder.
        adapter: LoRA adapter, an id or a folder.
        revision: of the model on the hub.
        device: None = cuda where available, else cpu.
        dtype: "auto" = as stored, or "float32", "bfloat16", "float16".
        max_batch_tokens: padded tokens in one forward pass; None = as suits the device.
        max_pixels: per image; None = as the adapter was trained.
        cache_bytes: memory for prefix states, which make a known document cheap; 0 = off, None = by the machine.
        model_kwargs: further arguments of the model's own `from_pretrained`, such as `attn_implementation`.
        attention: "isolated" = each requirement asked alone, "joint" = together; None = as the model was trained.
        verdicts: file that keeps isolated answers, so that a requirement known of a document costs nothing.
        states: folder that keeps prefix states.
        judge_url: ask a server of decision models instead; `model` is its name there, if any.
        judge_dialect: what it speaks: "transformers", "vllm", "sglang", "openai".
        top_k: documents to return; None = all.
        score_threshold: documents with a lower score are left out.
        requirements: judge these for any query: texts, or dicts with `text`, `necessity` ("must", "should"), `weight`.
        decomposer: else, what finds them in the query: name, settings or object of `yofo_rerank.decompose`, or a
            `YofoQueryDecomposer`.
        scoring: name, settings or object of `yofo_rerank.scoring`; None = the decomposer's choice, else "weighted".
        on_error: a document that cannot be judged raises, goes last with its reason, or is dropped with a warning.
        file_path_meta_field: the meta field that names the image.
        root_path: folder of the images; no path may leave it. Without it, paths are opened as they are, so set it
            wherever others can write documents.
        meta_fields_to_embed: shown to the model before the content.
        embedding_separator: between these.
        meta_field: where the reasons go.
        evidence: also say where in a document each answer comes from: a box in its image (left, top, right, bottom in
            0..1), weights of its words. Some more reads of each document.

    Raises:
        ValueError: a parameter that cannot be used.
    """

    def __init__(
        self,
        *,
        model: str | Path = "mini",
        adapter: str | Path | None = None,
        revision: str | None = None,
        device: ComponentDevice | None = None,
        dtype: str = "auto",
        max_batch_tokens: int | None = None,
        max_pixels: int | None = None,
        cache_bytes: int | None = None,
        model_kwargs: dict[str, Any] | None = None,
        attention: str | None = None,
        verdicts: str | Path | None = None,
        states: str | Path | None = None,
        judge_url: str | None = None,
        judge_dialect: str = "transformers",
        top_k: int | None = 10,
        score_threshold: float | None = None,
        requirements: Sequence[str | dict[str, Any] | Requirement] | None = None,
        decomposer: Spec = "rules",
        scoring: str | dict[str, Any] | ScoringRule | None = None,
        on_error: OnError = "last",
        file_path_meta_field: str = "file_path",
        root_path: str | Path | None = None,
        meta_fields_to_embed: Sequence[str] | None = None,
        embedding_separator: str = "\n",
        meta_field: str = "yofo",
        evidence: bool = False,
    ) -> None:
        self.model = str(model)
        self.adapter = None if adapter is None else str(adapter)
        self.revision = revision
        self.device = device
        self.dtype = str(dtype).removeprefix("torch.")
        self.max_batch_tokens = max_batch_tokens
        self.max_pixels = max_pixels
        self.cache_bytes = cache_bytes
        self.model_kwargs = dict(model_kwargs or {})
        self.attention = attention
        self.verdicts = None if verdicts is None else str(verdicts)
        self.states = None if states is None else str(states)
        self.judge_url = judge_url
        self.judge_dialect = judge_dialect
        self.top_k = check_top_k(top_k)
        self.score_threshold = score_threshold
        self.requirements = None if requirements is None else _read_requirements(requirements)
        self.decomposer = decomposer
        self.scoring = scoring
        self.on_error = on_error
        self.file_path_meta_field = file_path_meta_field
        self.root_path = None if root_path is None else str(root_path)
        self.meta_fields_to_embed = list(meta_fields_to_embed or [])
        self.embedding_separator = embedding_separator
        self.meta_field = meta_field
        self.evidence = evidence
        self._reader = DocumentReader(
            file_path_meta_field, self.root_path, tuple(self.meta_fields_to_embed), embedding_separator
        )
        settings = {
            "model": self.model,
            "adapter": self.adapter,
            "device": torch_device(device),
            "dtype": self.dtype,
            "max_batch_tokens": max_batch_tokens,
            "max_pixels": max_pixels,
            "cache_bytes": cache_bytes,
            "revision": revision,
        } | given(model_kwargs=model_kwargs, attention=attention, verdicts=self.verdicts, states=self.states)
        judge = make_judge(settings, judge_url, judge_dialect)
        self._reranker = YofoReranker(judge, decomposer=get_decomposer(decomposer), scoring=scoring, on_error=on_error)

    def warm_up(self) -> None:
        """Load the model, unless it is loaded already."""
        self._reranker.judge.info()

    async def warm_up_async(self) -> None:
        """As `warm_up`, in a thread, so that a server goes on serving."""
        await asyncio.to_thread(self.warm_up)

    def close(self) -> None:
        """Let the model go; the next `run` loads it again."""
        self._reranker.judge.unload()

    def to_dict(self) -> dict[str, Any]:
        """Plain data; raises where the decomposer has no such form."""
        return default_to_dict(
            self,
            model=self.model,
            adapter=self.adapter,
            revision=self.revision,
            device=device_to_dict(self.device),
            dtype=self.dtype,
            max_batch_tokens=self.max_batch_tokens,
            max_pixels=self.max_pixels,
            cache_bytes=self.cache_bytes,
            model_kwargs=model_kwargs_to_dict(self.model_kwargs),
            attention=self.attention,
            verdicts=self.verdicts,
            states=self.states,
            judge_url=self.judge_url,
            judge_dialect=self.judge_dialect,
            top_k=self.top_k,
            score_threshold=self.score_threshold,
            requirements=None if self.requirements is None else [item.to_dict() for item in self.requirements],
            decomposer=decomposer_to_dict(self.decomposer),
            scoring=self.scoring.to_dict() if isinstance(self.scoring, ScoringRule) else self.scoring,
            on_error=self.on_error,
            file_path_meta_field=self.file_path_meta_field,
            root_path=self.root_path,
            meta_fields_to_embed=self.meta_fields_to_embed,
            embedding_separator=self.embedding_separator,
            meta_field=self.meta_field,
            evidence=self.evidence,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "YofoRanker":
        """The component of such data."""
        parameters = dict(data.get("init_parameters", {}))
        parameters["device"] = device_from_dict(parameters.get("device"))
        parameters["model_kwargs"] = model_kwargs_from_dict(parameters.get("model_kwargs"))
        decomposer = parameters.get("decomposer")
        if isinstance(decomposer, dict) and "type" in decomposer:  # a component; settings have a `kind`
            parameters["decomposer"] = YofoQueryDecomposer.from_dict(decomposer)
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        requirements: list[str | dict[str, Any]] | None = None,
        score_threshold: float | None = None,
        scoring: dict[str, Any] | None = None,
    ) -> dict[str, list[Document]]:
        """Rank the documents.

        Args:
            query: in the user's words.
            documents: the candidates; they are not changed.
            top_k: replaces the component's own.
            requirements: replace the component's own, and finding them in the query.
            score_threshold: replaces the component's own.
            scoring: a rule as data, as `YofoQueryDecomposer` gives one; replaces the component's own.

        Returns:
            `documents`: new ones, best first.

        Raises:
            ValueError: a parameter, a requirement or a rule that cannot be used, or a blank query without requirements;
                a document that cannot be judged, with `on_error="raise"`.
            ModelError: the model cannot be loaded.
        """
        limit = self.top_k if top_k is None else check_top_k(top_k)
        threshold = self.score_threshold if score_threshold is None else score_threshold
        wanted = self.requirements if requirements is None else _read_requirements(requirements)
        candidates = without_duplicates(documents)
        if not candidates:
            return {"documents": []}
        read = [self._reader.try_to_read(candidate) for candidate in candidates]
        found = self._reranker.explain(
            query,
            read,
            requirements=wanted,
            scoring=scoring,
            retrieval_scores=[candidate.score for candidate in candidates],
        )
        for warning in (*found.query.warnings, *found.warnings):
            logger.warning("{warning}", warning=warning)
        kept = [one for one in found.places if threshold is None or one.score >= threshold][:limit]
        if self.evidence:
            kept = with_evidence(self._reranker.judge, kept, read, found.query.requirements)
        return {"documents": [_explained(candidates[one.index], one, self.meta_field) for one in kept]}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query: str,
        documents: list[Document],
        top_k: int | None = None,
        requirements: list[str | dict[str, Any]] | None = None,
        score_threshold: float | None = None,
        scoring: dict[str, Any] | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`, in a thread: loading and judging never hold up the event loop."""
        return await asyncio.to_thread(self.run, query, documents, top_k, requirements, score_threshold, scoring)

    def _get_telemetry_data(self) -> dict[str, Any]:
        return {"model": "mini" if self.model == "mini" else "other"}  # neither paths nor private names


def _explained(document: Document, explanation: Explanation, meta_field: str) -> Document:
    reasons = explanation.to_dict()
    for evidence in reasons.get("evidence", ()):
        del evidence["heat"]  # boxes say enough, and stores hold meta for long
    return replace(document, score=explanation.score, meta=document.meta | {meta_field: reasons})


def _read_requirements(requirements: Sequence[str | dict[str, Any] | Requirement]) -> tuple[Requirement, ...]:
    return FixedDecomposer(requirements).requirements
