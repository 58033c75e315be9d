"""How each server wants a document and its yes/no questions written, and where it puts the probabilities.

`POST /v1/systemone` of transformers 5.23, vLLM 0.33 and SGLang 0.5.23 differ in how an image is given; `/v1/decisions`
is OpenAI's shape of the same idea.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yofo_rerank.errors import ConfigError

_STATEMENT = "{requirement}"
_QUESTION = "Is it true of this product: {requirement}?"


@dataclass(frozen=True)
class Picture:
    """An image as it is sent: base64 of a PNG or JPEG file."""

    data: str
    mime: str = "image/png"

    @property
    def uri(self) -> str:
        """As a `data:` address."""
        return f"data:{self.mime};base64,{self.data}"


@dataclass(frozen=True)
class Shown:
    """A document as it is sent: images, a text, or both."""

    images: tuple[Picture, ...] = ()
    text: str | None = None


@dataclass(frozen=True)
class Dialect:
    """One server's shapes, as data and two pure functions."""

    name: str
    path: str
    max_questions: int  # in one request
    max_images: int
    question: str  # how a requirement is asked; holds {requirement}
    write: Callable[[Shown, Sequence[str]], dict[str, Any]]  # -> the body, without "model"
    # the answer, how many were asked -> of each p_yes, and its label mass where the server says it
    read: Callable[[Mapping[str, Any], int], list[tuple[Any, Any]]]


def _named(questions: Sequence[str]) -> dict[str, dict[str, str]]:
    return {f"q{place}": {"type": "noul", "instructions": text} for place, text in enumerate(questions)}


def _nouls(mass: str) -> Callable[[Mapping[str, Any], int], list[tuple[Any, Any]]]:
    def read(answer: Mapping[str, Any], count: int) -> list[tuple[Any, Any]]:
        found = [answer["answers"][f"q{place}"] for place in range(count)]
        return [(one["noul"], one.get(mass)) for one in found]

    return read


def _with_assets(shown: Shown, questions: Sequence[str]) -> dict[str, Any]:
    # a placeholder is replaced wherever it stands, so it must stand nowhere else
    taken = "\n".join([shown.text or "", *questions])
    prefix = next(prefix for prefix in ("image-" * times for times in range(1, len(taken) + 2)) if prefix not in taken)
    assets = {f"{prefix}{place}": {"data_base64": image.data} for place, image in enumerate(shown.images)}
    state = "".join(assets) + (shown.text or "")  # as our own prompts have it: nothing between images and text
    return {"state": state, "questions": _named(questions)} | ({"assets": assets} if assets else {})


def _with_images(as_entry: Callable[[Picture], Any]) -> Callable[[Shown, Sequence[str]], dict[str, Any]]:
    def write(shown: Shown, questions: Sequence[str]) -> dict[str, Any]:
        images = {"images": [as_entry(image) for image in shown.images]} if shown.images else {}
        return {"state": shown.text or "", "questions": _named(questions)} | images

    return write


def _decisions(shown: Shown, questions: Sequence[str]) -> dict[str, Any]:
    content = [{"type": "input_image", "image_url": image.uri} for image in shown.images]
    content += [{"type": "input_text", "text": shown.text}] if shown.text else []
    asked = [{"type": "predicate", "name": f"q{place}", "instructions": text} for place, text in enumerate(questions)]
    return {"input": [{"role": "user", "content": content}], "questions": asked}


def _predicates(answer: Mapping[str, Any], count: int) -> list[tuple[Any, Any]]:
    found = {one.get("name"): one for one in answer["answers"]}
    return [(found[f"q{place}"]["probability"], None) for place in range(count)]


def _uris(image: Picture) -> Any:
    return image.uri


def _addresses(image: Picture) -> Any:
    return {"url": image.uri}


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("transformers", "/v1/systemone", 64, 4, _STATEMENT, _with_assets, _nouls("label_mass")),
        Dialect("vllm", "/v1/systemone", 64, 8, _QUESTION, _with_images(_uris), _nouls("label_mass")),
        Dialect("sglang", "/v1/systemone", 64, 8, _QUESTION, _with_images(_addresses), _nouls("x_label_mass")),
        Dialect("openai", "/v1/decisions", 64, 8, _QUESTION, _decisions, _predicates),
    )
}


def get_dialect(name: str) -> Dialect:
    """The dialect of this name.

    >>> get_dialect("openai").path
    '/v1/decisions'

    Raises:
        ConfigError: unknown; names the known ones.
    """
    try:
        return DIALECTS[name]
    except (KeyError, TypeError):
        raise ConfigError(f"unknown dialect {name!r}; wanted one of {', '.join(DIALECTS)}") from None
