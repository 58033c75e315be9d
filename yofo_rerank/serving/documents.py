"""Documents as the APIs give them: a text, {text, image}, or vLLM's list of parts; images as `data:` addresses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from yofo_rerank.content import MAX_IMAGES
from yofo_rerank.documents import Document
from yofo_rerank.errors import DocumentError, ImageError
from yofo_rerank.frameworks.fetch import fetch_image

Member = TypeVar("Member")
Quick = Annotated[list[Member], Field(fail_fast=True)]  # the first bad member is complained of, not each of a million

MAX_KEYS = 64  # of one object


def few_keys(given: Any) -> Any:
    """What was given, unless it is an object of so many keys that one complaint for each would fill the memory.

    Raises:
        ValueError: it is.
    """
    if isinstance(given, dict) and len(given) > MAX_KEYS:
        raise ValueError(f"got {len(given):,} keys, wanted at most {MAX_KEYS}")
    return given


class Strict(BaseModel):
    """Refuses what it does not know, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, given: Any) -> Any:
        return few_keys(given)


class TextOrImage(Strict):
    """Jina's form: a text, an image (base64, a `data:` address, or an allowed https one), or both."""

    text: str | None = None
    image: str | None = None


class ImageUrl(Strict):
    """OpenAI's form of an address."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class TextPart(Strict):
    """A text among parts."""

    type: Literal["text"]
    text: str


class ImagePart(Strict):
    """An image among parts."""

    type: Literal["image_url"]
    image_url: ImageUrl


class Parts(Strict):
    """vLLM's form: parts of a message."""

    content: Quick[Annotated[TextPart | ImagePart, Field(discriminator="type")]] = Field(min_length=1)


GivenDocument = str | TextOrImage | Parts


def _nobody() -> None:
    """Nobody looks."""


@dataclass(frozen=True)
class Fetching:
    """The hosts from which images are fetched, and what is called before each: it raises where nobody waits."""

    hosts: tuple[str, ...] = ()
    look: Callable[[], None] = _nobody


def returned(given: GivenDocument) -> dict[str, Any]:
    """What goes back where documents are asked for: texts and addresses, no image data, which the client has.

    >>> returned(TextOrImage(text="a skirt", image="iVBORw0KGgo="))
    {'text': 'a skirt'}
    """
    if isinstance(given, str):
        return {"text": given}
    if isinstance(given, TextOrImage):
        image = given.image if given.image and is_address(given.image) else None
        return {name: value for name, value in (("text", given.text), ("image", image)) if value is not None}
    kept = [part for part in given.content if isinstance(part, TextPart) or is_address(part.image_url.url)]
    return {"content": [part.model_dump(exclude_none=True) for part in kept]}


def count_addresses(documents: Sequence[GivenDocument]) -> int:
    """How many images would be fetched.

    >>> count_addresses(["https://no.example/image", TextOrImage(image="https://an.example/image")])
    1
    """
    return sum(is_address(image) for given in documents for image in _images_of(given))


def is_address(image: str) -> bool:
    """Whether it is neither base64 nor a `data:` address."""
    return "://" in image[:32] and not image.startswith("data:")


def _images_of(given: GivenDocument) -> list[str]:
    if isinstance(given, str):
        return []
    if isinstance(given, TextOrImage):
        return [] if given.image is None else [given.image]
    return [part.image_url.url for part in given.content if isinstance(part, ImagePart)]


def as_document(given: GivenDocument, place: int, fetching: Fetching) -> Document:
    """The document; its id is its place.

    Raises:
        DocumentError: nothing in it, or too many images.
        ImageError: an image that is no base64, or an address that is not fetched.
    """
    name = str(place)
    if isinstance(given, str):
        return Document(text=given, id=name)
    if isinstance(given, TextOrImage):
        return Document(image=_image(given.image, fetching), text=given.text, id=name)
    texts = [part.text for part in given.content if isinstance(part, TextPart)]
    return with_images(_images_of(given), "\n".join(texts), name, fetching)


def with_images(images: Sequence[str], text: str, name: str, fetching: Fetching) -> Document:
    """A document of images in their order, and a text.

    Raises:
        DocumentError: too many images. ImageError: one that is none.
    """
    if len(images) > MAX_IMAGES:  # before any is fetched
        raise DocumentError(f"wanted at most {MAX_IMAGES} images, but got {len(images)}", code="too_many_images")
    return Document(images=[_image(one, fetching) for one in images], text=text.strip() or None, id=name)


def try_document(given: GivenDocument, place: int, fetching: Fetching) -> Document | DocumentError:
    """As `as_document`, with the error as a value: it is that document's alone."""
    try:
        return as_document(given, place, fetching)
    except DocumentError as error:
        return error


def _image(given: str | None, fetching: Fetching) -> Any:
    fetching.look()
    if given is None:
        return None
    if given.startswith("data:"):
        return given
    if is_address(given):
        return _fetch(given, fetching.hosts)
    try:  # never a path: a stranger names no files here
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError("wanted an image as base64 or a data: address", code="bad_data_uri") from error


def _fetch(address: str, hosts: tuple[str, ...]) -> bytes:
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        host = ""
    if host not in hosts:
        raise ImageError("images are not fetched from this host; wanted a data: address", code="url")
    return fetch_image(address)
