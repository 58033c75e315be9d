"""The English around the requirements: which phrase opens, joins, negates or softens one, as data.

Keys are lower-case, without apostrophes and with spaces for hyphens; the longest phrase wins.
"""

from __future__ import annotations

_PHRASES: dict[str, str] = {
    # dropped where they open a phrase
    "filler": """im looking for, i am looking for, were looking for, we are looking for, looking for, look for
        im after, i am after, im searching for, i am searching for, searching for, search for, search
        in search of, on the lookout for, im trying to find, i am trying to find, i want, i need
        i would like, id like, i would love, id love, i like, i love, i wish for, we want, we need, want
        wanted, need, show me, show, find me, find, give me, get me, bring me, help me find, can you find me
        can you find, could you find me, could you find, can you show me, could you show me, do you have
        do you sell, have you got, can i get, can i have, can i see, recommend me, recommend, suggest
        i want to buy, want to buy, i would like to buy, id like to buy, looking to buy, shopping for
        to wear, my ideal, my perfect, i want to see, i want to find, id like to find, id like to see, also
        so, some kind of, some sort of, a kind of, a type of, a pair of, pair of, a piece of, piece of, pieces of""",
    "number": "two, three, four, five, six, seven, eight, nine, ten, several, many, few, single, double",
    "skip": "please, pls, plz, thanks, thank you, hi, hello, hey, for me, for myself, cheers, kindly",
    "pronoun": "it, its, they, theyre, them, this, these, those, i, you, we, he, she",
    "generic": """something, anything, somethings, one, ones, thing, things, item, items, piece, pieces, product
        products, color, colour, colors, colours, colored, coloured, in color, in colour, category
        colourway, there""",
    "det": "a, an, the, all the, all of the, every, some, any, either, my, his, her, their, your, our, both",
    "degree": """very, really, too, super, extra, slightly, quite, fairly, rather, mostly, fully, completely
        partially, extremely, pretty much, more, less, all, mainly""",
    # what follows is said of the thing
    "is": """that is, that are, thats, that was, which is, which are, which was, who is, who are, that looks
        that looks right, that look right, that look
        which looks, which look, that comes in, that come in, which comes in, comes in, come in
        available in, it comes in, where it is""",
    "be": "looks right, look right, is, are, was, be, to be, am, were, has been, looks, look, stay, remains",
    "must": """must, should, needs to, need to, has to, have to, got to, ought to, shall, definitely, absolutely
        essential, essentially, obviously""",
    "that": "that, which, who, whose, where, when",
    # what follows is a part of the thing
    "with": """with, w/, having, has, have, has got, have got, featuring, features, feature, includes, include
        including, that has, that have, which has, which have, that features, which features
        that comes with, which comes with, comes with, that includes, to have, containing, plus""",
    "and": "and, &, +, as well as, along with, together with, n",
    "or": "or, and/or, or else",
    "but": "but, though, although, however, yet, while, whereas, still",
    "no": """no, without, w/o, without any, with no, has no, have no, having no, lacking, lacks, lack, free of
        free from, avoid, avoiding, exclude, excluding, i hate, hate, i dislike, dislike, doesnt have
        does not have, dont have, do not have, doesnt come with, does not come with, that doesnt have
        that does not have, that dont have, that do not have, which doesnt have, which does not have
        which dont have, hasnt, havent, hasnt got, i dont want, i do not want, dont want, do not want
        i dont like, i do not like, dont like, i dont need, shouldnt have, mustnt have, should not have
        must not have, cannot have, cant have, wont have, minus, comes without, come without, nothing with
        nothing, doesnt feature, does not feature, doesnt include, does not include""",
    "not": """not, non, isnt, arent, is not, are not, that isnt, that arent, that is not, that are not
        thats not, which isnt, which is not, which arent, which are not, wasnt, never, shouldnt be
        mustnt be, should not be, must not be, cannot be, cant be, wont be, must never be, should never be
        never be, anything but, everything but, any color but, any colour but, any color except
        any colour except, except, except for, except in, apart from, aside from, other than, instead of
        rather than, neither, doesnt look, does not look, doesnt look right, does not look right, not in
        i dont want it to be
        i do not want it to be, i dont want it, i dont want them to be, definitely not, certainly not
        absolutely not, preferably not in""",
    "nor": "nor, or not",
    # said as it stands: a negation that is none, or none that a short phrase can carry
    "whole": """not only, not just, not merely, not simply, not necessarily, not sure, not even, not so much
        not both, not all, not every, not quite, not really, not entirely, not completely, no longer
        no more than, no less than, no shorter than, no longer than, no wider than, no later than
        no higher than, no bigger than, not more than, not less than, not longer than, not shorter than
        no matter, no doubt, no wonder, no idea, not at all, not bad, at least, at most, more than
        less than, longer than, shorter than, doesnt, dont, does not, do not, didnt, wont, wouldnt, will not
        cant, cannot""",
    # what follows asks for nothing
    "ignore": """i dont mind, i do not mind, i dont care, i do not care, regardless of, with or without
        whether or not""",
    # turns must into should
    "prefer": """preferably, preferable, ideally, if possible, if available, if you can, where possible
        when possible, if you have it, if you have them, id prefer, i would prefer, i prefer, we prefer
        wed prefer, prefer, preferring, preferred, would prefer, with a preference for, preference for
        maybe, perhaps, hopefully, optionally, possibly, bonus if, bonus for, bonus points for
        bonus points if, bonus, as a bonus, plus points for, extra points for, nice to have, better if
        even better if, better yet, best if, would be nice if, it would be nice if, it would be great if
        would be great if, it would be good if, it would be better if, would be better if, nice if
        i would love it if, id love it if, id like it if, if it is possible, if thats possible, or better""",
    "prefer_after": """would be nice, would be great, would be good, would be ideal, would be perfect
        would be lovely, would be better, would be a plus, would be a bonus, would be preferred
        would be preferable, is preferred, are preferred, is preferable, is a plus, is a bonus, are a plus
        are a bonus, a plus, are nice, is nice to have, are nice to have, is optional, are optional
        optional, not required, not essential, not necessary, not a must, is not required, is not essential
        isnt required, isnt essential, isnt necessary, its not essential, its not required, not needed
        nice to have though, if at all possible, would be appreciated, would be welcome""",
    # prepositions: what follows is a phrase of its own, or belongs to the noun before
    "for": """for, to wear to, to wear at, to wear for, to wear on, to wear in, i can wear to, i can wear for
        i can wear on, suitable for, suitable to wear in, ideally suitable for, ideally suited for
        ideally suited to, suited for, suited to, ideal for, perfect for, great for, good for, nice for
        appropriate for, right for, looks right for, look right for, made for, meant for, fit for
        well suited to, well suited for, that works for, works for, that work for, suitable as
        would be nice for, would be great for, would be good for, would be perfect for""",
    "made": """made of, made from, made out of, made with, made in, that is made of, thats made of, crafted from
        crafted in""",
    "in": "in, in a shade of, in shades of, in a colour like, in a color like, in the color, in the colour",
    "of": "of",
    "prep": """on, at, under, over, near, by, from, to, into, around, above, below, between, behind, inside
        within, during, about, size, in size, up to, priced, against, across, through, worn, worth, like""",
}
KIND_OF_MARKER: dict[str, str] = {
    phrase.strip(): kind
    for kind, phrases in _PHRASES.items()
    for phrase in phrases.replace("\n", ",").split(",")
    if phrase.strip()
}
LONGEST_MARKER = max(len(phrase.split()) for phrase in KIND_OF_MARKER)

ABSORBS_BUT = ("not only", "not just", "not merely", "not simply")  # "not only red but also blue" is one phrase
