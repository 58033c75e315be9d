"""The two data sets that can be built, as records: what is shown, what is asked, what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from evals.builders.replies import ImageReply, PairReply, Reply


@dataclass(frozen=True)
class Kind:
    """One data set of the paper (section 4.2); the paper's own prompts are not public, these are ours."""

    name: str
    images: int  # per question
    schema: type[Reply]
    count: int  # statements to ask for, or requirements at most
    prompt: str  # {count} stands for it


_SA1B = """\
Look at the image and write exactly {count} statements about it that can be checked by looking, with yes or no.
About half of them hold for the image, the others do not hold but could well be believed by someone who did not look.
Mix objects, attributes, colours, materials, counts, positions, actions, relations, text in the image, and what is
absent ("no person is visible"). Each statement is a short phrase or sentence that stands for itself, about one fact.
Put those that hold and those that do not in a random order. Give a reason for every answer: one sentence about what is
to be seen in the image.

Answer with JSON alone, in this form:
{"properties": [{"text": "the car is parked", "answer": "no", "reason": "The wheels are blurred by motion."}]}"""

_LRVS = """\
You see two products of one category: the first image, then the second. Write what a customer of a shop might type who
would prefer one of the two: natural words, several wishes at once, at least one wish that is denied ("not striped") or
merely preferred. Draw by chance which of the two is the better one.
Then take the query apart into at most {count} requirements r1, r2, ...: each a short phrase about one fact that can be
checked on one image with yes or no, in the order of the query, denials kept ("not striped"). Say for each image whether
it meets the requirement, and why, in one sentence about what is to be seen.
At last write a Python expression over r1, r2, ... that gives the better image the larger value: and, or, not, +, -, *,
numbers and brackets. What is a must weighs more than a preference, for example "2*(r1 and r2) + r3".

Answer with JSON alone, in this form:
{"query": "a sleeveless dress, not striped", "requirements": [{"text": "sleeveless", "first": "yes",
"first_reason": "The shoulders are bare.", "second": "no", "second_reason": "It has long sleeves."}],
"expression": "r1", "better": "first"}"""

KINDS = {kind.name: kind for kind in (Kind("sa1b", 1, ImageReply, 10, _SA1B), Kind("lrvs", 2, PairReply, 8, _LRVS))}
