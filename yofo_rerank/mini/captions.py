"""Product texts for garments of the mini world: what a shop would write beside the picture.

A caption names everything that the garment has; what it does not name is absent.
"""

from __future__ import annotations

import random

from yofo_rerank.mini.attributes import FLAGS, Garment
from yofo_rerank.mini.phrases import WORDS, phrase


def caption(garment: Garment, rng: random.Random) -> str:
    """Describe a garment completely, in one of many wordings.

    >>> from yofo_rerank.mini.attributes import Garment
    >>> skirt = Garment("skirt", "red", None, "solid", None, None, "midi", "satin", belt=True)
    >>> "belt" in caption(skirt, random.Random(0))
    True
    """
    kind = rng.choice(WORDS["category", garment.category]["kind"])
    adjectives = [garment.colour, _say(garment, "material", "adj", rng)]
    if garment.pattern != "solid":
        adjectives.insert(rng.randrange(3), _say(garment, "pattern", "adj", rng))
        adjectives[adjectives.index(garment.colour)] = f"{garment.colour} and {garment.second_colour}"
    if garment.length and rng.random() < 0.5:
        adjectives.insert(0, _say(garment, "length", "adj", rng))
        details = []
    else:
        details = [_say(garment, "length", "noun", rng)] if garment.length else []
    details += [_say(garment, name, "noun", rng) for name in ("sleeves", "neckline") if getattr(garment, name)]
    details += [_flag(flag, rng) for flag in FLAGS if getattr(garment, flag)]
    rng.shuffle(details)
    text = phrase("{a} {0}" if rng.random() < 0.5 else "{0}", f"{' '.join(adjectives)} {kind}")
    if details:
        text += " with " + ", ".join(details)
    uses = [_say(garment, name, "prep", rng) for name in ("occasion", "season") if getattr(garment, name)]
    return text + rng.choice((", ", ". perfect ", ", right ")) + " and ".join(uses)


def _flag(flag: str, rng: random.Random) -> str:
    return rng.choice(WORDS[flag, "yes"]["noun"])


def _say(garment: Garment, attribute: str, shape: str, rng: random.Random) -> str:
    return rng.choice(WORDS[attribute, getattr(garment, attribute)][shape])
