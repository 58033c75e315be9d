"""What shoppers call things: fashion words by kind, as data. Add a word here and the grammar knows it.

Terms are lower-case singulars, with spaces for hyphens ("long sleeve" also finds "long-sleeve"); a regular plural is
found by itself. The kind decides how a term is negated ("not pink", but "no pockets") and that a stack of terms
before a category is split into requirements.
"""

from __future__ import annotations


def _terms(text: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in text.replace("\n", ",").split(",") if term.strip())


COLOURS = _terms(
    """black, white, grey, gray, red, pink, orange, yellow, green, blue, purple, brown, beige, navy, navy blue
    royal blue, sky blue, baby blue, powder blue, hot pink, blush, blush pink, fuchsia, magenta, rose, coral
    salmon, peach, burgundy, maroon, wine red, crimson, scarlet, rust, burnt orange, mustard, gold, golden
    silver, bronze, copper, cream, ivory, off white, ecru, tan, camel, khaki, taupe, nude, charcoal
    anthracite, olive, olive green, forest green, emerald, emerald green, mint, mint green, lime, lime green
    sage, sage green, teal, turquoise, aqua, cyan, indigo, violet, lavender, lilac, plum, mauve
    multicoloured, multicolored, multicolour, multicolor, colourful, colorful, colourless, monochrome
    rainbow, metallic, black and white, two tone"""
)
SHADES = _terms("light, dark, pale, bright, deep, pastel, neon, dusty, muted, vivid")  # "dark blue" is one colour
PATTERNS = _terms(
    """solid, solid colour, solid color, plain, striped, stripy, pinstripe, pinstriped, checked, checkered
    chequered, checkerboard, plaid, tartan, gingham, houndstooth, argyle, polka dot, polka dotted, dotted
    spotted, floral, flowered, flowery, floral print, zigzag, zig zag, chevron, paisley, geometric, abstract
    animal print, leopard print, leopard, zebra print, snake print, tie dye, tie dyed, ombre, camouflage
    camo, tropical print, printed, patterned, unpatterned, patternless, colour block, color block
    colour blocked, color blocked"""
)
SLEEVES = _terms(
    """sleeveless, no sleeves, sleeved, long sleeve, long sleeved, short sleeve, short sleeved, half sleeve
    half sleeved, three quarter sleeve, three quarter sleeved, 3/4 sleeve, 3/4 sleeved, cap sleeve
    puff sleeve, puff sleeved, bell sleeve, bishop sleeve, batwing, strapless, spaghetti strap, one shoulder
    off the shoulder, off shoulder, cold shoulder, bare shouldered"""
)
NECKLINES = _terms(
    """v neck, v necked, round neck, round necked, crew neck, crewneck, scoop neck, square neck, square necked
    high neck, high necked, mock neck, roll neck, polo neck, boat neck, cowl neck, halter neck, halterneck
    halter, sweetheart, plunging, low cut, collarless"""
)
LENGTHS = _terms(
    """short, midi, mid length, long, mini, maxi, knee length, midi length, maxi length, mini length
    ankle length, floor length, full length, calf length, tea length, thigh length, hip length, cropped
    crop, longline, high low"""
)
MATERIALS = _terms(
    """cotton, denim, leather, faux leather, vegan leather, knit, knitted, satin, silk, silky, wool, woollen
    woolen, merino, cashmere, linen, velvet, velour, suede, lace, chiffon, tulle, mesh, jersey, fleece
    corduroy, tweed, polyester, nylon, viscose, rayon, spandex, lycra, fur, faux fur, quilted, padded
    sequin, sequined, sequinned, crochet, crocheted, organza, canvas, flannel, terry, waxed, ribbed, sheer
    transparent, see through, opaque"""
)
FITS = _terms(
    """loose, loose fit, loose fitting, relaxed, relaxed fit, oversized, baggy, slim, slim fit, skinny, tight
    tight fitting, fitted, form fitting, bodycon, straight, straight leg, wide leg, bootcut, flared, flowy
    flowing, boxy, tailored, a line, tapered, high waisted, high waist, high rise, mid rise, low rise
    low waisted, empire waist, plus size, petite, tall, stretchy"""
)
STYLES = _terms(
    """casual, formal, summery, wintry, semi formal, smart casual, smart, elegant, chic, classic, vintage, retro
    boho, bohemian, sporty, preppy, minimalist, modern, trendy, romantic, sexy, modest, cosy, cozy, warm
    lightweight, breathable, waterproof, comfortable, stylish, feminine, masculine, unisex, womens, mens
    girls, boys, kids, ladies, ethnic, gothic, grunge"""
)
DETAILS = _terms(
    """asymmetric, asymmetrical, ruched, unruched, hooded, hoodless, buttoned, button up, button down
    button front, double breasted, single breasted, belted, beltless, collared, zipped, zip up, zip front
    half zip, full zip, pleated, ruffled, frilled, frilly, tiered, draped, wrapped, layered, gathered
    smocked, embroidered, beaded, embellished, fringed, tasselled, ripped, distressed, backless, open back
    cut out, peplum, fur lined, lined, lace up, reversible, symmetrical, symmetric"""
)
PARTS = _terms(
    """pocket, chest pocket, patch pocket, button, belt, hood, logo, chest logo, collar, zip, zipper, hem
    asymmetric hem, asymmetrical hem, symmetrical hem, straight hem, slanted hem, detail, sleeve, sleeves
    long sleeves, short sleeves, puff sleeves, half sleeves, three quarter sleeves, cap sleeves
    bell sleeves, strap, spaghetti straps, lapel, cuff, drawstring, bow, ruffle, frill, fringe, pleat, slit
    side slit, lining, waistband, shoulder pad, neckline, round neckline, square neckline, high neckline
    v neckline, sweetheart neckline, plunging neckline, scoop neckline, turtleneck, tie, ribbon, tassel
    bead, embroidery, ruching, shirring, gathers, print, pattern, graphic, slogan, text, stripe, stripes
    check, checks, dot, dots, polka dots, flower, flowers, zigzags, sequins, stud, buckle, rhinestone, hole
    stain"""
)
CATEGORIES = _terms(
    """dress, gown, evening gown, shirt dress, sundress, slip dress, wrap dress, jumpsuit, romper, playsuit
    dungarees, overalls, t shirt, tshirt, tee, tee shirt, tank top, tank, camisole, cami, crop top, tube top
    shirt, polo shirt, blouse, top, tunic, sweater, jumper, pullover, sweatshirt, hoodie, cardigan, jacket
    bomber jacket, puffer jacket, down jacket, rain jacket, blazer, coat, trench coat, trenchcoat, overcoat
    raincoat, parka, anorak, poncho, cape, vest, waistcoat, gilet, skirt, pencil skirt, miniskirt, trousers
    pants, chinos, jeans, slacks, leggings, joggers, sweatpants, culottes, shorts, bottoms, outerwear
    one piece, suit, tuxedo, swimsuit, bikini, trunks, bra, underwear, lingerie, pyjamas, pajamas, nightgown
    robe, kimono, sari, saree, kurta, abaya, uniform, outfit, clothes, clothing, garment, shoe, sneaker
    trainers, boot, ankle boot, sandal, heel, high heels, flats, loafer, slippers, hat, cap, beanie, scarf
    shawl, glove, sock, tights, bag, handbag, backpack, tote bag, purse, clutch, sunglasses, watch, necklace
    bracelet, ring, earring, necktie, bow tie, knitwear, sportswear"""
)

