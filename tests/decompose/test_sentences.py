"""What `rules` makes of sentences: the exact requirements, "~" before a should."""

import random

import pytest

from yofo_rerank.decompose import decompose
from yofo_rerank.mini.attributes import sample_garment
from yofo_rerank.mini.statements import sample_statements

PAPER = {
    # Figure 1
    "I'm looking for a midi or long dress, not pink, for an evening event": "dress | midi or long | not pink | "
    "for an evening event",
    "midi or long, not pink, for an evening event": "midi or long | not pink | for an evening event",
    "a midi or long dress in a non-pink color for an evening event": "dress | midi or long | not pink | "
    "for an evening event",
    # Figure 5
    "a sleeveless, asymmetric dress that is not striped and preferably ruched": "dress | sleeveless | asymmetric | "
    "not striped | ~ruched",
    "a sleeveless, asymmetric dress that is not striped and preferably has ruching": "dress | sleeveless | asymmetric "
    "| not striped | ~ruching",
    # section 3.1: "ideally suitable" is no preference, "I'd prefer" is
    "I'm looking for some bottoms that are ideally suitable for summer wear and I'd prefer them to be grey if "
    "available": "bottoms | for summer | ~grey",
    "I’m looking for some bottoms that are ideally suitable for summer wear and I’d prefer them to be grey if "  # noqa: RUF001
    "available": "bottoms | for summer | ~grey",
    "bottoms for summer, preferably grey": "bottoms | for summer | ~grey",
    # introduction
    "a blue, hooded, long-sleeve top without a chest logo": "top | blue | hooded | long-sleeve | no chest logo",
    "“a blue, hooded, long-sleeve top without a chest logo,”": "a blue, hooded, long-sleeve top without a chest logo,",
}
STACKS = {
    "a dress with a zigzag pattern in satin": "dress | a zigzag pattern | satin",
    "a coat with buttons in gold": "coat | buttons in gold",
    "red dress": "dress | red",
    "shorts with a plain fabric in purple": "shorts | plain fabric | purple",
    "a skirt with a maxi length for hot weather": "skirt | a maxi length | for hot weather",
    "RED DRESS WITH POCKETS": "dress | red | pockets",
    "T-shirts": "t-shirts",
    "blue and white striped shirt with buttons but no pockets": "shirt | blue and white | striped | buttons | "
    "no pockets",
    "red, white and blue sweater": "sweater | red, white and blue",
    "light blue denim jacket": "jacket | light blue | denim",
    "black-and-white checked skirt": "skirt | black-and-white | checked",
    "knee-length A-line dress with three-quarter sleeves": "dress | knee-length | a-line | three-quarter sleeves",
    "polka dot blouse with a bow": "blouse | polka dot | a bow",
    "a striped and hooded sweatshirt": "sweatshirt | striped | hooded",
    "two red dresses": "two dresses | red",
    "summer dress": "dress | for summer",
    "give me a solid, satin, evening dress": "dress | solid | satin | for an evening event",
    "vintage Levi's jeans": "Levi's jeans | vintage",
    "cocktail dress in dark blue": "cocktail dress | dark blue",
    "shirt dress": "shirt dress",
    "a very short skirt": "skirt | very short",
    "cropped top; high-waisted jeans": "cropped top | high-waisted jeans",
    "a jacket and trousers": "jacket | trousers",
    "red, gold buttons": "red | gold buttons",
    "color: red, category: dress": "red | dress",
    "three unusual, shiny dresses": "three unusual | shiny dresses",
}
NEGATIONS = {
    "not pink or red": "not pink | not red",
    "neither red nor blue": "not red | not blue",
    "not striped, checked or floral": "not striped | not checked | not floral",
    "a shirt without buttons, pockets, or a belt": "shirt | no buttons | no pockets | no belt",
    "without a hood or visible zip": "no hood | no visible zip",
    "without a hood and logo": "no hood | no logo",
    "no buttons nor pockets": "no buttons | no pockets",
    "jacket that isn't leather and doesn't have a hood": "jacket | not leather | no hood",
    "Show me skirts that are not made of denim": "skirts | not denim",
    "anything but pink": "not pink",
    "a top in any colour except pink": "top | not pink",
    "never pink": "not pink",
    "avoid stripes": "no stripes",
    "I don't want pink, I hate stripes": "not pink | no stripes",
    "it should be red and must not have pockets": "red | no pockets",
    "a non-striped long shirt": "shirt | not striped | long",
    "red dress -pink": "dress | red | not pink",
    "logo-free hoodie": "hoodie | no logo",
    "non-iron shirt": "non-iron shirt",
    "dress, not a skirt": "dress | not a skirt",
    "something other than a dress": "not a dress",
    "not trousers": "not trousers",
    "no pink dresses": "no pink dresses",
    "not gold buttons": "no gold buttons",
    "not gold, shiny": "not gold | shiny",
    "not for winter": "not for winter",
    "it's for a wedding, so nothing casual": "for a wedding | not casual",
    "nothing for winter": "not for winter",
    "nothing patterned in yellow": "not patterned in yellow",
    "not in pink": "not pink",
    "red, not anything": "red",
    "red, for something": "red",
    "a dress not for winter but for summer": "dress | not for winter | for summer",
    "not for summer or winter": "not for summer or winter",
    "no gold, shiny": "not gold | shiny",
    "no gold shiny": "no gold shiny",
    "has no v-neck, not v-necked": "no v-neck | not v-necked",
    "no summer dress": "no summer dress",
    "a bird on a branch, not flying": "a bird on a branch | not flying",
}
KEPT_WHOLE = {
    "not only red but also blue": "not only red but also blue",
    "not only red, but also blue": "not only red, but also blue",
    "not both red and long": "not both red and long",
    "a dress no longer than knee length": "dress | no longer than knee length",
    "a skirt that is not too long": "skirt | not too long",
    "a dress that is neither too short nor too long": "dress | not too short | not too long",
    "not without pockets": "not without pockets",
    "dress without being too short": "dress | without being too short",
    "a coat that doesn't wrinkle": "coat | doesn't wrinkle",
    "at least two pockets": "at least two pockets",
    "a jumper between 20 and 30 euros": "jumper | between 20 and 30 euros",
    'a top with "girl power" text': 'top | "girl power" text',
    '"red dress, blue"': "red dress, blue",
    '{"colour": "red", "category": "dress"}': '{"colour": "red", "category": "dress"}',
    "wooden coffee table": "wooden coffee table",
    "coffee table made of wood": "coffee table | made of wood",
    "wooden coffee table with drawers and metal legs": "wooden coffee table | drawers | metal legs",
    "a photo of two dogs playing in the snow": "a photo of two dogs playing in the snow",
    "a man and a woman walking on the beach": "a man and a woman walking on the beach",
    "a child playing with a ball": "a child playing with a ball",
    "a dog waiting for a bus": "a dog waiting for a bus",
    "woman in a red dress": "woman in a red dress",
    "a cat sitting on a sofa without a person": "a cat sitting on a sofa | no person",
    "a red dress or a blue skirt": "a red dress or a blue skirt",
    "short black or long red dress": "short black or long red dress",
    "vestido rojo sin mangas": "vestido rojo sin mangas",
    "rotes Kleid, ohne Ärmel": "rotes Kleid | ohne Ärmel",
    "红色连衣裙，没有条纹": "红色连衣裙 | 没有条纹",  # noqa: RUF001
    "فستان أحمر، بدون أكمام": "فستان أحمر | بدون أكمام",
    "!!!": "!!!",
}
ALTERNATIVES = {
    "a red or blue dress": "dress | red or blue",
    "either a red or a blue dress": "dress | red or blue",
    "red/blue dress": "dress | red or blue",
    "a dress or a skirt": "dress or skirt",
    "dress with buttons or a zip": "dress | buttons or a zip",
    "red, blue or green shirt with short or long sleeves": "shirt | red, blue or green | short or long sleeves",
    "sleeveless or with thin straps": "sleeveless or with thin straps",
    "in black or in white": "in black or in white",
    "made of cotton or made of satin": "made of cotton or made of satin",
    "a dress for summer or spring": "dress | for summer or spring",
    "women's red dress for a wedding or a party": "dress | women's | red | for a wedding or a party",
}
PREFERENCES = {
    "red if possible": "~red",
    "a red dress if possible": "dress | ~red",
    "red dress with pockets if possible": "dress | red | ~pockets",
    "red if possible and with pockets": "~red | pockets",
    "pockets would be nice": "~pockets",
    "boots, preferably": "~boots",
    "with pockets, would be nice": "~pockets",
    "Preferably, a red coat": "~coat | ~red",
    "a coat, ideally with a belt, maybe in camel": "coat | ~a belt | ~camel",
    "an off-the-shoulder ruched satin top, bonus if it has buttons": "top | off-the-shoulder | ruched | satin | "
    "~buttons",
    "skirt: black, leather, short; not ruched; belt optional": "skirt | black | leather | short | not ruched | ~belt",
    "preferably red and it must have pockets": "~red | pockets",
    "must have pockets, nice to have: a belt": "pockets | ~a belt",
    "red, preferably red": "red",
    "a floral dress but with short sleeves and preferably no belt": "dress | floral | short sleeves | ~no belt",
}
SENTENCES = {
    "a top that is blue, has a hood and long sleeves, and no chest logo": "top | blue | a hood | long sleeves | "
    "no chest logo",
    "I want a dress. It should be red. No pockets please.": "dress | red | no pockets",
    "My ideal dress is red and long": "dress | red | long",
    "can you find me a casual striped t-shirt that has a chest pocket but isn't blue?": "t-shirt | casual | striped | "
    "a chest pocket | not blue",
    "a black leather jacket with silver zips and no hood": "jacket | black | leather | silver zips | no hood",
    "a t-shirt with a logo on the chest": "t-shirt | a logo on the chest",
    "a dress that covers the shoulders and is not pink": "dress | covers the shoulders | not pink",
    "show me that dress": "dress",
    "a dress that looks elegant": "dress | elegant",
    "a dress made of silk in red": "dress | silk | red",
    "a dress of silk": "dress | silk",
    "sofa in black": "sofa | black",
    "a dress which doesn't have buttons and which isn't long": "dress | no buttons | not long",
    "something warm for winter with a hood": "warm | for winter | a hood",
    "a dress for the office and the evening": "dress | for the office | for an evening event",
    "an elegant dress, something I can wear to a wedding": "dress | elegant | for a wedding",
    "a red dress I need for a wedding": "dress | red | for a wedding",
    "a warm coat (preferably wool) under $200": "coat | warm | ~wool | under $200",
    "hoodie w/ pockets w/o logo": "hoodie | pockets | no logo",
    "trousers with or without a belt": "trousers",
    "I don't mind the colour, but no stripes": "no stripes",
    "stylish and red": "stylish | red",
    "comfy and red": "comfy | red",
    "<b>red</b> dress": "dress | red",
    "a sofa I want to show": "a sofa I want to show",
    "a photo that shows it": "a photo | shows it",
    "dress size 42, 1,5 kg": "dress | size 42 | 1,5 kg",
    "the sky is blue": "the sky is blue",
    "👗 red!!": "red",
}
CASES = PAPER | STACKS | NEGATIONS | KEPT_WHOLE | ALTERNATIVES | PREFERENCES | SENTENCES


@pytest.mark.parametrize(("query", "expected"), CASES.items(), ids=list(CASES))
def test_sentence(query: str, expected: str) -> None:
    requirements = decompose(query).requirements
    said = [("~" if item.necessity == "should" else "") + item.text for item in requirements]
    assert " | ".join(said) == expected


def test_there_are_enough_sentences() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("held_out", [False, True])
def test_a_statement_of_the_mini_world_is_one_requirement_of_the_same_polarity(held_out: bool) -> None:
    rng = random.Random(7)
    checked = 0
    for _ in range(150):
        for statement in sample_statements(sample_garment(rng), rng, 10, held_out=held_out):
            if "no sleeves" in statement.text:  # a negation that is a value of its own
                continue
            texts = [item.text for item in decompose(statement.text).requirements]
            assert len(texts) == 1, statement.text
            assert texts[0].startswith(("no ", "not ")) == (statement.form == "negated"), statement.text
            checked += 1
    assert checked > 1000
