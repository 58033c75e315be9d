"""How people say it: the words for every value, and the sentence frames they stand in.

A phrase has one of four shapes, which decide the frames it fits: `adj` ("striped"), `noun` ("a belt"),
`kind` ("a dress") and `prep` ("for summer"). A few frames are kept from training, so that evaluation can ask in
wordings the model never met; their single words it did meet.
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
for _plural in ("trousers", "shorts"):
    WORDS["category", _plural]["adj"] = (_plural,)

TRAIN_FRAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "yes": {
        "adj": ("{}", "it is {}", "the item is {}", "this piece looks {}", "must be {}", "something that is {}"),
        "noun": (
            "{}",
            "{bare}",
            "with {}",
            "it has {}",
            "the item has {}",
            "this piece comes with {}",
            "something that has {}",
        ),
        "kind": ("{0}", "{a} {0}", "it is {a} {0}", "this is {a} {0}", "the item is {a} {0}"),
        "prep": ("{}", "it is {}", "the item is {}", "something {}", "this piece looks right {}"),
    },
    "no": {
        "adj": (
            *("not {}", "it is not {}", "the item isn't {}", "must not be {}", "anything but {}"),
            *("something that is not {}", "something that isn't {}", "this item is not {}", "it must not be {}"),
        ),
        "noun": (
            *("no {bare}", "without {}", "it has no {bare}", "the item does not have {}", "has no {bare}"),
            *("something that has no {bare}", "something that does not have {}", "this piece has no {bare}"),
            *("comes without {}", "this piece comes without {}", "does not have {}", "must not have {}"),
        ),
        "kind": (
            *("not {a} {0}", "it is not {a} {0}", "the item isn't {a} {0}", "anything but {a} {0}"),
            *(
                "something that is not {a} {0}",
                "this is not {a} {0}",
                "must not be {a} {0}",
                "this piece isn't {a} {0}",
            ),
        ),
        "prep": (
            *("not {}", "it is not {}", "the item isn't {}", "nothing {}"),
            *("something that is not {}", "this item is not {}", "something that isn't {}", "must not be {}"),
        ),
    },
}
HELD_OUT_FRAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "yes": {
        "adj": ("the piece is {}", "this item looks {}", "it must be {}", "something {}"),
        "noun": ("has {}", "this piece has {}", "the item comes with {}", "something with {}"),
        "kind": ("this piece is {a} {0}", "it must be {a} {0}", "something that is {a} {0}"),
        "prep": ("this item is {}", "it looks right {}", "something that is {}"),
    },
    "no": {
        "adj": ("this piece is not {}", "it isn't {}", "the item must not be {}", "something not {}"),
        "noun": ("the item has no {bare}", "it does not have {}", "something without {}", "it comes without {}"),
        "kind": ("this piece is not {a} {0}", "it isn't {a} {0}", "it must not be {a} {0}"),
        "prep": ("this piece is not {}", "it isn't {}", "something not {}"),
    },
}
_ARTICLES = ("a ", "an ")


def phrase(frame: str, words: str) -> str:
    """Put words into a frame; `{a}` becomes the article that fits, `{bare}` the words without theirs.

    >>> phrase("it is {a} {0}", "dress"), phrase("it has no {bare}", "a belt")
    ('it is a dress', 'it has no belt')
    """
    bare = next((words[len(article) :] for article in _ARTICLES if words.startswith(article)), words)
    return frame.format(words, a="an" if words[0] in "aeio" and not words.startswith("one") else "a", bare=bare)
