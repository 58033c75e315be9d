"""What shoppers type, and which garments satisfy it: the text side of the first stage's training.

A query is made of *demands*; a demand holds if any of its claims does, or with `negated` if none does. Which garments
satisfy a query therefore follows from their attributes, for every pair of a query and a garment.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from yofo_rerank.mini.attributes import FLAGS, Garment
from yofo_rerank.mini.captions import caption
from yofo_rerank.mini.phrases import WORDS, phrase
from yofo_rerank.mini.statements import CLAIMS, POOLS, Claim, holds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_HEADS = {"category": 0.65, "nickname": 0.1, "group": 0.12, "": 0.13}
_DETAILS = (
    *("colour", "colour", "second_colour", "palette", "pattern", "pattern", "sleeves", "neckline", "length"),
    *("material", "season", "occasion", *FLAGS),
)
_EITHER = ("colour", "pattern", "sleeves", "neckline", "length", "material")
_OPENINGS = ("", "", "", "i want ", "please find ", "searching for ", "a photo of ", "i would like ", "where is ")
_WISHES = ("preferably {}", "ideally {}", "if possible {}", "best {}")


@dataclass(frozen=True)
class Demand:
    """One thing that a query asks for."""

    claims: tuple[Claim, ...]
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """A shopper's words and what they demand; a wish ("preferably red") is said but not demanded."""

    text: str
    demands: tuple[Demand, ...]


def sample_query(garment: Garment, rng: random.Random, *, claims: int | None = None, plain: bool = False) -> Query:
    """Draw a query that the garment satisfies; one in twelve is a full caption.

    Args:
        garment: satisfies the query.
        rng: the source of chance.
        claims: how many positive things to ask for; None = 1 to 6.
        plain: only positive claims: no negation, disjunction, wish or caption.
    """
    if not plain and rng.random() < 0.08:
        return Query(caption(garment, rng), tuple(Demand((claim,)) for claim in CLAIMS if holds(garment, claim)))
    claims = claims or rng.choices((1, 2, 3, 4, 5, 6), (0.15, 0.25, 0.25, 0.15, 0.1, 0.1))[0]
    head = rng.choices(tuple(_HEADS), tuple(_HEADS.values()))[0]
    head = "category" if head == "nickname" and not garment.nickname else head
    details = list(dict.fromkeys(rng.sample(_DETAILS, len(_DETAILS))))
    details = [name for name in details if getattr(garment, name)]
    asked, spare = details[: claims - bool(head)], details[claims - bool(head) :]
    demands = [Demand((_claim(garment, head),))] if head else []
    said: dict[str, list[str]] = {"adj": [], "noun": [], "prep": []}
    for name in asked:
        shape, words, demand = _demand(garment, name, rng, plain)
        said[shape].append(words)
        demands.append(demand)
    text = _positive(rng.choice(WORDS[demands[0].claims[0]]["kind"]) if head else "", said, rng)
    if not plain:
        for _ in range(rng.choices((0, 1, 2), (0.6, 0.3, 0.1))[0]):
            words, demand = _denial(garment, {claim[0] for one in demands for claim in one.claims}, rng)
            text += words
            demands.append(demand)
        if spare and rng.random() < 0.2:
            shape, words = _say(_claim(garment, spare[0]), rng)
            text += ", " + rng.choice(_WISHES).format(f"with {words}" if shape == "noun" else words)
    return Query(rng.choice(_OPENINGS) + text, tuple(demands))


def truths(garments: Sequence[Garment]) -> np.ndarray:
    """Which claims hold of which garments  # (garments, claims), bool."""
    return np.array([[holds(garment, claim) for claim in CLAIMS] for garment in garments])


def satisfied(queries: Sequence[Query], truth: np.ndarray) -> np.ndarray:
    """Which garments satisfy which queries  # (queries, garments), bool.

    >>> from yofo_rerank.mini.attributes import Garment
    >>> coat = Garment("coat", "red", None, "solid", "long", None, "midi", "knit")
    >>> red_or_blue = Demand((("colour", "red"), ("colour", "blue")))
    >>> satisfied([Query("red or blue", (red_or_blue,))], truths([coat])).tolist()
    [[True]]
    """
    columns = {claim: column for column, claim in enumerate(CLAIMS)}
    result = np.ones((len(queries), len(truth)), dtype=bool)
    for row, query in zip(result, queries, strict=True):
        for demand in query.demands:
            row &= truth[:, [columns[claim] for claim in demand.claims]].any(axis=1) != demand.negated
    return result


