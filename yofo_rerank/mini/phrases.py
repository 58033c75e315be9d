"""How people say it: the words for every value of the mini world.

A phrase has one of four shapes, which decide the frames it fits (`frames.py`): `adj` ("striped"), `noun` ("a belt"),
`kind` ("a dress") and `prep` ("for summer").
"""

from __future__ import annotations

from itertools import combinations

from yofo_rerank.mini.attributes import CATEGORIES, CLOSE_COLOURS, COLOURS

WORDS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("pattern", "solid"): {"adj": ("plain", "solid", "unpatterned"), "noun": ("a plain fabric", "a solid colour")},
    ("pattern", "striped"): {"adj": ("striped",), "noun": ("stripes", "a striped pattern")},
    ("pattern", "checked"): {"adj": ("checked", "checkered"), "noun": ("checks", "a checked pattern")},
    ("pattern", "polka dot"): {"adj": ("polka dot", "dotted"), "noun": ("polka dots", "dots", "a polka dot pattern")},
    ("pattern", "floral"): {"adj": ("floral", "flowery"), "noun": ("flowers", "a floral pattern", "a floral print")},
    ("pattern", "zigzag"): {"adj": ("zigzag",), "noun": ("a zigzag pattern", "zigzags")},
    ("sleeves", "sleeveless"): {"adj": ("sleeveless",), "noun": ("bare arms", "no sleeves")},
    ("sleeves", "short"): {"adj": ("short-sleeved", "short-sleeve"), "noun": ("short sleeves",)},
    ("sleeves", "long"): {"adj": ("long-sleeved", "long-sleeve"), "noun": ("long sleeves",)},
    ("neckline", "round"): {"adj": ("round-necked",), "noun": ("a round neck", "a crew neck", "a round neckline")},
    ("neckline", "v"): {"adj": ("v-necked",), "noun": ("a v-neck", "a v-neckline")},
    ("neckline", "square"): {"adj": ("square-necked",), "noun": ("a square neck", "a square neckline")},
    ("neckline", "high"): {"adj": ("high-necked",), "noun": ("a high neck", "a turtleneck", "a high neckline")},
    ("length", "short"): {"adj": ("short", "mini", "above the knee"), "noun": ("a short length", "a mini length")},
    ("length", "midi"): {"adj": ("midi", "mid-length"), "noun": ("a midi length", "a medium length")},
    ("length", "long"): {"adj": ("long", "maxi", "floor-length"), "noun": ("a long length", "a maxi length")},
    ("material", "cotton"): {"adj": ("cotton",), "prep": ("made of cotton", "in cotton")},
    ("material", "denim"): {"adj": ("denim",), "prep": ("made of denim", "in denim")},
    ("material", "leather"): {"adj": ("leather",), "prep": ("made of leather", "in leather")},
    ("material", "knit"): {"adj": ("knitted", "knit", "wool"), "prep": ("made of knitwear", "in knit", "made of wool")},
    ("material", "satin"): {"adj": ("satin", "silky", "silk"), "prep": ("made of satin", "in satin", "made of silk")},
    ("asymmetric_hem", "yes"): {"adj": ("asymmetric",), "noun": ("an asymmetric hem", "a slanted hem")},
    ("ruched", "yes"): {"adj": ("ruched", "gathered"), "noun": ("ruching",)},
    ("hood", "yes"): {"adj": ("hooded",), "noun": ("a hood",)},
    ("chest_logo", "yes"): {"noun": ("a chest logo", "a logo", "a logo on the chest")},
    ("buttons", "yes"): {"adj": ("buttoned",), "noun": ("buttons", "a row of buttons")},
    ("belt", "yes"): {"adj": ("belted",), "noun": ("a belt",)},
    ("pockets", "yes"): {"noun": ("pockets", "visible pockets")},
    ("collar", "yes"): {"adj": ("collared",), "noun": ("a collar",)},
    ("season", "summer"): {
        "prep": ("for summer", "for summer wear", "for hot weather"),
        "adj": ("suitable for summer", "summery"),
    },
    ("season", "winter"): {
        "prep": ("for winter", "for winter wear", "for cold weather"),
        "adj": ("suitable for winter", "warm"),
    },
    ("occasion", "evening"): {
        "prep": ("for an evening event", "for evening wear", "for a party", "for a formal event"),
        "adj": ("elegant", "formal"),
    },
    ("occasion", "office"): {"prep": ("for the office", "for work", "for office wear"), "adj": ("smart",)},
    ("occasion", "casual"): {"prep": ("for everyday wear", "for casual wear"), "adj": ("casual",)},
    ("group", "top"): {"kind": ("top",)},
    ("group", "bottoms"): {"kind": ("pair of bottoms",), "adj": ("bottoms",)},
    ("group", "outerwear"): {"kind": ("piece of outerwear",), "adj": ("outerwear",)},
    ("group", "one-piece"): {"kind": ("one-piece",)},
    ("nickname", "hoodie"): {"kind": ("hoodie",)},
    ("nickname", "jeans"): {"kind": ("pair of jeans",), "adj": ("jeans",)},
    ("nickname", "gilet"): {"kind": ("gilet", "vest")},
}
WORDS |= {
    ("colour", colour): {
        "adj": (colour, f"mainly {colour}"),
        "prep": (f"in {colour}",),
        "noun": (f"a {colour} colour",) if colour != "orange" else ("an orange colour",),
    }
    for colour in COLOURS
}
WORDS |= {
    ("second_colour", colour): {
        "noun": (f"a pattern in {colour}", f"{colour} details"),
        "prep": (f"patterned in {colour}",),
    }
    for colour in COLOURS
}
WORDS |= {  # "a blue and white shirt": both colours of it, in either order
    ("palette", f"{one} and {other}"): {"adj": (f"{one} and {other}", f"{other} and {one}")}
    for one, other in combinations(sorted(COLOURS), 2)
    if frozenset((one, other)) not in CLOSE_COLOURS
}
WORDS["colour", "grey"]["adj"] = ("grey", "gray", "mainly grey")
_KIND_WORDS = {
    "shirt": ("shirt", "blouse"),
    "trousers": ("pair of trousers", "pair of pants"),
    "shorts": ("pair of shorts",),
    "t-shirt": ("t-shirt", "tee"),
    "sweater": ("sweater", "jumper"),
    "dress": ("dress", "gown"),
}
WORDS |= {("category", category): {"kind": _KIND_WORDS.get(category, (category,))} for category in CATEGORIES}
WORDS["category", "trousers"]["adj"] = ("trousers", "pants")
WORDS["category", "shorts"]["adj"] = ("shorts",)

_ARTICLES = ("a ", "an ")


def phrase(frame: str, words: str) -> str:
    """Put words into a frame; `{a}` becomes the article that fits, `{bare}` the words without theirs.

    >>> phrase("it is {a} {0}", "dress"), phrase("it has no {bare}", "a belt")
    ('it is a dress', 'it has no belt')
    """
    bare = next((words[len(article) :] for article in _ARTICLES if words.startswith(article)), words)
    return frame.format(words, a="an" if words[0] in "aeio" and not words.startswith("one") else "a", bare=bare)
