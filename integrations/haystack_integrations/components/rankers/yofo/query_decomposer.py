"""YofoQueryDecomposer: the requirements of a query, for the ranker."""

import asyncio
import copy
from typing import Any

from haystack import component, default_from_dict, default_to_dict, logging
from haystack.components.generators.chat.types import ChatGenerator
from haystack.core.serialization import component_to_dict
from haystack.dataclasses import ChatMessage
from haystack.utils import deserialize_chatgenerator_inplace

from yofo_rerank.decompose import DEFAULT_PROMPT, Decomposer, LlmDecomposer, get_decomposer
from yofo_rerank.requirements import DecomposedQuery

logger = logging.getLogger(__name__)

Spec = str | dict[str, Any] | Decomposer


@component
class YofoQueryDecomposer:
    """Turns a query into requirements: by rules, offline, or with any chat generator.

    >>> decomposer = YofoQueryDecomposer()
    >>> [requirement["text"] for requirement in decomposer.run(query="a long dress, not pink")["requirements"]]
    ['dress', 'long', 'not pink']

    Connect `requirements` (and `scoring`, which a chat model may choose) to the inputs of `YofoRanker` of the same
    names. A chat generator that fails, or answers with something else than the JSON it was asked for, is replaced by
    the rules, with a warning.

        YofoQueryDecomposer(chat_generator=OpenAIChatGenerator(model="...", api_key=Secret.from_env_var("MY_KEY")))

    Args:
        decomposer: name, settings or object of `yofo_rerank.decompose`.
        chat_generator: asked instead.
        prompt: for the chat generator; holds `{query}` and asks for JSON in the form of the default.
        timeout: of the chat generator, in seconds.

    Raises:
        DecomposeError: an unknown decomposer, a prompt without `{query}`; a ValueError.
    """

    def __init__(
        self,
        *,
        decomposer: Spec = "rules",
        chat_generator: ChatGenerator | None = None,
        prompt: str = DEFAULT_PROMPT,
        timeout: float = 20.0,
    ) -> None:
        if chat_generator is not None and decomposer != "rules":
            raise ValueError("give either decomposer or chat_generator, but got both")
        self.decomposer = decomposer
        self.chat_generator: Any = chat_generator  # its protocol knows `run` alone
        self.prompt = prompt
        self.timeout = timeout
        self._decomposer = get_decomposer(decomposer)
        if chat_generator is not None:
            self._decomposer = LlmDecomposer(self._ask, prompt=prompt, timeout=timeout)

    @property
    def name(self) -> str:
        """Which decomposer this is; with `decompose`, it makes the component one that a ranker can hold."""
        return self._decomposer.name

    def decompose(self, query: str) -> DecomposedQuery:
        """The query as requirements, for Python callers and a ranker; whoever calls says the warnings."""
        return self._decomposer.decompose(query)

    def warm_up(self) -> None:
        """Warm up the chat generator."""
        if hasattr(self.chat_generator, "warm_up"):
            self.chat_generator.warm_up()

    def to_dict(self) -> dict[str, Any]:
        """Plain data; raises where the chat generator, its secrets or the decomposer have no such form."""
        generator = self.chat_generator
        return default_to_dict(
            self,
            decomposer=decomposer_to_dict(self.decomposer),
            chat_generator=None if generator is None else component_to_dict(generator, name="chat_generator"),
            prompt=self.prompt,
            timeout=self.timeout,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "YofoQueryDecomposer":
        """The component of such data."""
        parameters = copy.deepcopy(data.get("init_parameters", {}))  # some generators change what they are given
        if parameters.get("chat_generator") is not None:
            deserialize_chatgenerator_inplace(parameters, key="chat_generator")
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    @component.output_types(requirements=list[dict[str, Any]], scoring=dict[str, Any] | None, warnings=list[str])
    def run(self, query: str) -> dict[str, Any]:
        """Decompose the query.

        Returns:
            `requirements`: at least one, with text, necessity ("must" or "should") and weight; `scoring`: a rule, if
            a chat model chose one; `warnings`: what the decomposer wants to say.

        Raises:
            DecomposeError: a blank query; a ValueError.
        """
        self.warm_up()
        return _outputs(_with_warnings_logged(self.decompose(query)))

    @component.output_types(requirements=list[dict[str, Any]], scoring=dict[str, Any] | None, warnings=list[str])
    async def run_async(self, query: str) -> dict[str, Any]:
        """As `run`; awaits the chat generator if it can be awaited, and else runs in a thread."""
        if not getattr(self.chat_generator, "__haystack_supports_async__", False):
            return await asyncio.to_thread(self.run, query)
        if hasattr(self.chat_generator, "warm_up_async"):
            await self.chat_generator.warm_up_async()
        else:
            await asyncio.to_thread(self.warm_up)
        decomposer = LlmDecomposer(self._ask_async, prompt=self.prompt, timeout=self.timeout)
        return _outputs(_with_warnings_logged(await decomposer.adecompose(query)))

    def _ask(self, prompt: str) -> str:
        return _text(self.chat_generator.run(messages=[ChatMessage.from_user(prompt)]))

    async def _ask_async(self, prompt: str) -> str:
        return _text(await self.chat_generator.run_async(messages=[ChatMessage.from_user(prompt)]))


def decomposer_to_dict(decomposer: Spec) -> str | dict[str, Any]:
    """For `to_dict`.

    Raises:
        ValueError: an object that no data can restore.
    """
    if isinstance(decomposer, str | dict):
        return decomposer
    to_dict = getattr(decomposer, "to_dict", None)
    if to_dict is None:
        raise ValueError(f"{type(decomposer).__name__} has no to_dict; wanted a name, settings or YofoQueryDecomposer")
    return to_dict()


def _text(result: dict[str, Any]) -> str:
    replies = result.get("replies") or []
    return (replies[0].text or "") if replies else ""  # an empty reply is a bad one, and the rules take over


def _with_warnings_logged(decomposed: DecomposedQuery) -> DecomposedQuery:
    for warning in decomposed.warnings:
        logger.warning("{warning}", warning=warning)
    return decomposed


def _outputs(decomposed: DecomposedQuery) -> dict[str, Any]:
    return {
        "requirements": [requirement.to_dict() for requirement in decomposed.requirements],
        "scoring": decomposed.scoring,
        "warnings": list(decomposed.warnings),
    }
