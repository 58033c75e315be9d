"""Reading examples: what is right is read, what is wrong is named."""

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import yofo_rerank.training
from yofo_rerank.errors import ExampleError
from yofo_rerank.training.examples import Example, ExampleFile

GOOD = {"text": "grey trousers", "properties": [{"text": "is grey", "answer": "yes", "reason": "It says so."}]}


def write(tmp_path, *lines):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


def test_reads_by_offset_and_skips_blank_lines(tmp_path):
    examples = [
        {"text": f"document {i} ü 😀", "properties": [{"text": f"p{i}", "answer": i % 2 == 0}]} for i in range(5)
    ]
    file = ExampleFile(write(tmp_path, b"", *examples[:2], b"   ", *examples[2:], b""))
    assert len(file) == 5
    assert [file[i].text for i in (3, 0, 4)] == ["document 3 ü 😀", "document 0 ü 😀", "document 4 ü 😀"]
    assert file.where(2) == f"{tmp_path / 'train.jsonl'}:5"
    assert pickle.loads(pickle.dumps(file))[1].properties[0].text == "p1"


def test_answers():
    answers = [
        Example.model_validate(GOOD | {"properties": [{"text": "p", "answer": a}]}) for a in ("yes", "no", True, False)
    ]
    assert [example.properties[0].answer for example in answers] == [True, False, True, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "EOF|JSON"),
        (b"\xff\xfe", "train.jsonl:2"),
        (b"[]", "object"),
        ({"text": "x"}, "properties"),
        ({"text": "x", "properties": []}, "properties"),
        ({"properties": GOOD["properties"]}, "image, a text"),
        ({"text": " ", "properties": GOOD["properties"]}, "text: .*blanks"),
        ({**GOOD, "propertys": []}, "propertys"),
        (
            {"text": "x", "properties": [{"text": "p", "answer": "maybe"}]},
            r"properties\[0\].answer: .*'yes'.*got 'maybe'",
        ),
        ({"text": "x", "properties": [{"text": "p", "answer": 1}]}, r"answer: .*got 1"),
        ({"text": "x", "properties": [{"text": "p"}]}, "answer"),
        ({"text": "x", "properties": [{"text": "p" * 1001, "answer": True}]}, r"properties\[0\].text: .*1000"),
        ({"text": "x", "properties": [{"text": "p", "answer": True, "reason": ["r"]}]}, "reason"),
        (b"[" * 100_000, "recursion"),
        (b'"' + b"x" * (1 << 20), "longer than"),
    ],
)
def test_malformed_lines_are_named(tmp_path, line, message):
    with pytest.raises(ExampleError, match=r"train\.jsonl:2: ") as caught:
        ExampleFile(write(tmp_path, GOOD, line, GOOD))
    assert caught.match(message)


def test_empty_and_missing_files(tmp_path):
    with pytest.raises(ExampleError, match="at least one example"):
        ExampleFile(write(tmp_path, b""))
    with pytest.raises(ExampleError, match=r"nowhere\.jsonl: cannot be read"):
        ExampleFile(tmp_path / "nowhere.jsonl")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["yes", "no"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "image", "properties", "answer", "reason"]) | st.text(), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_an_example_or_an_example_error(tmp_path_factory, line):
    path = tmp_path_factory.mktemp("any") / "train.jsonl"
    path.write_bytes(line)
    try:
        file = ExampleFile(path)
    except ExampleError as error:
        assert str(path) in str(error)
    else:
        assert file[0].properties


def test_shipped_examples_are_valid():
    assert len(ExampleFile(Path(yofo_rerank.training.__file__).parent / "configs" / "examples.jsonl")) == 3


def test_an_example_may_hold_several_images():
    views = {"images": ["front.png", "back.png"], "properties": [{"text": "has a hood", "answer": "yes"}]}
    assert Example.model_validate(views).all_images == ("front.png", "back.png")
    assert Example.model_validate({**views, "images": [], "image": "1.png"}).all_images == ("1.png",)
    for wrong in ({**views, "image": "1.png"}, {**views, "images": ["x.png"] * 65}, {**views, "images": [" "]}):
        with pytest.raises(ValidationError):
            Example.model_validate(wrong)
