"""Entries that take words: queries, requirements, expressions, replies of language models."""

from __future__ import annotations

import json
import random
import time
from functools import cache
from pathlib import Path

from tests.attack import words
from tests.attack.entry import Entry, LetIn
from yofo_rerank.errors import RequirementError, YofoError
from yofo_rerank.requirements import MAX_QUERY_CHARS

SECONDS = 2.0  # of the processor, for one input of any kind


@cache
def _tokenizer():
    from tests.conftest import build_tiny
    from yofo_rerank.models.tokens import add_special_tokens

    tiny = build_tiny("qwen2_vl")
    add_special_tokens(tiny.processor.tokenizer, tiny.model)
    return tiny.processor.tokenizer


def check_query(query: str, folder: Path) -> None:
    """Requirements within the limits, in time; a query is refused only if it is blank."""
    from yofo_rerank.decompose import decompose
    from yofo_rerank.decompose.base import MAX_REQUIREMENTS, MAX_TEXT_CHARS

    start = time.thread_time()
    try:
        found = decompose(query)
    except YofoError:
        if any(char.isalnum() for char in query[:MAX_QUERY_CHARS]):
            raise
        return
    if time.thread_time() - start > SECONDS:
        raise LetIn(f"{len(query)} characters take {time.thread_time() - start:.1f} s")
    texts = [requirement.text for requirement in found.requirements]
    if not 0 < len(texts) <= MAX_REQUIREMENTS or any(not 0 < len(one) <= MAX_TEXT_CHARS for one in texts):
        raise LetIn(f"{len(texts)} requirements of up to {max(map(len, texts), default=0)} characters")


def check_requirement(texts: list[str], folder: Path) -> None:
    """As many slots as requirements, and no control token that plain words do not have."""
    from yofo_rerank.judging import check_requirements
    from yofo_rerank.prompts import get_format, template_ids

    try:
        texts = [one.text for one in check_requirements(texts)]
    except RequirementError:
        return
    tokenizer = _tokenizer()
    added = set(tokenizer.added_tokens_decoder)
    for layout in (get_format("yofo-v1"), get_format("ask-v1")):
        for asked in [texts] if layout.placeholder else [[one] for one in texts]:
            plain = template_ids(layout, tokenizer, ["x"] * len(asked))
            template = template_ids(layout, tokenizer, asked)
            if [one for one in template.ids if one in added] != [one for one in plain.ids if one in added]:
                raise LetIn("a control token")
            if len(template.slots) != len(asked):
                raise LetIn(f"{len(template.slots)} slots for {len(asked)} requirements")


def check_expression(expression: str, folder: Path) -> None:
    """Refused with a code, or a score in 0..1, in time."""
    from yofo_rerank import Judgement, Requirement
    from yofo_rerank.scoring import get_rule

    judged = [
        Judgement(requirement=Requirement(text=name), p_yes=p, verdict=p > 0.5) for name, p in (("a", 0.2), ("b", 0.9))
    ]
    start = time.thread_time()
    try:
        score = get_rule({"kind": "expression", "expression": expression}).score(judged)
    except YofoError:
        score = 0.0
    if not 0 <= score <= 1 or time.thread_time() - start > SECONDS:
        raise LetIn(f"score {score} in {time.thread_time() - start:.1f} s")


def check_reply(reply: object, folder: Path) -> None:
    """Refused, or requirements within the limits and a rule that is sound."""
    from yofo_rerank.decompose.base import MAX_REQUIREMENTS, MAX_TEXT_CHARS
    from yofo_rerank.decompose.llm_reply import read_reply
    from yofo_rerank.scoring import get_rule

    try:
        found = read_reply("a red dress", reply, name="llm")
    except YofoError:
        return
    if not 0 < len(found.requirements) <= MAX_REQUIREMENTS:
        raise LetIn(f"{len(found.requirements)} requirements")
    if any(len(one.text) > MAX_TEXT_CHARS for one in found.requirements):
        raise LetIn("a long requirement")
    if found.scoring is not None:
        get_rule(found.scoring)


def make_query(rng: random.Random) -> str:
    """Mostly shoppers' words."""
    query = words.sentence(rng, words.PLAIN if rng.random() < 0.5 else words.ALL, 30)
    return query * rng.randint(1, 200) if rng.random() < 0.005 else query


def make_reply(rng: random.Random) -> object:
    """JSON of nearly the right form, whole or damaged."""
    texts = [
        {"text": words.text(rng), "necessity": rng.choice(["must", "should", "perhaps"])}
        for _ in range(rng.randint(0, 5))
    ]
    reply = {"requirements": rng.choice([texts, texts, texts, None, {}, "x"])}
    reply |= {"expression": rng.choice([None, words.sentence(rng, words.CODE, 8)])} | (
        {"x": 1} if rng.random() < 0.1 else {}
    )
    data = json.dumps(reply)
    if rng.random() < 0.3:
        data = rng.choice(["```json\n{}\n```", "Sure! {}", "{}{}", "[" * 3000 + "{}"]).replace("{}", data)
    return data if rng.random() < 0.6 else words.mutated(rng, data.encode()).decode(errors="surrogateescape")


ENTRIES = [
    Entry("queries", "query texts", make_query, check_query, per_second=450, from_bytes=words.from_bytes),
    Entry(
        "requirements",
        "requirement texts with control tokens",
        lambda rng: [words.text(rng) for _ in range(rng.randint(1, 4))],
        check_requirement,
        per_second=300,
        from_bytes=lambda data: [words.from_bytes(data)],
    ),
    Entry(
        "expressions",
        "scoring expressions",
        lambda rng: words.sentence(rng, words.CODE, 14),
        check_expression,
        per_second=7500,
        from_bytes=words.from_bytes,
    ),
    Entry(
        "replies", "replies of language models", make_reply, check_reply, per_second=6600, from_bytes=words.from_bytes
    ),
]
