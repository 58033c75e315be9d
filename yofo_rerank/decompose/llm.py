"""`llm`: any chat model decomposes the query; `rules` takes over, with a warning, whenever it does not."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from yofo_rerank.decompose.base import read_query, with_warnings
from yofo_rerank.decompose.llm_call import call_with_deadline, chat, open_client
from yofo_rerank.decompose.llm_reply import DEFAULT_PROMPT, BadReply, build_prompt, read_reply
from yofo_rerank.decompose.rules import RulesDecomposer
from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import DecomposedQuery

if TYPE_CHECKING:
    from openai import OpenAI

Complete = Callable[[str], str] | Callable[[str], Awaitable[str]]


class LlmDecomposer:
    """Ask a chat model for the requirements, validate its JSON, fall back to `rules` if anything is wrong.

    Give `complete`, any function from prompt to reply (async ones for `adecompose`), or `model`, a name at an
    OpenAI-compatible endpoint (needs `pip install "yofo-rerank[llm]"`). The key is read from the environment at the
    first call and kept nowhere else. `timeout` is in seconds, for the whole call.

    >>> decomposer = LlmDecomposer(lambda prompt: '{"requirements": [{"text": "not pink"}]}')
    >>> decomposer.decompose("anything but pink").requirements[0].text
    'not pink'
    >>> LlmDecomposer(lambda prompt: "Sure! Here you are").decompose("anything but pink").warnings
    ("the llm decomposer failed (bad reply: reply: json_invalid); 'rules' was used instead",)

    Raises:
        DecomposeError: neither `complete` nor `model`, a prompt without `{query}`, a timeout that is not positive.
    """

    name = "llm"

    def __init__(
        self,
        complete: Complete | None = None,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        timeout: float = 20.0,
        prompt: str = DEFAULT_PROMPT,
        client: OpenAI | None = None,
    ) -> None:
        if complete is not None and not callable(complete):
            raise DecomposeError(f"complete must be callable, str -> str, but got {type(complete).__name__}")
        if complete is None and not (isinstance(model, str) and model):
            raise DecomposeError(f"llm needs complete= or model=, the name of a chat model, but got model={model!r}")
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 3600:
            raise DecomposeError(f"timeout must be seconds between 0 and 3600, but got {timeout!r}")
        if not isinstance(prompt, str) or "{query}" not in prompt:
            raise DecomposeError("the prompt must be a text that holds {query}, the place of the query")
        if not isinstance(api_key_env, str) or not api_key_env.isidentifier():
            raise DecomposeError("api_key_env must be the name of an environment variable, and never the key itself")
        if base_url is not None and not _is_plain_address(base_url):
            raise DecomposeError("base_url must be an http(s) address without a user name or password")
        self.complete = complete
        self.model = model
        self.base_url = base_url
        self.api_key_env = api_key_env
        self.timeout = float(timeout)
        self.prompt = prompt
        self._client = client
        self._owns_settings = complete is None and client is None
        self._lock = threading.Lock()

    def decompose(self, query: str) -> DecomposedQuery:
        """The query as 1 to 64 requirements.

        Raises:
            DecomposeError: a blank query, or a set-up that cannot work (no key, an async `complete`).
            MissingExtra: the `llm` extra is not installed.
        """
        line, notes = read_query(query)
        if _is_async(self.complete):
            raise DecomposeError("complete is async: await adecompose(query), or give a function that returns a str")
        ask = cast("Callable[[str], str] | None", self.complete) or self._chat()
        try:
            reply = call_with_deadline(ask, build_prompt(self.prompt, line), self.timeout)
        except Exception as error:  # noqa: BLE001 - `complete` is foreign code that may raise anything; the result says so
            return _fall_back(line, notes, error)
        return self._read(line, notes, reply)

    async def adecompose(self, query: str) -> DecomposedQuery:
        """As `decompose`; awaits an async `complete`, and runs anything else in a thread."""
        if not _is_async(self.complete):
            return await asyncio.to_thread(self.decompose, query)
        line, notes = read_query(query)
        ask = cast("Callable[[str], Awaitable[str]]", self.complete)
        try:
            reply = await asyncio.wait_for(ask(build_prompt(self.prompt, line)), self.timeout)
        except Exception as error:  # noqa: BLE001 - as in `decompose`
            return _fall_back(line, notes, error)
        return self._read(line, notes, reply)

    def _read(self, line: str, notes: list[str], reply: str) -> DecomposedQuery:
        try:
            return with_warnings(read_reply(line, reply, name=self.name), notes)
        except BadReply as error:
            return _fall_back(line, notes, error)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, for `get_decomposer`; the key is not among them.

        Raises:
            DecomposeError: the decomposer holds a function or a client, which no data can restore.
        """
        if not self._owns_settings:
            raise DecomposeError(
                "an llm decomposer with complete= or client= cannot be data; give model= and base_url="
            )
        names = ("model", "base_url", "api_key_env", "timeout", "prompt")
        return {"kind": self.name} | {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        source = f"model={self.model!r}, base_url={self.base_url!r}" if self.complete is None else "complete=..."
        return f"LlmDecomposer({source}, timeout={self.timeout})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"} | {
            "_client": None if self._owns_settings else self._client  # an own client is rebuilt from the settings
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def _chat(self) -> Callable[[str], str]:
        with self._lock:
            if self._client is None:
                self._client = open_client(self.base_url, self.api_key_env, self.timeout)
        client, model = self._client, self.model or ""
        return lambda prompt: chat(client, model, prompt)


def _fall_back(query: str, notes: list[str], error: Exception) -> DecomposedQuery:
    """What `rules` finds, and the kind of the failure; messages of foreign code may hold secrets and stay out."""
    status = getattr(error, "status_code", None)
    reason = type(error).__name__ + (f", HTTP {status}" if isinstance(status, int) else "")
    if isinstance(error, BadReply):
        reason = f"bad reply: {error}"
    warning = f"the llm decomposer failed ({reason}); 'rules' was used instead"
    return with_warnings(RulesDecomposer().decompose(query), [warning, *notes])


def _is_async(complete: Complete | None) -> bool:
    call = getattr(complete, "__call__", None)  # noqa: B004 - an object may have an async __call__
    return inspect.iscoroutinefunction(complete) or inspect.iscoroutinefunction(call)


def _is_plain_address(base_url: object) -> bool:
    if not isinstance(base_url, str):
        return False
    address = urlsplit(base_url)
    return address.scheme in ("http", "https") and bool(address.hostname) and address.username is None
