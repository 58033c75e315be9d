"""The sentence frames that words stand in: a phrase alone, or a subject with a predicate.

Some combinations of subject and predicate are kept from training, so that evaluation can ask in wordings the model
never met; each of their words it did meet, and each of their first words as the beginning of a frame of the same
polarity. ("has {}" was kept back once while "has no {bare}" was taught: all that begins with "has" was then a denial.)
"""

from __future__ import annotations

Frames = dict[str, dict[str, tuple[str, ...]]]  # polarity -> shape of the phrase -> frames

HELD_OUT_FRAMES: Frames = {
    "yes": {
        "adj": ("the piece is {}", "this item looks {}", "it must be {}", "something {}"),
        "noun": ("one that has {}", "this piece has {}", "the item comes with {}", "something with {}"),
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
# What decomposers and people in a hurry write.
SHORT_FRAMES: Frames = {
    "yes": {
        "adj": ("{}",),
        "noun": ("{}", "{bare}", "with {}"),
        "kind": ("{0}", "{a} {0}"),
        "prep": ("{}",),
    },
    "no": {
        "adj": ("not {}",),
        "noun": ("no {bare}", "without {}"),
        "kind": ("not {a} {0}",),
        "prep": ("not {}",),
    },
}
_SUBJECTS = ("", "it ", "this item ", "the item ", "this piece ", "the piece ", "something that ", "one that ")
_PREDICATES: Frames = {
    "yes": {
        "adj": ("is {}", "looks {}", "must be {}", "should be {}"),
        "noun": ("has {}", "comes with {}", "must have {}", "should have {}"),
        "kind": ("is {a} {0}", "must be {a} {0}", "should be {a} {0}"),
        "prep": ("is {}", "looks right {}", "must be {}", "should be {}"),
    },
    "no": {
        "adj": ("is not {}", "isn't {}", "must not be {}", "should not be {}", "does not look {}"),
        "noun": (
            *("has no {bare}", "does not have {}", "doesn't have {}", "comes without {}"),
            *("must not have {}", "should not have {}"),
        ),
        "kind": ("is not {a} {0}", "isn't {a} {0}", "must not be {a} {0}", "should not be {a} {0}"),
        "prep": ("is not {}", "isn't {}", "must not be {}", "should not be {}", "does not look right {}"),
    },
}
_OTHERS: Frames = {
    "yes": {
        "adj": ("one {}", "anything {}"),
        "noun": ("one with {}", "anything with {}"),
        "kind": ("this is {a} {0}",),
        "prep": ("something {}", "one {}", "anything {}"),
    },
    "no": {
        "adj": ("anything but {}", "nothing {}", "one not {}", "anything not {}"),
        "noun": ("one without {}", "anything without {}", "nothing with {}"),
        "kind": ("anything but {a} {0}", "this is not {a} {0}"),
        "prep": ("nothing {}", "one not {}", "anything not {}"),
    },
}


def _long_frames(polarity: str, shape: str) -> tuple[str, ...]:
    composed = (subject + predicate for subject in _SUBJECTS for predicate in _PREDICATES[polarity][shape])
    known = (*SHORT_FRAMES[polarity][shape], *HELD_OUT_FRAMES[polarity][shape])
    return tuple(frame for frame in (*composed, *_OTHERS[polarity][shape]) if frame not in known)


LONG_FRAMES: Frames = {
    polarity: {shape: _long_frames(polarity, shape) for shape in shapes} for polarity, shapes in _PREDICATES.items()
}
TRAIN_FRAMES: Frames = {
    polarity: {shape: SHORT_FRAMES[polarity][shape] + LONG_FRAMES[polarity][shape] for shape in shapes}
    for polarity, shapes in LONG_FRAMES.items()
}
