"""Checks of what several components are given."""

import copy
from typing import Any, TypeVar

from haystack.utils import ComponentDevice

TopK = TypeVar("TopK", int, int | None)


def check_top_k(top_k: TopK) -> TopK:
    """None (all), or a whole number of at least 1.

    Raises:
        ValueError: anything else, True and False included.
    """
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1):
        raise ValueError(f"top_k must be None or a whole number of at least 1, but got {top_k!r}")
    return top_k


def torch_device(device: ComponentDevice | None) -> str | None:
    """The device as torch names it; None = cuda where available, else cpu.

    Raises:
        ValueError: a device map, which no model here can be spread over.
    """
    if device is None:
        return None
    if not isinstance(device, ComponentDevice):
        wanted = 'a ComponentDevice, such as ComponentDevice.from_str("cuda:1")'
        raise ValueError(f"device must be None or {wanted}, but got {device!r}")  # noqa: TRY004  # as Haystack does
    if device.has_multiple_devices:
        raise ValueError(f"device must be a single device, but got the map {device.to_dict()['device_map']}")
    return device.to_torch_str()


def device_to_dict(device: ComponentDevice | None) -> dict[str, object] | None:
    """For `to_dict`."""
    return None if device is None else device.to_dict()


def device_from_dict(data: dict[str, object] | None) -> ComponentDevice | None:
    """For `from_dict`."""
    return None if data is None else ComponentDevice.from_dict(data)


def model_kwargs_to_dict(model_kwargs: dict[str, Any]) -> dict[str, Any]:
    """For `to_dict`; torch's dtypes become their names."""
    data = copy.deepcopy(model_kwargs)
    if data:
        from haystack.utils.hf import serialize_hf_model_kwargs  # loads torch

        serialize_hf_model_kwargs(data)
    return data


def model_kwargs_from_dict(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """For `from_dict`."""
    model_kwargs = copy.deepcopy(data)
    if model_kwargs:
        from haystack.utils.hf import deserialize_hf_model_kwargs  # loads torch

        deserialize_hf_model_kwargs(model_kwargs)
    return model_kwargs
