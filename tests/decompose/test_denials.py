"""A denied thing never comes out as wanted, and a wanted one never as denied: every way to say it, in every place."""

import re

import pytest

from yofo_rerank.decompose import decompose

DENIALS = """
no {} | without {} | w/o {} | not {} | never {} | free of {} | minus {} | avoid {} | avoid anything with {}
I hate {} | I don't want {} | I do not want any {} | I don't want anything with {} | I can't stand {}
I cannot bear {} | skip {} | skip the {} | nothing with {} | not interested in {} | I'm not interested in {}
we're not into {} | I'm not a fan of {} | not a fan of {} | I dislike {} | he loathes {} | exclude {}
please exclude anything with {} | steer clear of {} | stay away from {} | keep away from {} | get rid of {}
leave out {} | rule out {} | ditch the {} | lose the {} | spare me {} | no more {} | none of those {}
hold the {} | I'm sick of {} | I'm tired of {} | I'm done with {} | enough of {} | it must not have {}
it should not have {} | it can't have {} | it doesn't have {} | there must not be any {}
I'd rather not have {} | I would rather avoid {} | preferably no {} | preferably without {} | ideally not {}
if possible no {} | anything but {} | everything except {} | other than {} | apart from {} | instead of {}
rather than {} | {} is a no-go | {} are out | {} are not wanted | {}? no thanks | zero {} | sans {} | lacking {}
I never wear {} | my wife hates {} | my kids refuse {} | I'm allergic to {} | god forbid {} | down with {}
I abhor {} | bin the {} | don't show me {} | do not include {} | under no circumstances {}
neither {} nor stains | not even {} | hardly any {} | I can live without {} | I don't need {}
don't need any {} | that isn't {} | which has no {} | that comes without {} | I am trying to avoid {}
we try to stay clear of {} | please drop {} | omit {} | ban {} | no {} please | definitely no {}
""".replace("\n", " | ").split(" | ")
OBJECTS = ("sequins", "leather", "big logos", "visible screws", "mushrooms", "glass")
PLACES = (
    "{}",
    "a red dress, {}",
    "a sofa, {}, with armrests",
    "a grey car with airbags but {}",
    "{}, with armrests",
    "a round table. {}.",
    "a flat with a balcony and {}",
    "{} and with armrests",
    "I need a lamp, {}, under $50",
)
KEEPS = re.compile(
    r"\b(no|not|never|without|nor|neither|nothing|none|zero|minus|hardly|avoid|hate\w*|loathes|abhor|bin|ditch|lose|spare"
    r"|refuse|forbid|down|enough|drop|omit|ban|clear|away|hold|out|thanks|live|sick|tired|done|rather|instead|but|except"
    r"|other|apart|skip|exclude|n't|\w+n't|cannot|stand|sans|lacking|free|rid|leave|rule|dislike|allergic|refuses)\b"
)
SAID = [denial.strip() for denial in DENIALS if denial.strip()]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_denied_is_never_wanted(place: str) -> None:
    inverted = []
    for denial in SAID:
        for thing in OBJECTS:
            query = place.format(denial.format(thing))
            texts = [one.text for one in decompose(query).requirements if thing.split()[-1] in one.text]
            inverted += [(query, text) for text in texts if not KEEPS.search(text)]
    assert not inverted


WANTS = (
    "a {}",
    "I want a {}",
    "I'd like a {}",
    "do you have a {}?",
    "show me a {}",
    "I need a {}",
    "with a {}",
    "it must have a {}",
    "it should have a {}",
    "I can't live without a {}",
    "without a doubt a {}",
    "not without a {}",
    "I wouldn't say no to a {}",
    "I don't mind a {}",
    "no doubt a {}",
    "why not a {}",
    "not only a {}",
)
AROUND = (
    "{}",
    "a red dress, no stripes, {}",
    "a sofa without wheels but {}",
    "nothing cheap. {}.",
    "{} but no glitter",
)


@pytest.mark.parametrize("place", AROUND)
def test_what_is_wanted_is_never_denied(place: str) -> None:
    inverted = []
    for want in WANTS:
        for thing in ("hood", "sunroof", "balcony"):
            query = place.format(want.format(thing))
            for one in decompose(query).requirements:
                denied = one.text.startswith(("no ", "not ", "without ")) and thing in one.text
                if denied and "not without" not in one.text and "not only" not in one.text:
                    inverted.append((query, one.text))
    assert not inverted


@pytest.mark.parametrize(
    "query",
    [
        "a coat, it doesn't matter if it has pockets, not red",
        "a coat, I don't care whether it has pockets, not red",
        "a coat, no matter if the coat has pockets, not red",
    ],
)
def test_what_does_not_matter_is_no_requirement(query):
    assert [one.text for one in decompose(query).requirements] == ["coat", "not red"]
