"""SlotModel: `encode` documents to prefix states, `read` slots behind them; nothing else talks to torch."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from yofo_rerank.errors import ModelError, TemplateTooLong
from yofo_rerank.images import image_size, load_image
from yofo_rerank.models.batches import batches
from yofo_rerank.models.config import Calibration
from yofo_rerank.models.lengths import Lengths
from yofo_rerank.models.live import LiveWeights
from yofo_rerank.models.looking import document_key, read_images
from yofo_rerank.models.network import Network
from yofo_rerank.models.patches import Picture
from yofo_rerank.models.prefixes import Prefix, PrefixMaker
from yofo_rerank.models.states import PrefixState, StateTiers
from yofo_rerank.models.verdicts import Verdicts
from yofo_rerank.models.works import OpenWorks
from yofo_rerank.prompts import PromptFormat, Template, cut_at_slot, lay_out_prefix, template_ids, token_id
from yofo_rerank.prompts.format import IMAGE_PAD, Attention

if TYPE_CHECKING:
    from yofo_rerank.documents import Document

MAX_TOKENS = 32_768  # of one sequence, also where a model would take more: attention is quadratic


@dataclass(frozen=True)
class Question:
    """What is read together: one requirement alone, or several in one joint template."""

    texts: tuple[str, ...]
    template: Template


def bucket(prefix: Prefix) -> Hashable:
    """Prefixes with images of the same grids have nearly the same length; texts come in order of theirs."""
    return prefix.grids


class SlotModel:
    """A network, its prompt format and its prefix cache.

    Args:
        identity: what a prefix state depends on beside the document: model, adapter, processor, format, dtype.
        max_batch_tokens: padded tokens in one forward pass; a longer document goes alone.
        cache: keeps prefix states.
        live: somebody else holds the model too, and may train it or switch its adapters between two calls.
    """

    def __init__(
        self,
        network: Network,
        maker: PrefixMaker,
        *,
        identity: bytes,
        max_batch_tokens: int,
        cache: StateTiers,
        calibration: Calibration | None = None,
        live: bool = False,
    ) -> None:
        if max_batch_tokens < 1:
            raise ValueError(f"max_batch_tokens must be at least 1, but got {max_batch_tokens}")
        self.network = network
        self.maker = maker
        self.max_batch_tokens = max_batch_tokens
        self.cache = cache
        self.calibration = calibration or Calibration()
        self.lock = threading.RLock()  # one network, many threads: passes go one after another
        self._refreshing = threading.Lock()
        self.works = OpenWorks()
        self.verdicts = Verdicts()
        self.lengths = Lengths()
        self._loaded_as = self._identity = identity
        self._live = LiveWeights(network.model) if live else None
        self._max_tokens = min(network.max_positions, MAX_TOKENS)

    @property
    def layout(self) -> PromptFormat:
        """The prompt format."""
        return self.maker.layout

    def describe(self) -> dict[str, Any]:
        """What was loaded, in plain JSON types."""
        model = self.network.model
        return {
            "family": model.config.model_type,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "dtype": str(model.dtype).removeprefix("torch."),
            "device": str(self.network.device),
            "format": self.layout.name,
            "format_version": self.layout.version,
            "max_pixels": self.maker.patcher.size["longest_edge"],
            "max_tokens": self._max_tokens,
            "calibration": self.calibration.model_dump(),
        }

    def questions(self, texts: Sequence[str], attention: Attention | None = None) -> list[Question]:
        """What has to be read to answer the requirements: each alone, or all of them in one joint template.

        Args:
            texts: of the requirements.
            attention: "isolated" or "joint"; None = as the prompt format says.

        Raises:
            TemplateTooLong: names the limit and the requirement that crosses it.
            ModelError: not exactly one slot per requirement; joint where a requirement is a turn of its own.
        """
        if attention == "joint" and self.layout.placeholder is None:
            raise ModelError(
                f"the prompt format {self.layout.name!r} asks one thing a turn: got joint, wanted isolated"
            )
        if (attention or self.layout.attention) == "joint":
            return [Question(tuple(texts), self.template(texts))]
        return [Question((text,), cut_at_slot(self.template([text]))) for text in texts]

    def template(self, texts: Sequence[str]) -> Template:
        """Requirement texts as token ids, tokenised once for all documents.

        Raises:
            TemplateTooLong: names the limit and the requirement that crosses it.
            ModelError: not exactly one slot per requirement.
        """
        tokenizer = self.maker.tokenizer
        template = template_ids(self.layout, tokenizer, texts)
        image_token = token_id(tokenizer, IMAGE_PAD)
        placeholder = self.layout.placeholder and token_id(tokenizer, self.layout.placeholder)
        if len(template.slots) != len(texts) or (
            placeholder is not None and {template.ids[slot] for slot in template.slots} != {placeholder}
        ):
            raise ModelError(f"got {len(template.slots)} slots, wanted one for each of {len(texts)} requirements")
        if image_token in template.ids:
            raise ModelError("got an image token in a template, wanted none")
        room = self._max_tokens - len(self.maker.make(None, None, max_tokens=self._max_tokens).ids)
        if len(template.ids) > room:
            crossing = next((at for at, slot in enumerate(template.slots) if slot >= room), len(texts) - 1)
            raise TemplateTooLong(
                f"the requirements take {len(template.ids)} tokens, but the model has room for {room}; "
                f"requirement {crossing} ({texts[crossing][:80]!r}) crosses the limit"
            )
        return template

    def refresh(self) -> None:
        """Notice that weights or adapters have changed: states of before are not used any more."""
        if self._live is not None:
            with self._refreshing:
                self._identity = self._loaded_as + self._live.version()

    def name(self, key: bytes) -> bytes:
        """What a document is called as this model sees it, from its key: the key of its prefix state."""
        return hashlib.sha256(self._identity + key).digest()

    def verdict_key(self, key: bytes) -> bytes:
        """Under which a document's verdicts are kept; a model whose weights may change has others after each change."""
        return key if self._live is None else self.name(key)

    def prepare(self, document: Document, key: bytes | None = None, *, n_suffix: int = 0) -> Prefix:
        """Decode a document and lay it out; no lock is needed, and the network is not.

        Args:
            document: is read here.
            key: of its bytes, where they must not have changed since.
            n_suffix: tokens that must fit behind it.

        Raises:
            ImageError: an image cannot be read.
            DocumentError: it is too long (`too_long`).
        """
        parts: list[Picture | str] = []
        patcher = self.maker.patcher
        sources = read_images(document, document_key(document) if key is None else key)
        for page, source in enumerate(sources):
            image = load_image(source, name=document.name_of(page), max_pixels=patcher.enough_pixels)
            parts.append(patcher.cut(image, image.info.get("full_size")))
        if document.text:
            parts.append(document.text)
        return self.maker.lay_out(parts, max_tokens=self._max_tokens - n_suffix)

    def measure(self, document: Document, key: bytes) -> int:
        """Tokens of its prefix; of images in files the header is read, and no pixel decoded.

        Raises:
            ImageError: an image cannot be read.
        """
        patcher = self.maker.patcher
        parts: list[int | str] = [
            patcher.n_tokens(image_size(source, name=document.name_of(page), max_pixels=patcher.enough_pixels))
            for page, source in enumerate(read_images(document, key))
        ]
        parts += [document.text] if document.text else []
        return len(lay_out_prefix(self.layout, self.maker.tokenizer, parts)[0])

    def room_behind(self, n_tokens: int) -> int:
        """How long a template may be behind a prefix of that length."""
        return self._max_tokens - n_tokens

    def encode(self, documents: Sequence[Document]) -> list[PrefixState]:
        """Prefix states in the order of the documents; identical documents are encoded once.

        >>> states = slot_model.encode([Document(text="grey skirt")])  # doctest: +SKIP
        """
        self.refresh()
        keys = [document_key(document) for document in documents]
        prefixes = {key: self.prepare(document) for key, document in dict(zip(keys, documents, strict=True)).items()}
        states: dict[bytes, PrefixState] = {}
        groups = batches(
            prefixes, bucket=lambda key: bucket(prefixes[key]), tokens=lambda key: len(prefixes[key].ids),
            max_tokens=self.max_batch_tokens,
        )  # fmt: skip
        for group in groups:
            states |= zip(group, self.encode_prefixes([prefixes[key] for key in group]), strict=True)
        return [states[key] for key in keys]

    def encode_prefixes(self, prefixes: Sequence[Prefix]) -> list[PrefixState]:
        """One forward pass over the prefixes of one batch."""
        return self.network.run_prefixes(prefixes)[1]

    @torch.inference_mode()
    def read(
        self,
        states: Sequence[PrefixState],
        asked: Sequence[Sequence[Template]],
        unseen: Sequence[Sequence[int]] = (),
    ) -> torch.Tensor:
        """Logits at every slot of the templates asked of each document, in one forward pass over the templates.

        Each template sees its document, but for its `unseen` tokens, and itself alone; so documents may be asked
        different things. That is done by a mask; a family whose layers cannot be masked (recurrent ones) would get a
        row per template here, each behind a copy of its document's state.

        Returns:
            float32  # (slots of all documents in order, 2): no, yes; and their label mass, where the format wants it
        """
        return self._logits(self.network.run_suffixes(states, asked, unseen))

    @torch.inference_mode()
    def encode_and_read(
        self, prefixes: Sequence[Prefix], asked: Sequence[Sequence[Template]], *, keep_states: bool
    ) -> tuple[torch.Tensor, list[PrefixState]]:
        """`read` behind `encode` as a single forward pass: for documents that are not cached, half the passes.

        Causal attention makes it exact: a prefix does not see the templates behind it.
        """
        hidden, states = self.network.run_prefixes(prefixes, asked, keep_states=keep_states)
        return self._logits(hidden), states

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = self.network.answers(hidden)
        if not self.layout.label_mass:
            return logits
        return torch.cat([logits, self.network.label_mass(hidden, logits)[:, None]], dim=1)
