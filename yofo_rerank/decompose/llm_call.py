"""Calling a chat model: within a deadline, through any function or the official openai client."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from yofo_rerank.decompose.llm_reply import BadReply, Reply
from yofo_rerank.errors import DecomposeError, MissingExtra

if TYPE_CHECKING:
    from openai import OpenAI


MAX_CALLS = 32  # at one time in this process, those included that nobody waits for any more
_PLACES = threading.BoundedSemaphore(MAX_CALLS)


def call_with_deadline(ask: Callable[[str], str], prompt: str, timeout: float) -> str:
    """Call in a thread and wait at most `timeout` seconds; a call that hangs on is left behind, and dies with us.

    At most `MAX_CALLS` calls run at one time; the wait for a place counts as waiting.
    """
    deadline = time.monotonic() + timeout
    if not _PLACES.acquire(timeout=timeout):
        raise TimeoutError(f"{MAX_CALLS} calls are running, and none ended within {timeout} s")
    outcome: list[tuple[str | None, BaseException | None]] = []
    context = contextvars.copy_context()  # tracing of the caller reaches the call

    def run() -> None:
        try:
            outcome.append((context.run(ask, prompt), None))
        except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
            outcome.append((None, error))
        finally:
            _PLACES.release()

    thread = threading.Thread(target=run, name="yofo-llm-decomposer", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the machine has no thread left
        _PLACES.release()
        raise
    thread.join(max(0.0, deadline - time.monotonic()))
    if not outcome:
        raise TimeoutError(f"no reply within {timeout} s")
    reply, error = outcome[0]
    if error is not None:
        raise error
    return cast(str, reply)


def chat(client: OpenAI, model: str, prompt: str) -> str:
    """One chat completion; with a JSON schema where the server takes one, else with the prompt alone."""
    import openai

    schema = openai.pydantic_function_tool(Reply)["function"]["parameters"]
    structured = {"type": "json_schema", "json_schema": {"name": "Reply", "strict": True, "schema": schema}}
    # Some models refuse a temperature, some servers refuse a schema; each refusal leaves one wish less.
    attempts: list[dict[str, Any]] = [
        {"response_format": structured, "temperature": 0},
        {"response_format": structured},
        {},
    ]
    for settings in attempts:
        try:
            completion = client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": prompt}], **settings
            )
            break
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            if not settings:
                raise
    try:
        return completion.choices[0].message.content or ""
    except (AttributeError, IndexError, TypeError) as error:  # the client does not validate what a server sends
        raise BadReply("the server's answer is not a chat completion") from error


def open_client(base_url: str | None, api_key_env: str, timeout: float) -> OpenAI:
    """The official client, with the key from the environment.

    Raises:
        MissingExtra: openai is not installed.
        DecomposeError: there is no key, and no `base_url` of a server that may need none.
    """
    try:
        import openai
    except ImportError as error:
        raise MissingExtra('the llm decomposer needs openai: pip install "yofo-rerank[llm]"') from error
    api_key = os.environ.get(api_key_env) or ("none" if base_url else None)  # local servers ask for no key
    if api_key is None:
        raise DecomposeError(f"the llm decomposer needs a key: set {api_key_env}, or give base_url= of a local server")
    return openai.OpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=1)
