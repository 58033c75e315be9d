"""A transformers model whole: no weight left random, nothing unpickled, no code but the library's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from yofo_rerank.errors import ModelError
from yofo_rerank.models.sources import local_folder, resolve

if TYPE_CHECKING:
    import torch

    from evals.baselines.record import Baseline

BATCH = 16  # documents in one pass
Item = TypeVar("Item")


def load_network(
    kind: Any,
    record: Baseline,
    source: str | None,
    device: str | None,
    *,
    dtype: str = "auto",
    may_lack: Callable[[str], bool] = lambda _: False,
) -> Any:
    """The model of a transformers class, on its device and in evaluation mode.

    Args:
        kind: the class.
        record: whose it is.
        source: hub id or folder.
        device: None = cuda where available, else cpu.
        dtype: "auto" = as stored.
        may_lack: whether a weight of that name may be absent, because nothing here reads it.

    Raises:
        ModelError: a weight is absent; transformers would go on with a random one and a warning.
        OSError: there is no such checkpoint.
    """
    place, revision = locate(record, source)
    network, report = kind.from_pretrained(
        place, revision=revision, dtype=dtype, use_safetensors=True, trust_remote_code=False, output_loading_info=True
    )
    lacking = sorted(name for name in report["missing_keys"] if not may_lack(name))
    if lacking:
        raise ModelError(f"{record.name}: {place!r} lacks {len(lacking)} weights, such as {lacking[0]}")
    return network.to(pick_device(device)).eval().requires_grad_(False)


def load_processor(record: Baseline, source: str | None) -> Any:
    """The checkpoint's own processor.

    Raises:
        OSError: there is no such checkpoint.
    """
    from transformers import AutoProcessor

    place, revision = locate(record, source)
    return AutoProcessor.from_pretrained(place, revision=revision, trust_remote_code=False)


def read_tensors(record: Baseline, source: str | None, names: Mapping[str, str]) -> dict[str, torch.Tensor]:
    """Single tensors of a checkpoint that its class in transformers does not know: `names` maps yours to the file's.

    Raises:
        ModelError: one is in none of its files.
    """
    from safetensors import safe_open

    place, revision = locate(record, source)
    found: dict[str, torch.Tensor] = {}
    for file in sorted(resolve(place, None, revision)[0].glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            here = set(tensors.keys())
            found |= {name: tensors.get_tensor(theirs) for name, theirs in names.items() if theirs in here}
    if lacking := sorted(theirs for name, theirs in names.items() if name not in found):
        raise ModelError(f"{record.name}: {place!r} lacks {len(lacking)} weights, such as {lacking[0]}")
    return found


def locate(record: Baseline, source: str | None) -> tuple[str, str | None]:
    """Where to load from, and at which revision: the record's, for its own checkpoint.

    Raises:
        ModelError: neither a folder nor a hub id, or none at all.
    """
    if source is None:
        raise ModelError(f"{record.name} has no checkpoint of its own; wanted a source")
    folder = local_folder(source)
    if folder is not None:
        return str(folder), None
    return source, record.revision if source == record.hub_id else None


def pick_device(device: str | None) -> torch.device:
    """The named one, or cuda where available, else cpu."""
    import torch

    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))


def batches(items: Sequence[Item], size: int = BATCH) -> Iterator[Sequence[Item]]:
    """The items in order, `size` at a time.

    >>> list(batches("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]