# Said before a category, a season or an occasion is a requirement of its own: "summer dress" -> "for summer".
SEASONS = {season: f"for {season}" for season in ("summer", "winter", "spring", "autumn", "fall")}
OCCASIONS = {
    "evening": "for an evening event",
    "office": "for the office",
    "work": "for work",
    "business": "for business",
    "party": "for a party",
    "casual wear": "for casual wear",
    "evening wear": "for evening wear",
    "everyday wear": "for everyday wear",
    "office wear": "for office wear",
    "summer wear": "for summer",
    "winter wear": "for winter",
    "cocktail party": "for a cocktail party",
    "wedding": "for a wedding",
    "beach": "for the beach",
    "holiday": "for a holiday",
    "vacation": "for a vacation",
    "weekend": "for the weekend",
    "everyday": "for everyday wear",
    "gym": "for the gym",
    "school": "for school",
    "travel": "for travel",
    "prom": "for the prom",
    "date night": "for a date night",
    "evening event": "for an evening event",
    "formal event": "for a formal event",
}

TERMS: dict[str, tuple[str, ...]] = {
    "colour": COLOURS,
    "shade": SHADES,
    "pattern": PATTERNS,
    "sleeves": SLEEVES,
    "neckline": NECKLINES,
    "length": LENGTHS,
    "material": MATERIALS,
    "fit": FITS,
    "style": STYLES,
    "detail": DETAILS,
    "part": PARTS,
    "category": CATEGORIES,
    "season": tuple(SEASONS),
    "occasion": tuple(OCCASIONS),
}
TIMES = frozenset({"season", "occasion"})
NOUNS = frozenset({"part", "category"})
ADJECTIVES = frozenset(TERMS) - TIMES - NOUNS
NOUN_ENDINGS = ("neck", "length", "colour", "color", "print")  # "no v-neck", though "not v-necked"
KIND_OF_TERM: dict[str, str] = {term: kind for kind, terms in TERMS.items() for term in terms}


def kind_of(key: str) -> str | None:
    """The kind of a term, or of its singular; None for a word outside the lexicon.

    >>> kind_of("long sleeve"), kind_of("dresses"), kind_of("teapot")
    ('sleeves', 'category', None)
    """
    for candidate in (key, key.removesuffix("s"), key.removesuffix("es"), f"{key.removesuffix('ies')}y"):
        if candidate in KIND_OF_TERM:
            kind = KIND_OF_TERM[candidate]
            if candidate == key or kind in NOUNS or kind in TIMES or key.endswith("sleeves"):
                return kind
    return None
