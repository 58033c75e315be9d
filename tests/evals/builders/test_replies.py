"""What a schema and what a look at the whole refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.builders.replies import BadReply, ImageReply, PairReply, read_reply
from tests.evals.builders.conftest import image_reply, pair_reply


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", "\n  {}  "])
def test_a_sound_reply_is_read(wrap):
    text = wrap.replace("{}", json.dumps(pair_reply()))
    assert read_reply(PairReply, text).model_dump() == pair_reply()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"better": "second"}, "by expression and answers first is better"),
        ({"better": "both"}, "better"),
        ({"expression": "r1 and r9"}, "r9"),
        ({"expression": "r2"}, "neither is better"),
        ({"expression": "__import__('os')"}, "expression"),
        ({"expression": "1"}, "always has the value"),
        ({"requirements": []}, "requirements"),
        ({"query": "   "}, "query"),
        ({"extra": 1}, "extra"),
    ],
)
def test_an_unsound_pair_is_refused(change, message):
    with pytest.raises(BadReply, match=message):
        read_reply(PairReply, json.dumps(pair_reply() | change))


def test_an_unsound_image_is_refused():
    properties = image_reply("red")["properties"]
    for bad, message in (
        ([properties[0], properties[0] | {"text": "IS RED"}], "occurs 2 times"),
        ([properties[0], properties[2]], "2 statements hold and 0 do not"),
        ([properties[0] | {"answer": "maybe"}], "answer"),
        ([properties[0] | {"text": "x" * 5000}], "text"),
        ([properties[0] | {"reason": ""}], "reason"),
    ):
        with pytest.raises(BadReply, match=message):
            read_reply(ImageReply, json.dumps({"properties": bad}))
    with pytest.raises(BadReply, match="100000 characters"):
        read_reply(ImageReply, " " * 100_001)


@given(st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps)))
def test_any_text_is_a_reply_or_a_bad_one(text):
    with pytest.raises(BadReply):
        read_reply(ImageReply, text)
