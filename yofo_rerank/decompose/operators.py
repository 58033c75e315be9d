"""The English around requirements: what denies, softens, offers or drops the words that follow, as patterns.

A pattern sees lower-case words without apostrophes, each followed by one space, and "," for a comma. The longest match
at a word wins. Patterns are put together from parts, so that every way to say "I" meets every way to say "don't want".
"""

from __future__ import annotations

import re


def _any(words: str) -> str:
    return "(?:" + "|".join(" ".join(word.split()) for word in words.split(",") if word.strip()) + ")"


_A = "(?:" + _any(
    """really, very, just, also, simply, absolutely, definitely, certainly, particularly, especially, actually, honestly
    , even, all that, so, that, quite, overly, strictly, totally, completely, usually, always, generally, ever, only, be"""
) + " )*"  # adverbs
_PERSON = _any(r"(?:i|we|he|she|they|you|someone|everyone|people|(?:my|our) \w+)(?:m|ve|d|re|ll|s)?, id, im, ive")
_ME = f"(?:{_PERSON} {_A}(?:(?:am|are|is|was|would|will|have|has|had|could|can|do|did|shall) )?{_A})"
_ITEM = _any("(?:item|piece|product|thing|one|garment|image|picture|photo)s?")
_IT = rf"(?:(?:that|which|who|it|they|this|these|those|there|(?:the|this|that|these|those) {_ITEM})(?:s|re)? )"
_NOT = (
    r"(?:(?:is|are|was|were|am|do|does|did|has|have|had|could|will|would|should|must|shall|may|might|need)(?:nt| not)"
    r"|can ?not|cant|wont|aint|never|not|under no circumstances)"
)
_MUST = _any("must, should, shall, can, could, would, will, may, has to, have to, had to, needs? to, ought to, got to")
_BE = rf"(?:(?:{_MUST} )?{_A}(?:be|look|looks|stay|seem|seems|is|are|was|were|been)(?: right)?)"
_SHOW = "(?:have|include|contain|feature|come with|show)"
_HAVE = _any(
    f"""(?:has|have) got, has, have, having, with, w/, featuring, features?, including, includes?, containing, contains?
    , comes? with, bearing, needs, requires, {_MUST} {_SHOW}"""
)
_LIKE = _any(
    """want, need, like, love, enjoy, care for, fancy, accept, tolerate, look(?:ing)? for, searching for, shopping for
    , wish for, after, interested in, into, a (?:big |huge |great )?fan of, keen on, fond of, eat, drink, wear, use, buy
    , go for, appreciate, in the market for, here for, see"""
)
_HATE = _any(
    """(?:hat|dislik|loath|exclud|despis|remov|refus|ignor)(?:e|es|ed|ing)(?: of)?, (?:avoid|detest|reject|abhor)(?:s|ed|ing)?
    , skip(?:s|ping)?, omit(?:s|ting)?, ban(?:s|ning)?, ditch(?:ing)?, drop(?:ping)?, lose, bin, scrap, spare me, hide, hold
    , forget(?: about)?, (?:leav|rul)(?:e|ing) out, get(?:ting)? rid of, say no to, (?:do|live) without, (?:hard )?pass on
    , (?:stay|staying|keep|keeping|shy) (?:well |far )?away from, steer(?:ing)? (?:well )?clear of, allergic to, averse to
    , intolerant (?:to|of), sick of, tired of, fed up with, bored (?:with|of|by), done with, had enough of, against
    , opposed to, no fan of, no thanks to, (?:ca|can|could)(?:nt|not| not) (?:stand|bear|abide|handle|take|deal with|live with|eat|drink|wear)"""
)
_DO = "(?:to (?:see|have|wear|get|buy|eat|find|use|own|include|be|look) )*"
_ANY = (
    f"{_DO}(?:(?:any ?(?:thing|one)|some(?:thing|one)|things|stuff|ones|items|pieces|it|them|those|any|one)"
    f" (?:(?:to )?{_IT}?(?:{_HAVE}|{_BE}|be|have|in|made (?:of|from|out of)|of) )?)?(?:any |all |of |to be )?"
)
_SEE = _any(
    """(?:show|find|give|get|bring|recommend)(?: me| us)?, help (?:me|us) find, suggest, search(?:ing)?(?: for)?
    , look(?:ing)? (?:for|to buy), in search of, on the lookout for, hunting for, shopping for, seeking, want(?:ed|s)?, need
    , (?:try|trying|hoping|hope) to find, after, in need of, in the market for"""
)
_FINE = "(?:nice|great|good|ideal|perfect|lovely|better|best|cool|(?:a )?(?:plus|bonus)|prefer(?:red|able)|welcome|appreciated)"
_IF = _any(
    """preferabl[ey], preferred, preferring, ideally, (?:if|where|when)(?: at all)? (?:possible|available), if you can
    , if you have (?:it|them), hopefully, optionally, possibly, maybe, perhaps, nice to have, (?:a|with a)? ?preference for
    , (?:as )?(?:a )?bonus(?: points)?(?: if| for)?, (?:extra|plus) points(?: if| for)?, (?:even |or )?(?:better|best)(?: yet| still)?(?: if)?
    , if (?:it ?s?|thats) possible, if at all"""
)

