"""SlotModels from settings or from components; equal settings share one, for as long as somebody holds it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.models.forks import model_is_loading
from yofo_rerank.models.sources import FileStamps, file_stamps, resolve
from yofo_rerank.shared import Shared

if TYPE_CHECKING:
    from transformers import PreTrainedModel, ProcessorMixin

    from yofo_rerank.models.loading import LoadedModel
    from yofo_rerank.models.prefixes import PrefixMaker
    from yofo_rerank.models.slot_model import SlotModel
    from yofo_rerank.prompts import PromptFormat


@dataclass(frozen=True)
class Budget:
    """What a judge may use."""

    max_batch_tokens: int | None = None  # padded tokens in one forward pass; None = what suits the device
    max_pixels: int | None = None  # per image; None = as trained, else 1,280 image tokens
    cache_bytes: int | None = None  # memory for prefix states; 0 = none, None = a part of what the machine has free
    states: str | None = None  # folder for prefix states; None = nowhere
    states_bytes: int | None = None  # of the folder; None = half of what its disk has free
    int8_states: bool = False

    def __post_init__(self) -> None:
        for name, least in (("max_batch_tokens", 1), ("max_pixels", 1), ("cache_bytes", 0), ("states_bytes", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}, but got {value}")


class ModelKwargs(Mapping[str, Any]):
    """Arguments of `from_pretrained` that a frozen `Source` can hold: equal where they look alike."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        self._given = dict(given or {})
        reserved = {"dtype", "torch_dtype", "use_safetensors", "trust_remote_code", "output_loading_info"}
        if taken := reserved & self._given.keys():
            raise ConfigError(f"model_kwargs must not hold {', '.join(sorted(taken))}: this library sets it")

    def __getitem__(self, name: str) -> Any:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __repr__(self) -> str:
        return repr(dict(sorted(self._given.items())))

    def __hash__(self) -> int:
        return hash(repr(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelKwargs) and repr(self) == repr(other)


@dataclass(frozen=True)
class Source:
    """Which model, and how it is loaded; see `yofo_rerank.models.loading.load_model`."""

    name: str
    adapter: str | None = None
    format_name: str | None = None
    revision: str | None = None
    device: str | None = None
    dtype: str = "auto"
    model_kwargs: ModelKwargs = field(default_factory=ModelKwargs)  # of the model class's own from_pretrained


BATCH_TOKENS = {"cpu": 2048}  # what a pass computes should stay in a CPU's caches; others want to be filled
OTHER_BATCH_TOKENS = 8192
DIGESTS = "digests.json"  # in a folder of states: which files were read already

_shared: Shared[tuple[Source, Budget, FileStamps], SlotModel] = Shared()


def shared_slot_model(source: Source, budget: Budget) -> SlotModel:
    """Load a model, or return the one that another judge of this process loaded from the same files and settings."""

    def load() -> SlotModel:
        from yofo_rerank.models.loading import load_model

        settings, identity = dict(vars(source)), _files_identity(source, budget)
        loaded = load_model(settings.pop("name"), **settings)
        if source_stamps(source) != stamps:
            raise ModelError(f"the files of {source.name!r} changed while they were read; try again")
        return build_slot_model(loaded, budget, identity)

    model_is_loading()
    stamps = source_stamps(source)
    return _shared.get((source, budget, stamps), load)


def source_stamps(source: Source) -> FileStamps:
    """Of the files that it would be loaded from now."""
    return file_stamps(*resolve(source.name, source.adapter, source.revision))


def source_format(source: Source) -> PromptFormat:
    """The prompt format that it would be loaded with; reads `yofo_config.json` alone."""
    from yofo_rerank.models.config import YofoConfig, choose_format

    base, adapter = resolve(source.name, source.adapter, source.revision)
    return choose_format(source.format_name, YofoConfig.load(adapter or base), has_adapter=adapter is not None)


def from_components(
    model: PreTrainedModel, processor: ProcessorMixin, format_name: str | None, budget: Budget
) -> SlotModel:
    """A SlotModel around an already loaded pair.

    The processor is left as it is. The model too, unless its embedding table has no rows for the format's special
    tokens: then it grows. A PeftModel is used with its adapter, as it is. Without a format name it is the trained
    format where processor or adapter know its special tokens, else the zero-shot one.
    """
    from yofo_rerank.models.loading import LoadedModel, chat_template
    from yofo_rerank.models.tokens import add_special_tokens, choose_components_format, knows_tokens

    model_is_loading()
    layout = choose_components_format(format_name, model, processor.tokenizer)
    bare: PreTrainedModel = getattr(model, "get_base_model", lambda: model)()  # a PeftModel wraps it
    tokenizer = processor.tokenizer
    if not knows_tokens(tokenizer, layout.special_tokens):
        tokenizer = copy.deepcopy(tokenizer)
        add_special_tokens(tokenizer, bare, layout.special_tokens)
    loaded = LoadedModel(bare, tokenizer, processor.image_processor, layout, chat_template=chat_template(processor))
    return build_slot_model(loaded, budget, live=True)


def build_slot_model(loaded: LoadedModel, budget: Budget, identity: bytes = b"", *, live: bool = False) -> SlotModel:
    """Put network, prompt format and cache together, and check that the answers are single tokens."""
    from yofo_rerank.models.families import get_family
    from yofo_rerank.models.network import Network
    from yofo_rerank.models.prefixes import PrefixMaker
    from yofo_rerank.models.slot_model import SlotModel
    from yofo_rerank.models.states import StateTiers
    from yofo_rerank.models.vision import check_image_processor
    from yofo_rerank.prompts import answer_ids, token_id
    from yofo_rerank.prompts.format import IMAGE_PAD

    tokenizer, config = loaded.tokenizer, loaded.config
    get_family(loaded.model.config)  # refuses another one before anything is asked of it
    check_image_processor(loaded.image_processor, loaded.model.config.vision_config)
    layout = model_layout(loaded)
    for token in (*([layout.placeholder] if layout.placeholder else ()), *layout.special_tokens):
        token_id(tokenizer, token)
    if token_id(tokenizer, IMAGE_PAD) != loaded.model.config.image_token_id:
        raise ModelError(
            f"the tokenizer's {IMAGE_PAD} has id {token_id(tokenizer, IMAGE_PAD)}, "
            f"but the model wants {loaded.model.config.image_token_id}"
        )
    max_pixels = budget.max_pixels or (config.max_pixels if config else None)
    maker = PrefixMaker(tokenizer, loaded.image_processor, layout, max_pixels)
    network = Network(
        loaded.model,
        maker.patcher,
        pad_token=tokenizer.pad_token_id or 0,
        answer_tokens=(answer_ids(tokenizer, layout.no), answer_ids(tokenizer, layout.yes)),
        live=live,
    )
    return SlotModel(
        network,
        maker,
        identity=_identity(loaded, maker),
        max_batch_tokens=budget.max_batch_tokens or BATCH_TOKENS.get(network.device.type, OTHER_BATCH_TOKENS),
        cache=StateTiers(
            budget.cache_bytes,
            device=str(network.device),
            folder=budget.states,
            identity=identity,
            disk_bytes=budget.states_bytes,
            int8=budget.int8_states,
        ),
        calibration=config.calibration if config else None,
        live=live,
    )


def model_layout(loaded: LoadedModel) -> PromptFormat:
    """The prompt format with what it takes from the model: its family's system text, its own chat template."""
    from yofo_rerank.models.families import get_family
    from yofo_rerank.prompts.chat import chat_turn

    layout = loaded.layout
    if layout.family_system:
        system = get_family(loaded.model.config).default_system
        layout = replace(layout, before_document=system + layout.before_document)
    if layout.own_chat and loaded.chat_template:
        before, after = chat_turn(loaded.tokenizer, loaded.chat_template)
        layout = replace(layout, before_document=before, before_slot=after)
    return layout


def _files_identity(source: Source, budget: Budget) -> bytes:
    """What names a model beyond this process; empty where nobody needs it, for it takes reading all weights once."""
    if budget.states is None:
        return b""
    from yofo_rerank.models.digests import FileDigests
    from yofo_rerank.models.verdicts.identity import known_model

    return known_model(source, budget.max_pixels, FileDigests(Path(budget.states) / DIGESTS)).identity


def _identity(loaded: LoadedModel, maker: PrefixMaker) -> bytes:
    """Digest of everything but the document that a prefix state depends on."""
    parts = [
        loaded.fingerprint,
        loaded.adapter_digest,
        loaded.image_processor.to_json_string(),
        maker.patcher.size,
        asdict(maker.layout),
        str(loaded.model.dtype),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
