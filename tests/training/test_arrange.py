"""Property order: random, repeatable, and labels move with their texts."""

import subprocess
import sys

import pytest

from yofo_rerank.errors import ExampleError
from yofo_rerank.training.arrange import OPPOSITE, dependent, draw, shuffled, without_reasons
from yofo_rerank.training.examples import Example

EXAMPLE = Example.model_validate(
    {"text": "x", "properties": [{"text": f"p{i}", "answer": i % 3 == 0, "reason": f"r{i}"} for i in range(8)]}
)


def test_shuffled_keeps_every_property_whole():
    mixed = shuffled(EXAMPLE, draw(1, 2, 3))
    assert set(mixed.properties) == set(EXAMPLE.properties)
    assert mixed.properties != EXAMPLE.properties


def test_order_depends_on_seed_epoch_and_index_alone():
    orders = [shuffled(EXAMPLE, draw(*key)).properties for key in [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)]]
    assert len(set(orders)) == 4
    assert shuffled(EXAMPLE, draw(1, 0, 0)).properties == orders[0]


def test_draw_is_the_same_in_another_process():
    code = "from yofo_rerank.training.arrange import draw; print(draw(1, 2, 3).random())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(out) == draw(1, 2, 3).random()


@pytest.mark.parametrize("keep_reason", [False, True])
def test_dependent_asks_for_the_opposite_of_the_first(keep_reason):
    firsts = set()
    for index in range(50):
        first, second = dependent(EXAMPLE, draw(0, 0, index), where="here", keep_reason=keep_reason).properties
        drawn = next(prop for prop in EXAMPLE.properties if prop.text == first.text)
        assert (first.answer, first.reason) == (drawn.answer, drawn.reason if keep_reason else None)
        assert (second.text, second.answer, second.reason) == (OPPOSITE, not first.answer, None)
        firsts.add(first.answer)
    assert firsts == {True, False}


def test_dependent_needs_two_properties():
    with pytest.raises(ExampleError, match=r"t\.jsonl:3: .*two properties or more, but got 1"):
        dependent(EXAMPLE.model_copy(update={"properties": EXAMPLE.properties[:1]}), draw(0), where="t.jsonl:3")


def test_without_reasons():
    bare = without_reasons(EXAMPLE)
    assert [prop.reason for prop in bare.properties] == [None] * 8
    assert EXAMPLE.properties[0].reason == "r0"
