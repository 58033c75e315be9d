"""Each tensor of an adapter has its place in the model, under today's names or older ones; no place stays empty."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, TypeVar

from yofo_rerank.errors import AdapterMismatch

if TYPE_CHECKING:
    from peft import PeftConfig
    from torch import nn

Value = TypeVar("Value")

PREFIX = "base_model.model."  # peft's, before the model's own names
_OLD_NAMES = (  # of the supported families, before transformers 4.52 and around it -> today's
    (re.compile(r"^(model\.)?language_model\.model\."), "model.language_model."),
    (re.compile(r"^visual\."), "model.visual."),
    (re.compile(r"^model\.(?!language_model\.|visual\.)"), "model.language_model."),
)
_SHOWN = 3  # keys in an error


def current_names(weights: dict[str, Value], wanted: Collection[str]) -> dict[str, Value]:
    """The weights under the names that are wanted, where an older one means the same.

    >>> current_names({"base_model.model.model.layers.0.q": 1}, {"base_model.model.model.language_model.layers.0.q"})
    {'base_model.model.model.language_model.layers.0.q': 1}

    Raises:
        AdapterMismatch: two tensors for one place.
    """
    names = {key: key if key in wanted else PREFIX + _renamed(key.removeprefix(PREFIX)) for key in weights}
    if len(set(names.values())) < len(names):
        raise AdapterMismatch(f"the adapter has {len(names)} tensors for {len(set(names.values()))} places")
    return {names[key]: value for key, value in weights.items()}


def check_keys(found: Collection[str], wanted: Collection[str], *, also: Collection[str] = ()) -> None:
    """AdapterMismatch unless all wanted keys were found, and nothing that is neither wanted nor allowed (`also`)."""
    missing = sorted(set(wanted) - set(found))
    left_over = sorted(set(found) - set(wanted) - set(also))
    if missing or left_over:
        raise AdapterMismatch(
            f"the adapter does not fit the model: of {len(wanted)} tensors {len(missing)} are missing"
            f"{_such_as(missing)}, and {len(left_over)} have no place{_such_as(left_over)}"
        )


def has_old_names(keys: Collection[str]) -> bool:
    """Whether the model's names have changed since these keys were saved."""
    return any(_renamed(name) != name for name in (key.removeprefix(PREFIX) for key in keys))


def old_targets(config: PeftConfig, model: nn.Module) -> list[str]:
    """Today's names of the modules that the config meant when the model's names were the old ones."""
    from peft.tuners.tuners_utils import check_target_module_exists

    return [name for name, _ in model.named_modules() if check_target_module_exists(config, _old(name))]


def _renamed(name: str) -> str:
    for pattern, replacement in _OLD_NAMES:
        name = pattern.sub(replacement, name)
    return name


def _old(name: str) -> str:
    return re.sub(r"^model\.visual\b", "visual", re.sub(r"^model\.language_model\b", "model", name))


def _such_as(keys: list[str]) -> str:
    return f" ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})" if keys else ""
