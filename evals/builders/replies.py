"""What a model is asked to write, as a schema: statements about one image (SA-1B), or a query over two (LRVS-F)."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from yofo_rerank import Judgement, Requirement
from yofo_rerank.errors import RuleError, YofoError
from yofo_rerank.requirements import MAX_REQUIREMENT_CHARS
from yofo_rerank.scoring import get_rule

MAX_REPLY_CHARS = 100_000
LEAST_SHARE = 0.2  # of the rarer answer; "approximately equal numbers" is what the prompt asks for

Answer = Literal["yes", "no"]
Statement = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REQUIREMENT_CHARS)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class BadReply(YofoError):
    """A reply is not what was asked for; the message is fit to be shown to the model."""

    default_code = "bad_reply"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WrittenProperty(_Part):
    """One statement about the image, whether it holds, and why."""

    text: Statement
    answer: Answer
    reason: Sentence


class ImageReply(_Part):
    """Figure 4a of the paper: statements that hold or do not hold for one image."""

    properties: list[WrittenProperty] = Field(min_length=1, max_length=30)


class WrittenRequirement(_Part):
    """One requirement of the query, and whether each of the two images meets it."""

    text: Statement
    first: Answer
    first_reason: Sentence
    second: Answer
    second_reason: Sentence


class PairReply(_Part):
    """Figure 4b of the paper: a customer's query over two images, taken apart, and which image is the better one."""

    query: Sentence
    requirements: list[WrittenRequirement] = Field(min_length=1, max_length=12)
    expression: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    better: Literal["first", "second"]


Reply = ImageReply | PairReply


def read_reply(schema: type[Reply], text: str) -> Reply:
    """A model's text as a checked reply; a fence of Markdown around the JSON is taken off.

    >>> read_reply(ImageReply, '{"properties": []}')
    Traceback (most recent call last):
        ...
    evals.builders.replies.BadReply: properties: List should have at least 1 item after validation, not 0

    Raises:
        BadReply: too long, no JSON, another form, or `check_reply` refuses it.
    """
    if len(text) > MAX_REPLY_CHARS:
        raise BadReply(f"wanted at most {MAX_REPLY_CHARS} characters, but got {len(text)}")
    try:
        reply = schema.model_validate_json(_unfenced(text))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the reply"
        raise BadReply(f"{place}: {problem['msg']}") from error
    check_reply(reply)
    return reply


def check_reply(reply: Reply) -> None:
    """Refuse what a schema cannot see: a statement twice, answers all alike, an expression that prefers the other.

    Raises:
        BadReply: says which.
    """
    parts = reply.properties if isinstance(reply, ImageReply) else reply.requirements
    text, times = Counter(part.text.casefold() for part in parts).most_common(1)[0]
    if times > 1:
        raise BadReply(f"{text!r} occurs {times} times; wanted each statement once")
    if isinstance(reply, ImageReply):
        _check_balance(reply)
    else:
        _check_expression(reply)


def _check_balance(reply: ImageReply) -> None:
    yes = sum(prop.answer == "yes" for prop in reply.properties)
    no = len(reply.properties) - yes
    if min(yes, no) < LEAST_SHARE * len(reply.properties):
        raise BadReply(f"{yes} statements hold and {no} do not; wanted about as many of each")


def _check_expression(reply: PairReply) -> None:
    try:
        first, second = pair_scores(reply)
    except RuleError as error:
        raise BadReply(f"expression: {error}") from error
    found = "first" if first > second else "second" if second > first else "neither"
    if found != reply.better:
        raise BadReply(f"by expression and answers {found} is better, but by the reply {reply.better}")


def pair_scores(reply: PairReply) -> tuple[float, float]:
    """What the expression gives the two images with the answers as written.

    Raises:
        RuleError: the expression is no rule over these requirements.
    """
    rule = get_rule({"kind": "expression", "expression": reply.expression, "soft": False})
    scores = []
    for image in ("first", "second"):
        answers = [getattr(one, image) == "yes" for one in reply.requirements]
        scores.append(
            rule.score(
                [
                    Judgement(requirement=Requirement(text=one.text), p_yes=float(yes), verdict=yes)
                    for one, yes in zip(reply.requirements, answers, strict=True)
                ]
            )
        )
    return scores[0], scores[1]


def _unfenced(text: str) -> str:
    text = text.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") + 1 : -3]
    return text
