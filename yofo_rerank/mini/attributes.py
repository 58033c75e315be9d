"""What a garment of the mini world can be: values, which of them each category admits, and how to sample one."""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict, dataclass
from typing import Any

COLOURS = ("black", "white", "grey", "red", "pink", "orange", "yellow", "green", "blue", "purple", "brown", "beige")
PATTERNS = ("solid", "striped", "checked", "polka dot", "floral", "zigzag")
SLEEVES = ("sleeveless", "short", "long")
NECKLINES = ("round", "v", "square", "high")
LENGTHS = ("short", "midi", "long")
MATERIALS = ("cotton", "denim", "leather", "knit", "satin")
FLAGS = ("asymmetric_hem", "ruched", "hood", "chest_logo", "buttons", "belt", "pockets", "collar")


@dataclass(frozen=True)
class Kind:
    """What one category admits; an empty tuple means that the attribute does not apply to it."""

    group: str  # top, bottoms, outerwear, one-piece
    sleeves: tuple[str, ...] = ()
    necklines: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    materials: tuple[str, ...] = ("cotton",)
    flags: tuple[str, ...] = ()  # may be present or absent
    always: tuple[str, ...] = ()  # part of what the thing is
    patterned: bool = True


KINDS: dict[str, Kind] = {
    "dress": Kind(
        "one-piece",
        sleeves=SLEEVES,
        necklines=NECKLINES,
        lengths=LENGTHS,
        materials=("cotton", "denim", "knit", "satin"),
        flags=("asymmetric_hem", "ruched", "buttons", "belt", "pockets"),
    ),
    "jumpsuit": Kind(
        "one-piece",
        sleeves=SLEEVES,
        necklines=NECKLINES,
        materials=("cotton", "denim", "satin"),
        flags=("ruched", "buttons", "belt", "pockets"),
    ),
    "t-shirt": Kind(
        "top",
        sleeves=("short", "long"),
        necklines=("round", "v"),
        materials=("cotton",),
        flags=("asymmetric_hem", "ruched", "chest_logo", "pockets"),
    ),
    "tank top": Kind(
        "top",
        sleeves=("sleeveless",),
        necklines=("round", "v", "square"),
        materials=("cotton", "satin", "knit"),
        flags=("asymmetric_hem", "ruched", "chest_logo"),
    ),
    "shirt": Kind(
        "top",
        sleeves=("short", "long"),
        materials=("cotton", "denim", "satin"),
        flags=("pockets",),
        always=("collar", "buttons"),
    ),
    "sweater": Kind(
        "top",
        sleeves=("long",),
        necklines=("round", "v", "high"),
        materials=("knit",),
        flags=("asymmetric_hem",),
    ),
    "sweatshirt": Kind(
        "top",
        sleeves=("short", "long"),
        necklines=("round",),
        materials=("cotton",),
        flags=("hood", "chest_logo", "pockets"),
    ),
    "cardigan": Kind(
        "top",
        sleeves=("long",),
        necklines=("v",),
        materials=("knit",),
        flags=("pockets", "belt"),
        always=("buttons",),
    ),
    "jacket": Kind(
        "outerwear",
        sleeves=("sleeveless", "long"),
        materials=("cotton", "denim", "leather"),
        flags=("hood", "chest_logo", "pockets", "buttons"),
    ),
    "coat": Kind(
        "outerwear",
        sleeves=("long",),
        lengths=("midi", "long"),
        materials=("cotton", "leather", "knit"),
        flags=("hood", "buttons", "belt", "pockets"),
    ),
    "skirt": Kind(
        "bottoms",
        lengths=LENGTHS,
        materials=("cotton", "denim", "leather", "knit", "satin"),
        flags=("asymmetric_hem", "ruched", "buttons", "belt", "pockets"),
    ),
    "trousers": Kind("bottoms", materials=("cotton", "denim", "leather", "satin"), flags=("belt", "pockets")),
    "shorts": Kind("bottoms", materials=("cotton", "denim", "leather"), flags=("belt", "pockets")),
}
CATEGORIES = tuple(KINDS)
GROUPS = ("top", "bottoms", "outerwear", "one-piece")


