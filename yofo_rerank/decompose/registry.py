"""The decomposers by name, and how plain data becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yofo_rerank.decompose.base import Decomposer
from yofo_rerank.decompose.fixed import FixedDecomposer
from yofo_rerank.decompose.llm import LlmDecomposer
from yofo_rerank.decompose.rules import RulesDecomposer
from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import DecomposedQuery

# name -> (class, the settings that data may hold); functions and clients come as arguments alone
DECOMPOSERS: dict[str, tuple[Callable[..., Decomposer], tuple[str, ...]]] = {
    "rules": (RulesDecomposer, ()),
    "fixed": (FixedDecomposer, ("requirements",)),
    "llm": (LlmDecomposer, ("model", "base_url", "api_key_env", "timeout", "prompt")),
}


def get_decomposer(spec: str | Mapping[str, Any] | Decomposer) -> Decomposer:
    """A decomposer from its name, from plain data with a `kind`, or the object itself.

    >>> get_decomposer("rules").name
    'rules'
    >>> get_decomposer({"kind": "fixed", "requirements": ["blue"]}).to_dict()["requirements"][0]["text"]
    'blue'

    Raises:
        DecomposeError: an unknown kind or setting (the message lists the known ones), or a setting that is wrong.
    """
    if not isinstance(spec, str | Mapping):
        if callable(getattr(spec, "decompose", None)):
            return spec
        raise DecomposeError(
            f"a decomposer must be a name, a dict or an object with .decompose, but got {type(spec).__name__}"
        )
    data: Mapping[str, Any] = {"kind": spec} if isinstance(spec, str) else spec
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in DECOMPOSERS:
        raise DecomposeError(f"unknown decomposer {kind!r:.80}; known ones are {', '.join(DECOMPOSERS)}")
    build, allowed = DECOMPOSERS[kind]
    settings = {key: value for key, value in data.items() if key != "kind"}
    unknown = sorted(map(repr, set(settings) - set(allowed)))
    if unknown:
        takes = ", ".join(allowed) or "none"
        raise DecomposeError(f"decomposer {kind!r} has no setting {', '.join(unknown)[:80]}; its settings: {takes}")
    if kind == "fixed" and not settings:
        raise DecomposeError("decomposer 'fixed' needs its requirements: {'kind': 'fixed', 'requirements': [...]}")
    return build(**settings)


def decompose(query: str, decomposer: str | Mapping[str, Any] | Decomposer = "rules") -> DecomposedQuery:
    """The query as requirements.

    >>> [requirement.text for requirement in decompose("a blue, hooded top without a chest logo").requirements]
    ['top', 'blue', 'hooded', 'no chest logo']

    Raises:
        DecomposeError: a blank query, or a decomposer that is unknown, set up wrongly, or returns something else.
    """
    chosen = get_decomposer(decomposer)
    decomposed = chosen.decompose(query)
    if not isinstance(decomposed, DecomposedQuery):
        raise DecomposeError(
            f"{type(chosen).__name__}.decompose must return a DecomposedQuery, but got {type(decomposed).__name__}"
        )
    return decomposed
