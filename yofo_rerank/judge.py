"""YofoJudge: (documents, requirements) -> judgements, all requirements of a document in one forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from yofo_rerank.documents import DocumentLike, as_document
from yofo_rerank.errors import ConfigError, YofoError
from yofo_rerank.held_model import Found, HeldModel
from yofo_rerank.judging import check_requirements, to_outcome
from yofo_rerank.models.build import Budget, ModelKwargs, Source, from_components
from yofo_rerank.models.verdicts.source import SourceVerdicts
from yofo_rerank.progress import Progress
from yofo_rerank.prompts.format import Attention
from yofo_rerank.requirements import Evidence, JudgedDocument, Judgement, Requirement

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, ProcessorMixin


class YofoJudge(HeldModel):
    """Judges requirements of documents; make one by `from_pretrained` or `from_components`.

    Nothing is loaded before the first judgement. Any number of threads may call one instance; what they ask about one
    document at one time is asked in one pass.

    >>> from yofo_rerank import Document, YofoJudge
    >>> judge = YofoJudge.from_pretrained("mini")
    >>> judge.judge([Document(text="grey skirt")], ["it is grey"])  # doctest: +SKIP
    [[Judgement(requirement=Requirement(text='it is grey', ...), p_yes=0.98, verdict=True)]]
    """

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        adapter: str | Path | None = None,
        *,
        device: str | None = None,
        dtype: str | torch.dtype = "auto",
        max_batch_tokens: int | None = None,
        max_pixels: int | None = None,
        cache_bytes: int | None = None,
        format: str | None = None,  # noqa: A002  # the contract's word
        attention: Attention | None = None,
        states: str | Path | None = None,
        states_bytes: int | None = None,
        int8_states: bool = False,
        verdicts: bool | str | Path = True,
        model_kwargs: Mapping[str, Any] | None = None,
        revision: str | None = None,
    ) -> YofoJudge:
        """A judge from "mini" (embedded), a Hugging Face id or a local folder, with an optional LoRA adapter.

        Args:
            model: a Qwen2-VL, Qwen2.5-VL, Qwen3-VL or Qwen3.5; safetensors only.
            adapter: folder or Hugging Face id. Without one a bare model is judged zero-shot, through its chat template.
            device: None = cuda where available, else cpu.
            dtype: "auto" = as stored, or "float32", "bfloat16", "float16".
            max_batch_tokens: padded tokens in one forward pass; None = 2,048 on a CPU, else 8,192.
            max_pixels: per image; None = as the adapter was trained, else 1,280 image tokens.
            cache_bytes: memory for prefix states, which make a known document 4 to 15 times cheaper; 0 = none, None =
                a part of what the machine has free (on a GPU: of its memory, and of the host's behind it).
            states: a folder that keeps prefix states beyond this process; several judges, models and processes may
                share it.
            states_bytes: of that folder, where the states not used for the longest time go first; None = half of
                what its disk has free.
            int8_states: keep prefix states in 8 bits, in half of the memory of bfloat16; answers change a little.
            format: prompt format; None = what the weights were trained with.
            attention: "isolated" = every requirement is asked alone, all in one pass, so that its answer depends on
                nothing else; "joint" = in one template, where it sees those before it; None = as the format says.
            verdicts: keep isolated answers, so that a requirement known of a document costs nothing: True = in memory
                (off where `cache_bytes` is 0); a file or folder = on disk, too, where a later process finds them
                without loading the model, and others may share them; False = not at all.
            model_kwargs: for the model's own `from_pretrained`: `attn_implementation`, `device_map`,
                `quantization_config`, ...; and `compile`: True, or arguments of `torch.compile`.
            revision: of the model on the hub.

        Raises:
            ConfigError: an unknown attention, or a budget that is not positive. The rest is reported when judging.
            VerdictsError: verdicts on disk in joint attention, where an answer depends on its neighbours.
        """
        source = Source(
            name=str(model),
            adapter=None if adapter is None else str(adapter),
            format_name=format,
            revision=revision,
            device=None if device is None else str(device),
            dtype=str(dtype).removeprefix("torch."),
            model_kwargs=ModelKwargs(model_kwargs),
        )
        folder = None if states is None else str(Path(states).expanduser().absolute())
        budget = Budget(max_batch_tokens, max_pixels, cache_bytes, folder, states_bytes, int8_states)
        if isinstance(verdicts, bool):
            return cls(source, budget, attention=attention, verdicts=verdicts)
        kept = SourceVerdicts(source, max_pixels, attention, verdicts)
        return cls(source, budget, attention=attention, verdicts=kept)

    @classmethod
    def from_components(
        cls,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        format: str | None = None,  # noqa: A002  # the contract's word
        *,
        max_batch_tokens: int | None = None,
        max_pixels: int | None = None,
        cache_bytes: int | None = None,
        attention: Attention | None = None,
        verdicts: bool = True,
    ) -> YofoJudge:
        """A judge around an already loaded Hugging Face pair (a PeftModel too); other arguments as `from_pretrained`.

        Weights may change and adapters may be switched between two calls. Without a `format` it is `yofo-v1` where
        processor or adapter know its special tokens, else zero-shot.

        Raises:
            ModelError: not a supported family, or a tokenizer in which an answer is not one token.
        """
        if not isinstance(verdicts, bool):
            raise ConfigError(
                f"a judge from components keeps verdicts in memory alone: got {verdicts!r}, wanted a bool"
            )
        budget = Budget(max_batch_tokens, max_pixels, cache_bytes)
        return cls(
            None, budget, from_components(model, processor, format, budget), attention=attention, verdicts=verdicts
        )

    def judge(
        self,
        documents: Sequence[DocumentLike],
        requirements: Sequence[str | Requirement],
        *,
        on_error: Literal["raise", "empty"] = "raise",
        progress: Progress = False,
    ) -> list[list[Judgement]]:
        """Judgements of every document, in the order given.

        Args:
            documents: images, texts, or both.
            requirements: texts (musts) or `Requirement`s; the same ones for every document.
            on_error: what a document that cannot be judged does: raise its error, or leave an empty list.
            progress: True = a bar on a terminal's stderr; or a function of (judged so far, all documents).

        Raises:
            DocumentError: a document cannot be read or is too long (`ImageError` for images).
            RequirementError: no requirements, or an unusable one; `TemplateTooLong` where they do not fit the model.
            ModelError: the model cannot be loaded, or does not answer.
        """
        if on_error not in ("raise", "empty"):
            raise ConfigError(f"on_error must be 'raise' or 'empty', but got {on_error!r}")
        checked = check_requirements(requirements)
        found = self._answers(documents, [checked], progress)
        for (one,) in found.answers:
            if isinstance(one, YofoError) and on_error == "raise":
                raise one
        return [list(outcome.judgements) for outcome in self._outcomes(found, 0, checked)]

    def judge_outcomes(
        self,
        documents: Sequence[DocumentLike],
        requirements: Sequence[str | Requirement],
        *,
        progress: Progress = False,
    ) -> list[JudgedDocument]:
        """As `judge`, but a document that cannot be judged yields a `Failure` with a code instead of an error."""
        return self.judge_many(documents, [requirements], progress=progress)[0]

    def judge_many(
        self,
        documents: Sequence[DocumentLike],
        requirement_lists: Sequence[Sequence[str | Requirement]],
        *,
        progress: Progress = False,
    ) -> list[list[JudgedDocument]]:
        """Many queries over the same documents: each document is encoded once, and asked everything in one pass.

        A list of requirements that does not fit behind a document fails for it alone.

        Returns:
            `result[q][d]`: what list q says of document d.
        """
        lists = [check_requirements(requirements) for requirements in requirement_lists]
        if not lists:
            return []
        found = self._answers(documents, lists, progress)
        return [self._outcomes(found, place, checked) for place, checked in enumerate(lists)]

    def evidence(
        self, document: DocumentLike, requirements: Sequence[str | Requirement], *, window: int | None = None
    ) -> list[Evidence]:
        """Where in a document each answer comes from: a map over image tokens, weights of words.

        >>> judge.evidence(document, ["has a belt"])[0].box  # doctest: +SKIP
        (0.33, 0.5, 0.67, 0.67)

        Args:
            document: the one to look at; its prefix state is kept and reused.
            requirements: each read alone.
            window: tokens a side of what is hidden at a time; None = 2, or a quarter of a large picture.

        Raises:
            ConfigError: a window below 1. The rest as `judge`.
        """
        checked = check_requirements(requirements)
        from yofo_rerank.models.evidence import find_evidence

        return find_evidence(self._slot_model(), as_document(document), checked, window)

    def info(self) -> dict[str, Any]:
        """What is judged with, in plain JSON types; loads the model."""
        source = self._source
        named = {"model": source.name, "adapter": source.adapter, "revision": source.revision} if source else {}
        model = self._slot_model()
        budget = {"max_batch_tokens": model.max_batch_tokens, "cache_bytes": self._budget.cache_bytes}
        return named | model.describe() | {"attention": self._attention or model.layout.attention} | budget

    def push_to_hub(self, repository: str, *, private: bool | None = None, token: str | None = None) -> str:
        """Upload the trained folder that this judge was made from, its adapter or else its model; returns the address.

        >>> judge.push_to_hub("my-name/hooded-judge")  # doctest: +SKIP
        'https://huggingface.co/my-name/hooded-judge'

        Args:
            repository: `owner/name`; made where there is none.
            private: of a new repository; None = as the owner's settings say.
            token: None = the one that `hf auth login` has stored, or HF_TOKEN.

        Raises:
            ConfigError: no trained folder of this machine, no such name, or nobody is logged in.
            ModelError: the hub refuses, or cannot be reached.
        """
        from yofo_rerank.models.publish import push_folder

        if self._source is None:
            raise ConfigError("a judge built from components has no folder to push; wanted one made by from_pretrained")
        return push_folder(self._source.adapter or self._source.name, repository, private=private, token=token)

    def _outcomes(self, found: Found, place: int, requirements: Sequence[Requirement]) -> list[JudgedDocument]:
        """Of every document, to the list of requirements at this place."""
        outcomes = [
            to_outcome(answers[place], requirements, found.calibration, n_tokens[place])
            for answers, n_tokens in zip(found.answers, found.n_tokens, strict=True)
        ]
        for outcome in outcomes:
            self._advice.look_at_mass(outcome.judgements)
        return outcomes