# name -> pattern. "^" holds at the start of a clause alone; "<" is said of what stands before it.
_PATTERNS: dict[str, str] = {
    "filler": "(?:as|so) long as (?:there (?:is|are) )?|provided (?:that )?|without (?:a )?(?:doubt|question|fail) |no doubt "
    "|please |pls |plz |thanks |thank you |hi |hello |hey |for (?:me|myself) |my (?:ideal|perfect|dream) |of course |kindly |basically ",
    "^want": f"(?:{_ME}?{_SEE}|{_ME}(?:want|need|like|love|wish for|go for|require|take)"
    "|(?:do|does|is|are|can|could|have|has|will|would) (?:you|it|they|there|we|i|this|that)(?: (?:happen to|please|possibly"
    "|also|have|sell|stock|got|get|carry|come|offer|make|find|show|recommend|suggest|be|available|it|one|any|this|them|me)"
    r"\b)*|anyone got) (?:(?:it|them) )?" + _DO,
    "^deny": f"{_ME}?(?:(?:(?:trying|want|prefer|like|hope|need|rather)(?: to)? )?{_HATE}|{_NOT} {_A}{_LIKE}"
    f"|(?:do not|dont|never) (?:show|give|include|send|suggest|recommend|add)(?: me)?) {_ANY}",
    "^doubt": f"{_ME}?{_NOT} {_A}(?:to )?{_HATE} |{_ME}?would(?:nt| not) mind ",
    "^ignore": f"{_ME}?(?:(?:do|does|am|are|is)? ?(?:nt|not)|dont|doesnt|isnt|arent) {_A}(?:mind|care|fussy|picky|bothered)"
    "(?: (?:about|if|whether|what|which))? |no preference (?:on|for|about|regarding) ",
    "^other": r"(?:i|we|he|she|they|you|my \w+|our \w+)(?:m|ve|d|re|ll)? ",
    "prefer": f"(?:{_ME}?(?:would )?(?:rather|prefer)|it would be {_FINE} if|would be {_FINE} if|{_FINE} if|{_ME}(?:love|like) it if"
    f"|{_IF}) {_DO}(?:(?:{_IT}|them )(?:{_BE} |{_HAVE} )?)?{_DO}",
    "better": r"the (?:more|less|\w+er)(?: [^,.]{1,40}?)? the (?:better|merrier) ",
    "<wish": f"(?:(?:would|will|could) be|(?:is|are)(?: also)?) {_FINE}(?: to have)?(?: but (?:is|are)?(?:nt| not) .{{,20}})? "
    "|(?:(?:is|are|its) )?(?:(?:isnt|arent|not) (?:required|essential|necessary|needed|a must)|optional|desirable|preferred) ",
    "<must": "(?:works|(?:would|will) do|(?:is|are) fine) |(?:is|are) (?:good|ok|okay|alright|a must|required|essential|mandatory|needed|a requirement) ",
    "<deny": "(?:(?:is|are|would be) )?(?:a |an )?(?:no-?go|no no|deal-?breaker|unacceptable|undesirable|unwanted|forbidden|banned|out|off the table"
    "|not (?:ok|okay|allowed|acceptable|for me|wanted|welcome)) "
    "|(?:is |are )?an? (?:hard |big |definite )?no (?=[.,]|$)",
    "<ignore": "(?:does(?:nt| not)|do(?:nt| not)) (?:really )?matter (?:(?:to me|much|at all) )?|(?:is|are) (?:irrelevant|unimportant"
    "|up to you|all the same to me) |(?:makes|make) no difference |up to you ",
    "ignore": "it (?:does|do)(?:nt| not) matter (?:if|whether|what|which|how) |regardless of |irrespective of |no matter (?:what |which |how )?|with or without |whether or not |whatever the ",
    "must": "(?:must|should|shall|definitely|absolutely|essentially|obviously|(?:needs?|has|have|got|ought) to) ",
    "cannot": rf"{_IT}?{_A}(?:(?:do|does|did|has|have|had|could|will|would)(?:nt| not)|can ?not|cant|wont|(?:has|have) never) ",
    "neither": f"(?:{_IT}?(?:{_BE}|{_HAVE}|shows) )?neither ",
    "keep": rf"(?:{_IT}?{_BE} )?(?:not (?:only|just|merely|simply|necessarily|sure|even|both|all|every|as|without|at all) "
    rf"|(?:no|not|never) (?:more|less|fewer|\w+er) than )|{_IT}?{_A}{_NOT} (?:have|need|has) to (?:be |have )?|no without |nothing but |all but |not not ",
    "no": f"(?:{_IT}?{_A}(?:{_HAVE}|{_BE}|comes?) )?(?:no|without|w/o|sans|minus|lacking|lacks?|devoid of|free (?:of|from)|zero"
    f"|none of) (?:(?:any|the|that|those)(?:thing)? )?|(?:{_IT}{_A})?{_NOT} {_A}{_SHOW} (?:any )?"
    f"|there {_NOT} be (?:any )?|nothing (?:{_IT}?{_HAVE}|containing) (?:any )?",
    "not": f"(?:(?:{_IT}{_A})?(?:{_BE} )?{_NOT} {_A}(?:{_BE} )?|nothing (?:(?:{_IT}{_BE}|made) )?)"
    "(?:(?:in|made of|made from|of) )?" + _DO + "(?:any )?",
    "except": r"(?:(?:(?:any|every) ?thing|any (?:colou?r|kind|type)(?: of \w+)?) but|(?:(?:(?:any|every) ?thing|something"
    r"|any (?:colou?r|kind|type)) )?(?:except|excluding|other than|apart from|aside from|instead of|rather than"
    "|as opposed to)) (?:for |in |the )*",
    "is": f"{_IT}{_A}{_BE} {_A}|{_BE} {_A}|(?:that|it|who|there)s |theyre ",
    "has": f"(?:{_IT}{_A})?{_HAVE} ",
    "for": _any(
        """(?:that )?(?:is |are )?(?:(?:ideally |well |perfectly )?(?:suitable|suited|ideal|perfect|great|good|right|made|meant|fit) )?for
        , (?:(?:that |which )?(?:i can|to) )?wear (?:to|at|on|in|for), (?:ideally |well )?suit(?:ed|able) (?:to|as|to wear in), (?:that )?works? for
        , (?:would be )(?:nice|great|good|perfect) for"""
    )
    + " ",
    "made": f"(?:{_IT}?(?:is |are )?)?(?:made|crafted) (?:of|from|out of|with|in) |of ",
    "in": "(?:(?:that )?(?:comes?|is|are) (?:available )?)?in (?:(?:an? |the )?(?:colou?r|shades?) (?:of |like )?)?|available in ",
    "near": r"(?:(?:under|below|over|above) (?=[$€£\d]|the knee)|near |next to |close to |between (?:\S+ and )?|within |up to |priced "
    r"|at (?:least|most) |(?:more|less|fewer) than |(?!rather|other)(?:more )?\w+er than )",
    "at": "(?:under|below|over|above|on|at|by|from|to|into|around|behind|inside|across|through|during|about|against|like|surrounded|size) ",
    "that": "(?:that|which|who|whose|where) ",
}
OPERATORS = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS.items())


def operator_at(text: str, start: int, *, opens_clause: bool) -> tuple[str, int]:
    """The name of the operator that starts at a place of the text, and where it ends; ("", start) if there is none.

    >>> operator_at("avoid anything with sequins ", 0, opens_clause=True)
    ('deny', 20)
    """
    name, end = "", start
    for found, pattern in OPERATORS:
        if found[0] != "^" or opens_clause:
            match = pattern.match(text, start)
            if match and match.end() > end:
                name, end = found.removeprefix("^"), match.end()
                if name == "prefer" and opens_clause:  # "ideally suitable for winter"
                    return name, end
    return name, end
