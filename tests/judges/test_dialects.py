"""What is sent to each server, literally."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yofo_rerank.errors import ConfigError
from yofo_rerank.judges.dialects import DIALECTS, Picture, Shown, get_dialect

BOTH = Shown((Picture("QUJD"),), "a skirt")


def test_transformers():
    assert get_dialect("transformers").write(BOTH, ["grey"]) == {
        "state": "image-0a skirt",
        "questions": {"q0": {"type": "noul", "instructions": "grey"}},
        "assets": {"image-0": {"data_base64": "QUJD"}},
    }


def test_vllm_and_sglang():
    asked = {"q0": {"type": "noul", "instructions": "grey"}}
    uri = "data:image/png;base64,QUJD"
    assert get_dialect("vllm").write(BOTH, ["grey"]) == {"state": "a skirt", "questions": asked, "images": [uri]}
    assert get_dialect("sglang").write(BOTH, ["grey"])["images"] == [{"url": uri}]
    assert "images" not in get_dialect("vllm").write(Shown(text="x"), ["grey"])


TWO = Shown((Picture("QUJD"), Picture("REVG", "image/jpeg")))
URIS = ["data:image/png;base64,QUJD", "data:image/jpeg;base64,REVG"]
ASKED = {"q0": {"type": "noul", "instructions": "grey"}, "q1": {"type": "noul", "instructions": "not pink"}}


@pytest.mark.parametrize(
    "name, body",
    [
        (
            "transformers",
            {
                "state": "image-0image-1",
                "questions": ASKED,
                "assets": {"image-0": {"data_base64": "QUJD"}, "image-1": {"data_base64": "REVG"}},
            },
        ),
        ("vllm", {"state": "", "questions": ASKED, "images": URIS}),
        ("sglang", {"state": "", "questions": ASKED, "images": [{"url": uri} for uri in URIS]}),
        (
            "openai",
            {
                "input": [{"role": "user", "content": [{"type": "input_image", "image_url": uri} for uri in URIS]}],
                "questions": [
                    {"type": "predicate", "name": "q0", "instructions": "grey"},
                    {"type": "predicate", "name": "q1", "instructions": "not pink"},
                ],
            },
        ),
    ],
)
def test_two_images_two_questions_and_no_text(name, body):
    assert get_dialect(name).write(TWO, ["grey", "not pink"]) == body


@pytest.mark.parametrize(
    "name, told, mass",
    [
        ("transformers", {}, None),
        ("transformers", {"label_mass": 0.7}, 0.7),  # our own service
        ("vllm", {"label_mass": 0.9, "argmax_is_label": True}, 0.9),
        ("sglang", {"x_label_mass": 1}, 1),
        ("sglang", {"label_mass": 1}, None),
    ],
)
def test_answers_are_read_by_their_names_with_the_mass_of_their_labels(name, told, mass):
    answers = {"q1": {"type": "noul", "noul": 0.2}, "q0": {"type": "noul", "noul": 0.9} | told}
    read = get_dialect(name).read({"model": "m", "answers": answers, "usage": {}}, 2)
    assert read == [(0.9, mass), (0.2, None)]


def test_openai():
    assert get_dialect("openai").write(BOTH, ["grey"]) == {
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
                    {"type": "input_text", "text": "a skirt"},
                ],
            }
        ],
        "questions": [{"type": "predicate", "name": "q0", "instructions": "grey"}],
    }
    answers = [{"name": "q1", "probability": 0.2}, {"type": "predicate", "name": "q0", "probability": 0.9}]
    assert get_dialect("openai").read({"answers": answers}, 2) == [(0.9, None), (0.2, None)]
    with pytest.raises(KeyError):
        get_dialect("openai").read({"answers": [{"type": "refusal", "name": "q0"}]}, 1)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ConfigError, match="transformers, vllm, sglang, openai"):
        get_dialect("cohere")


@given(text=st.text(alphabet="image-0123 \n", max_size=60), requirement=st.text(alphabet="image-01", max_size=20))
def test_no_text_is_taken_for_an_image(text, requirement):
    body = DIALECTS["transformers"].write(Shown((Picture("A"), Picture("B")), text), [requirement])
    for name in body["assets"]:
        assert body["state"].count(name) == 1
        assert name not in requirement
    assert len(body["assets"]) == 2