def build_query_tokenizer() -> PreTrainedTokenizerFast:
    """The mini tokenizer, as a CLIP text tower wants it: a start, an end, and no control tokens from the text."""
    from tokenizers import normalizers, processors
    from transformers import PreTrainedTokenizerFast

    from yofo_rerank.mini.architecture import build_tokenizer

    base = build_tokenizer()
    tokenizer = base.backend_tokenizer
    # so that a word is one token in the first place of a query as in any other
    tokenizer.normalizer = normalizers.Sequence([tokenizer.normalizer, normalizers.Prepend(" ")])
    ends = [(token, base.convert_tokens_to_ids(token)) for token in (START, END)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        padding_side="right",
        truncation_side="right",
        split_special_tokens=True,
    )


def _demand(garment: Garment, attribute: str, rng: random.Random, plain: bool) -> tuple[str, str, Demand]:
    claim = _claim(garment, attribute)
    if plain or attribute not in _EITHER or rng.random() > 0.12:
        return *_say(claim, rng), Demand((claim,))
    pair = [claim, rng.choice([other for other in POOLS[attribute] if other != claim])]
    rng.shuffle(pair)
    shape = rng.choice([shape for shape in WORDS[pair[0]] if shape in WORDS[pair[1]]])
    return shape, " or ".join(rng.choice(WORDS[one][shape]) for one in pair), Demand(tuple(pair))


def _denial(garment: Garment, used: set[str], rng: random.Random) -> tuple[str, Demand]:
    attributes = ("category", *_EITHER, *FLAGS)
    absent = [one for one in CLAIMS if one[0] in attributes and one[0] not in used and not holds(garment, one)]
    attribute = rng.choice(sorted({claim[0] for claim in absent}))
    claim = rng.choice([one for one in absent if one[0] == attribute])
    shape, words = _say(claim, rng)
    while words.startswith("no "):
        shape, words = _say(claim, rng)
    frames: tuple[str, ...]
    if shape == "noun":
        frames = (", without {}", ", no {bare}", " without {}", " that has no {bare}", ". it should not have {}")
    elif shape == "kind":
        frames = (", not {a} {0}", ", anything but {a} {0}", " that is not {a} {0}")
    else:
        frames = (", not {}", ", anything but {}", " that is not {}", " but not {}", ". it should not be {}")
    return phrase(rng.choice(frames), words), Demand((claim,), negated=True)


def _positive(head: str, said: dict[str, list[str]], rng: random.Random) -> str:
    """A noun phrase ("a red dress with a belt, for summer"), or its parts after commas."""
    before = [words for words in said["adj"] if rng.random() < 0.75]
    later = [words for words in said["adj"] if words not in before] + said["prep"]
    measure = "pair of " if head.startswith("pair of ") else ""
    noun = head.removeprefix(measure) or rng.choice(("something", "item", "piece", "clothes", ""))
    adjectives = (", " if rng.random() < 0.1 else " ").join(before)
    order = (noun, adjectives) if noun == "something" else (adjectives, noun)
    text = " ".join(part for part in order if part)
    if head and rng.random() < 0.5:
        text = phrase("{a} {0}", measure + text)
    if rng.random() < 0.3:
        parts = [*later, *(f"with {words}" if rng.random() < 0.5 else words for words in said["noun"])]
        rng.shuffle(parts)
        return ", ".join(part for part in (text, *parts) if part)
    if said["noun"]:
        text += " with " + " and ".join(said["noun"])
    for words in later:
        text += rng.choice((", ", ", ", " that is ", " ")) + words
    return text.strip(" ,")


def _say(claim: Claim, rng: random.Random) -> tuple[str, str]:
    shape = rng.choice([shape for shape in WORDS[claim] if shape != "kind"] or ["kind"])
    return shape, rng.choice(WORDS[claim][shape])


def _claim(garment: Garment, attribute: str) -> Claim:
    return attribute, "yes" if attribute in FLAGS else getattr(garment, attribute)
