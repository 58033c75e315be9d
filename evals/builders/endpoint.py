"""Asking a multimodal model behind an OpenAI-compatible address: patient with the server, strict with the reply."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.builders.images import as_data_uri
from evals.builders.kinds import Kind
from evals.builders.replies import BadReply, Reply, read_reply
from yofo_rerank.errors import ConfigError, MissingExtra

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_WAIT = 120.0  # seconds that a server may ask for with Retry-After


class Unreachable(Exception):
    """The server did not answer, or would not, as often as it was tried; nothing is said about the question."""


class Refused(ConfigError):
    """The server will answer no question of ours: key, model or address are wrong."""


@dataclass
class Usage:
    """What a question has cost so far."""

    asked: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Endpoint:
    """A model at an address, and how patient to be with it."""

    client: AsyncOpenAI
    model: str
    timeout: float = 120.0  # seconds, for one whole answer
    tries: int = 6  # of one question, while the server does not answer
    asks: int = 3  # of one question, while the reply is not what was asked for
    first_wait: float = 1.0  # seconds; doubled with every try
    takes_schema: bool = True  # until the server says no
    resume_at: float = field(default=0.0, init=False)  # a server that is overloaded is left alone by all


def open_endpoint(base_url: str | None, model: str, api_key_env: str, **patience: Any) -> Endpoint:
    """The official client, with the key from the environment.

    Raises:
        MissingExtra: openai is not installed.
        ConfigError: there is no key, and no address of a server that may need none.
    """
    try:
        import openai
    except ImportError as error:
        raise MissingExtra('the builders need openai: pip install "yofo-rerank[llm]"') from error
    api_key = os.environ.get(api_key_env) or ("none" if base_url else None)
    if api_key is None:
        raise ConfigError(f"the builders need a key: set {api_key_env}, or give --base-url of a local server")
    client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0)
    return Endpoint(client, model, **patience)


async def ask(endpoint: Endpoint, kind: Kind, prompt: str, jpegs: Sequence[bytes], usage: Usage) -> Reply:
    """The checked reply; a refused one is asked for again, with the reason. `usage` counts on the way.

    Raises:
        BadReply: every reply was refused, or the server refuses this question.
        Unreachable: the server did not answer.
        Refused: the server would refuse every other question too.
    """
    images = [{"type": "image_url", "image_url": {"url": as_data_uri(jpeg)}} for jpeg in jpegs]
    messages: list[dict[str, Any]] = [{"role": "user", "content": [*images, {"type": "text", "text": prompt}]}]
    for turn in range(endpoint.asks):
        text = await _answer(endpoint, kind, messages, usage)
        try:
            return read_reply(kind.schema, text)
        except BadReply as error:
            if turn + 1 == endpoint.asks:
                raise
            messages = [
                messages[0],
                {"role": "assistant", "content": text[:20_000] or "(nothing)"},
                {"role": "user", "content": f"This was refused: {error}. Answer again, with JSON alone."},
            ]
    raise AssertionError("unreachable")


async def _answer(endpoint: Endpoint, kind: Kind, messages: list[dict[str, Any]], usage: Usage) -> str:
    """The text of one completion, tried again while the server is ill or busy."""
    import openai

    problem = ""
    for turn in range(endpoint.tries):
        await asyncio.sleep(max(0.0, endpoint.resume_at - time.monotonic()))
        wait = endpoint.first_wait * 2**turn * random.uniform(0.5, 1.0)
        try:
            async with asyncio.timeout(endpoint.timeout):  # whole: a server that sends a byte a second ends too
                return await _complete(endpoint, kind, messages, usage)
        except (openai.APITimeoutError, TimeoutError):
            problem = f"no answer within {endpoint.timeout} s"
        except openai.APIStatusError as error:
            problem = f"status {error.status_code}"
            if error.status_code in (401, 403):  # some servers repeat a part of the key
                raise Refused(f"the server refuses the key (status {error.status_code})") from None
            if error.status_code in (402, 404):
                raise Refused(
                    f"the server refuses every question (status {error.status_code}): {_said(endpoint, error)}"
                ) from None
            if error.status_code not in (408, 409, 425, 429) and error.status_code < 500:
                raise BadReply(
                    f"the server refuses this question (status {error.status_code}): {_said(endpoint, error)}"
                ) from None
            if (asked := _retry_after(error)) is not None:
                wait = asked
                endpoint.resume_at = max(endpoint.resume_at, time.monotonic() + asked)
        except (openai.APIError, ValueError) as error:  # cut off, no HTTP, a body that is no JSON
            problem = type(error).__name__
        if turn + 1 < endpoint.tries:
            await asyncio.sleep(wait)
    raise Unreachable(f"tried {endpoint.tries} times: {problem}")


async def _complete(endpoint: Endpoint, kind: Kind, messages: list[dict[str, Any]], usage: Usage) -> str:
    import openai

    usage.asked += 1
    plain: dict[str, Any] = {"model": endpoint.model, "messages": messages, "timeout": endpoint.timeout}
    create: Any = endpoint.client.chat.completions.create
    if endpoint.takes_schema:
        try:
            completion = await create(**plain, response_format=_structured(kind))
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            completion = await create(**plain)  # without a schema it works: so the schema was the matter
            endpoint.takes_schema = False
    else:
        completion = await create(**plain)
    return _text(completion, usage)


def _structured(kind: Kind) -> dict[str, Any]:
    import openai

    schema = openai.pydantic_function_tool(kind.schema)["function"]["parameters"]
    return {"type": "json_schema", "json_schema": {"name": kind.schema.__name__, "strict": True, "schema": schema}}


def _text(completion: Any, usage: Usage) -> str:
    """What a completion says; the client does not validate what a server sends, so everything may be missing."""
    spent = getattr(completion, "usage", None)
    for name, known in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
        count = getattr(spent, known, None)
        if isinstance(count, int) and count > 0:
            setattr(usage, name, getattr(usage, name) + count)
    try:
        text = completion.choices[0].message.content
    except (AttributeError, IndexError, TypeError) as error:
        raise ValueError("not a chat completion") from error
    return text if isinstance(text, str) else ""


def _retry_after(error: Any) -> float | None:
    """Seconds that the server asks for, in bounds; None where it does not, or in a form of its own."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(MAX_WAIT, seconds) if seconds >= 0 else None  # not NaN either


def _said(endpoint: Endpoint, error: Any) -> str:
    """The server's own words, short, without the key that it may repeat; our request is not shown."""
    return " ".join(str(error.message).split()).replace(endpoint.client.api_key, "...")[:200]
