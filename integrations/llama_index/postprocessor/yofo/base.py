"""YofoRerank, the node postprocessor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr, field_serializer, field_validator
from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.llms import LLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import BasePromptTemplate, PromptTemplate
from llama_index.core.prompts.mixin import PromptDictType, PromptMixin
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
from llama_index.postprocessor.yofo.explanation import explained
from llama_index.postprocessor.yofo.nodes import NodeReader

from yofo_rerank.decompose import DEFAULT_PROMPT, Decomposer, FixedDecomposer, LlmDecomposer, decompose, get_decomposer
from yofo_rerank.errors import DecomposeError
from yofo_rerank.frameworks.judges import make_judge
from yofo_rerank.frameworks.settings import given
from yofo_rerank.judge import YofoJudge
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.ranking import with_evidence
from yofo_rerank.requirements import DecomposedQuery, Requirement
from yofo_rerank.reranker import YofoReranker
from yofo_rerank.scoring import get_rule

logger = logging.getLogger(__name__)
dispatcher = get_dispatcher(__name__)

_JUDGE_FIELDS = ("model", "adapter", "revision", "device", "dtype", "max_batch_tokens", "max_pixels", "cache_bytes")
_FURTHER_FIELDS = ("model_kwargs", "attention", "verdicts", "states")
_PROMPT = "decompose_prompt"


class YofoRerank(BaseNodePostprocessor, PromptMixin):
    """Reranks images, texts, or both by the requirements of a query, all judged in one forward pass per node.

        reranker = YofoRerank(model="mini", top_n=5, image_root="photos")
        engine = RetrieverQueryEngine.from_args(retriever, llm, multimodal=True, node_postprocessors=[reranker])
        explain(engine.query("a long dress, not pink").source_nodes[0]).judgements

    New nodes come back, best first, with scores in 0..1; the ones given stay as they are. The reasons are metadata that
    no chat model and no embedder is shown; `explain(node)` reads them. A node that is given twice comes back twice.

    The model is loaded at first use; postprocessors with equal settings share one, and one may be called from many
    threads and event loops. A query by image is refused, unless `requirements` say what to look for.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, validate_assignment=True, extra="forbid")

    model: str = Field(default="mini", description="'mini' (embedded), a Hugging Face id or a local folder.")
    adapter: str | None = Field(default=None, description="LoRA adapter: an id or a folder.")
    revision: str | None = Field(default=None, description="Of the model on the hub.")
    top_n: int = Field(default=5, gt=0, description="Nodes to return.")
    device: str | None = Field(default=None, description="None: cuda where available, else cpu.")
    dtype: str = Field(default="auto", description="'auto' (as stored), 'float32', 'bfloat16' or 'float16'.")
    max_batch_tokens: int | None = Field(
        default=None, gt=0, description="Padded tokens in one forward pass; None: as suits the device."
    )
    max_pixels: int | None = Field(default=None, gt=0, description="Per image; None: as the adapter was trained.")
    cache_bytes: int | None = Field(
        default=None,
        ge=0,
        description="For prefix states, which make a known node cheap; 0: off; null: by the machine.",
    )
    model_kwargs: dict[str, Any] | None = Field(
        default=None, description="Further arguments of the model's own from_pretrained."
    )
    attention: Literal["joint", "isolated"] | None = Field(
        default=None, description="Requirements asked together or each alone; None: as the model was trained."
    )
    verdicts: str | None = Field(default=None, description="File that keeps isolated answers.")
    states: str | None = Field(default=None, description="Folder that keeps prefix states.")
    judge_url: str | None = Field(
        default=None, description="Ask a server of decision models instead; `model` is its name there, if any."
    )
    judge_dialect: Literal["transformers", "vllm", "sglang", "openai"] = Field(
        default="transformers", description="What that server speaks."
    )
    decomposer: Any = Field(
        default="rules",
        description="What finds the requirements: name, settings or object of yofo_rerank.decompose; 'llm' asks `llm`.",
    )
    llm: LLM | None = Field(default=None, exclude=True, description="For decomposer='llm'; no part of to_dict().")
    llm_timeout: float = Field(default=20.0, gt=0, lt=3600, description="Seconds, for `llm`; then the rules take over.")
    decompose_prompt: BasePromptTemplate = Field(
        default_factory=lambda: PromptTemplate(DEFAULT_PROMPT), description="For `llm`; holds {query}."
    )
    requirements: list[str | dict[str, Any]] | None = Field(
        default=None, description="Judge these whatever the query: texts, or dicts with text, necessity and weight."
    )
    scoring: str | dict[str, Any] | None = Field(
        default=None, description="Name or settings of a rule; None: the decomposer's choice, else 'weighted'."
    )
    score_threshold: float | None = Field(default=None, description="Nodes with a lower score are left out.")
    keep_retrieval_score: bool = Field(default=True, description="Keep the score that a node came with.")
    image_root: str | None = Field(
        default=None,
        description="Folder that no image path may leave; set it wherever others can write nodes.",
    )
    allow_remote_images: bool = Field(default=False, description="Fetch images from public https addresses.")
    file_path_key: str | None = Field(
        default=None, description="Metadata field that names the image of a node without one of its own."
    )
    metadata_mode: MetadataMode = Field(
        default=MetadataMode.NONE, description="Which metadata is read beside a node's text."
    )
    evidence: bool = Field(
        default=False, description="Also keep where in a node each answer comes from; some more reads of each node."
    )
    on_error: Literal["raise", "last", "drop"] = Field(
        default="last",
        description="A node that cannot be judged raises, goes last with its reason, or is dropped with a warning; "
        "'drop' also keeps an image that may not be opened from whatever comes after, such as a multimodal engine.",
    )

    _held: tuple[dict[str, Any], YofoJudge | SystemOneJudge] | None = PrivateAttr(default=None)

    @classmethod
    def class_name(cls) -> str:
        """The name in serialized data."""
        return "YofoRerank"

    @field_validator("model", "adapter", "image_root", "verdicts", "states", mode="before")
    @classmethod
    def _path_becomes_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    @field_validator("dtype", mode="before")
    @classmethod
    def _dtype_becomes_text(cls, value: Any) -> str:
        return str(value).removeprefix("torch.")

    @field_validator("decomposer")
    @classmethod
    def _decomposer_is_known(cls, value: Any) -> Any:
        if value != "llm":  # which needs `llm`, that may come later
            get_decomposer(value)
        return value

    @field_serializer("decomposer")
    def _decomposer_as_data(self, value: Any) -> Any:
        return value if isinstance(value, str | dict) else value.to_dict()

    @field_validator("scoring", mode="before")
    @classmethod
    def _rule_is_known(cls, value: Any) -> Any:
        rule = None if value is None else get_rule(value)
        return value if isinstance(value, str) or rule is None else rule.to_dict()

    @field_validator("requirements", mode="before")
    @classmethod
    def _requirements_are_usable(cls, value: Any) -> Any:
        if value is None:
            return None
        FixedDecomposer(value)
        return [item.to_dict() if isinstance(item, Requirement) else item for item in value]

    @field_validator(_PROMPT, mode="before")
    @classmethod
    def _prompt_takes_the_query(cls, value: Any) -> Any:
        prompt = PromptTemplate(value) if isinstance(value, str) else value
        if isinstance(prompt, BasePromptTemplate) and "query" not in prompt.template_vars:
            raise ValueError("the prompt must hold {query}, the place of the query")
        return prompt

    @field_serializer(_PROMPT)
    def _prompt_as_text(self, value: BasePromptTemplate) -> str:
        return value.get_template()

    def _get_prompts(self) -> PromptDictType:
        return {_PROMPT: self.decompose_prompt}

    def _update_prompts(self, prompts: PromptDictType) -> None:
        if _PROMPT in prompts:
            self.decompose_prompt = prompts[_PROMPT]

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        with self._reported(nodes, query_bundle) as ranked:
            if nodes:
                decomposed = decompose(self._words(query_bundle), self._decomposer(self._predict))
                ranked += self._rank(nodes, decomposed)
        return ranked

    @dispatcher.span
    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        """A chat model is awaited; everything else runs in a thread, so that the event loop goes on."""
        with self._reported(nodes, query_bundle) as ranked:
            if nodes:
                words, decomposer = self._words(query_bundle), self._decomposer(self._apredict)
                if isinstance(decomposer, LlmDecomposer):
                    decomposed = await decomposer.adecompose(words)
                else:
                    decomposed = await asyncio.to_thread(decompose, words, decomposer)
                ranked += await asyncio.to_thread(self._rank, nodes, decomposed)
        return ranked

    @contextmanager
    def _reported(self, nodes: Sequence[NodeWithScore], query: QueryBundle | None) -> Iterator[list[NodeWithScore]]:
        """Start and end events around a call, on every path; the list that is handed out takes the result."""
        ranked: list[NodeWithScore] = []
        dispatcher.event(ReRankStartEvent(query=query, nodes=list(nodes), top_n=self.top_n, model_name=self.model))
        payload: dict[str, Any] = {
            EventPayload.NODES: list(nodes),
            EventPayload.MODEL_NAME: self.model,
            EventPayload.QUERY_STR: query.query_str if query else None,
            EventPayload.TOP_K: self.top_n,
        }
        try:
            with self.callback_manager.event(CBEventType.RERANKING, payload=payload) as event:
                yield ranked
                event.on_end(payload={EventPayload.NODES: ranked})
        finally:
            dispatcher.event(ReRankEndEvent(nodes=ranked))

    def _words(self, query: QueryBundle | None) -> str:
        """The query; with fixed requirements it does not matter.

        Raises:
            ValueError: there is none, or it is an image.
        """
        if self.requirements is not None:
            return query.query_str if query else ""
        if query is None:
            raise ValueError("got no query: wanted query_bundle or query_str, or requirements=[...] in the constructor")
        if query.image_path:
            raise ValueError(
                "got a query by image, and requirements are words: wanted query_str alone, or requirements=[...] in "
                "the constructor, which are then judged whatever the query"
            )
        return query.query_str

    def _decomposer(self, complete: Any) -> Decomposer:
        """What finds the requirements; `complete` asks the chat model, if it is that."""
        if self.requirements is not None:
            return FixedDecomposer(self.requirements)
        if self.decomposer != "llm":
            return get_decomposer(self.decomposer)
        if self.llm is None:
            raise DecomposeError("decomposer 'llm' got no llm: wanted llm=, any chat model of LlamaIndex")
        return LlmDecomposer(complete, prompt="{query}", timeout=self.llm_timeout)  # the query alone, quoted

    def _predict(self, query: str) -> str:
        return self.llm.predict(self.decompose_prompt, query=query)  # type: ignore[union-attr]

    async def _apredict(self, query: str) -> str:
        return await self.llm.apredict(self.decompose_prompt, query=query)  # type: ignore[union-attr]

    def _rank(self, nodes: Sequence[NodeWithScore], decomposed: DecomposedQuery) -> list[NodeWithScore]:
        for warning in decomposed.warnings:
            logger.warning(warning)
        reader = NodeReader(self.image_root, self.allow_remote_images, self.file_path_key, self.metadata_mode)
        ids = [f"{position}: {scored.node_id}" for position, scored in enumerate(nodes)]
        reranker = YofoReranker(self._judge(), on_error=self.on_error)
        candidates = reader.read_all([scored.node for scored in nodes], ids)
        found = reranker.explain(
            decomposed.query,
            candidates,
            requirements=decomposed.requirements,
            scoring=self.scoring or decomposed.scoring,
            retrieval_scores=[scored.score for scored in nodes],
        )
        for warning in found.warnings:
            logger.warning(warning)
        kept = [one for one in found.places if self.score_threshold is None or one.score >= self.score_threshold]
        kept = kept[: self.top_n]
        if self.evidence:
            kept = with_evidence(reranker.judge, kept, candidates, decomposed.requirements)
        return [
            NodeWithScore(
                node=explained(nodes[one.index].node, one, keep_retrieval_score=self.keep_retrieval_score),
                score=one.score,
            )
            for one in kept
        ]

    def _judge(self) -> YofoJudge | SystemOneJudge:
        """The judge of the present settings, kept so that its model stays loaded."""
        settings = {name: getattr(self, name) for name in _JUDGE_FIELDS}
        settings |= given(**{name: getattr(self, name) for name in _FURTHER_FIELDS})
        where = {"url": self.judge_url, "dialect": self.judge_dialect}
        held = self._held
        if held is None or held[0] != settings | where:
            held = self._held = (settings | where, make_judge(settings, **where))
        return held[1]