@dataclass(frozen=True)
class Garment:
    """One garment, fully described; None means that the attribute does not apply."""

    category: str
    colour: str
    second_colour: str | None
    pattern: str
    sleeves: str | None
    neckline: str | None
    length: str | None
    material: str
    asymmetric_hem: bool = False
    ruched: bool = False
    hood: bool = False
    chest_logo: bool = False
    buttons: bool = False
    belt: bool = False
    pockets: bool = False
    collar: bool = False

    @property
    def group(self) -> str:
        """Top, bottoms, outerwear or one-piece."""
        return KINDS[self.category].group

    @property
    def season(self) -> str | None:
        """Summer, winter, or None for the months between; a rule over what can be seen."""
        warm = self.material in ("knit", "leather") or self.neckline == "high" or self.hood
        if self.category == "coat" or (warm and self.sleeves != "sleeveless" and self.category != "shorts"):
            return "winter"
        airy = self.material in ("cotton", "satin") and not warm
        bare = self.sleeves in ("sleeveless", "short") or self.category in ("shorts", "skirt")
        return "summer" if airy and bare and self.group != "outerwear" else None

    @property
    def occasion(self) -> str:
        """Evening, office or casual; a rule over what can be seen."""
        casual = self.material == "denim" or self.hood or self.chest_logo or self.category in ("t-shirt", "shorts")
        dressed = self.category in ("dress", "jumpsuit", "skirt", "tank top", "shirt", "trousers")
        if self.material == "satin" and dressed and not casual:
            return "evening"
        if self.category == "dress" and self.length == "long" and self.pattern == "solid" and self.material == "cotton":
            return "evening"
        office = self.category in ("shirt", "trousers", "coat", "cardigan") or (
            self.category in ("dress", "skirt") and self.length == "midi"
        )
        return "office" if office and not casual else "casual"

    @property
    def palette(self) -> str | None:
        """Both colours of a patterned garment, in alphabetical order."""
        return " and ".join(sorted((self.colour, self.second_colour))) if self.second_colour else None

    @property
    def nickname(self) -> str | None:
        """The word that people have for some combinations."""
        if self.category == "sweatshirt" and self.hood:
            return "hoodie"
        if self.category == "trousers" and self.material == "denim":
            return "jeans"
        return "gilet" if self.category == "jacket" and self.sleeves == "sleeveless" else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, with the derived properties."""
        derived = ("group", "season", "occasion", "palette", "nickname")
        return asdict(self) | {name: getattr(self, name) for name in derived}


# Colours that a shopper would not call different once shaded are never put together in one garment.
CLOSE_COLOURS = {
    frozenset(pair)
    for pair in (
        ("white", "beige"),
        ("white", "grey"),
        ("beige", "grey"),
        ("beige", "yellow"),
        ("beige", "pink"),
        ("red", "pink"),
        ("red", "orange"),
        ("orange", "yellow"),
        ("orange", "brown"),
        ("blue", "purple"),
        ("pink", "purple"),
        ("black", "brown"),
        ("red", "brown"),
        ("white", "yellow"),
        ("white", "pink"),
        ("black", "purple"),
        ("black", "blue"),
        ("grey", "green"),
        ("grey", "blue"),
        ("grey", "purple"),
        ("brown", "purple"),
        ("orange", "pink"),
        ("blue", "green"),
        ("brown", "green"),
        ("brown", "grey"),
        ("beige", "brown"),
    )
}


def is_held_out(garment: Garment) -> bool:
    """Whether the garment's (category, colour) or (category, pattern, sleeves or length) is kept from training.

    About one garment in six; decided by a digest of the combination, so that it never depends on a seed. The shape of
    jeans is never kept: the word would have nothing to be learned from.
    """
    shape = (garment.category, garment.pattern, garment.sleeves or garment.length or garment.material)
    named = garment.nickname == "jeans"
    return _digest((garment.category, garment.colour)) % 11 == 0 or (not named and _digest(shape) % 13 == 0)


def sample_garment(rng: random.Random, *, category: str | None = None) -> Garment:
    """Draw a garment; every value that a category admits is about equally likely.

    >>> sample_garment(random.Random(0)) == sample_garment(random.Random(0))
    True
    """
    category = category or rng.choice(CATEGORIES)
    kind = KINDS[category]
    pattern = rng.choice(PATTERNS) if rng.random() < 0.65 else "solid"
    material = rng.choice(kind.materials)
    if material in ("leather", "denim"):  # nobody prints flowers on leather, and seams would hide them
        pattern = "solid"
    colour = rng.choice(COLOURS)
    others = [other for other in COLOURS if other != colour and frozenset((colour, other)) not in CLOSE_COLOURS]
    flags = dict.fromkeys(kind.always, True) | {flag: rng.random() < 0.45 for flag in kind.flags}
    if flags.get("hood"):
        flags["collar"] = False
    if kind.group == "outerwear" and not flags.get("hood"):
        flags["collar"] = rng.random() < 0.6
    neckline = rng.choice(kind.necklines) if kind.necklines and not flags.get("hood") else None
    return Garment(
        category=category,
        colour=colour,
        second_colour=rng.choice(others) if pattern != "solid" else None,
        pattern=pattern,
        sleeves=rng.choice(kind.sleeves) if kind.sleeves else None,
        neckline=neckline,
        length=rng.choice(kind.lengths) if kind.lengths else None,
        material=material,
        **flags,
    )


def _digest(parts: tuple[str, ...]) -> int:
    return int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:4], "big")
