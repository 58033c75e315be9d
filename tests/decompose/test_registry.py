"""Decomposers by name, by data, as objects; `fixed`."""

import json
import subprocess
import sys

import pytest

from yofo_rerank.decompose import DECOMPOSERS, Decomposer, FixedDecomposer, RulesDecomposer, decompose, get_decomposer
from yofo_rerank.errors import DecomposeError
from yofo_rerank.requirements import DecomposedQuery, Requirement


def test_names_data_and_objects() -> None:
    assert list(DECOMPOSERS) == ["rules", "fixed", "llm"]
    assert isinstance(get_decomposer("rules"), RulesDecomposer)
    assert isinstance(get_decomposer({"kind": "rules"}), Decomposer)
    mine = FixedDecomposer(["blue"])
    assert get_decomposer(mine) is mine
    assert decompose("anything", mine).requirements[0].text == "blue"


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "rules"},
        {"kind": "fixed", "requirements": ["blue", {"text": "hooded", "necessity": "should", "weight": 2.0}]},
        {"kind": "llm", "model": "m", "base_url": "http://localhost:1/v1", "timeout": 3},
    ],
)
def test_data_round_trips_and_stays_untouched(data: dict) -> None:
    before = json.dumps(data)
    stored = get_decomposer(data).to_dict()
    assert json.dumps(data) == before
    assert get_decomposer(json.loads(json.dumps(stored))).to_dict() == stored


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("magic", "unknown decomposer 'magic'; known ones are rules, fixed, llm"),
        ({}, "unknown decomposer None"),
        ({"kind": ["rules"]}, "unknown decomposer"),
        ({"kind": "rules", "strict": True}, "no setting 'strict'; its settings: none"),
        ({"kind": "llm", "model": "m", "api_key": "s"}, "no setting 'api_key'; its settings: model, base_url"),
        ({"kind": "llm", "model": "m", "complete": "os.system"}, "no setting 'complete'"),
        ("llm", "needs complete= or model="),
        ("fixed", "needs its requirements"),
        (3, "must be a name, a dict or an object with .decompose, but got int"),
        (None, "but got NoneType"),
    ],
)
def test_a_wrong_spec_is_explained(spec: object, message: str) -> None:
    with pytest.raises(DecomposeError, match=message):
        get_decomposer(spec)  # type: ignore[arg-type]


def test_an_object_must_return_a_decomposed_query() -> None:
    class Wrong:
        name = "wrong"

        def decompose(self, query: str) -> list[str]:
            return [query]

    with pytest.raises(DecomposeError, match=r"Wrong.decompose must return a DecomposedQuery, but got list"):
        decompose("red", Wrong())  # type: ignore[arg-type]


def test_fixed_gives_what_it_was_given() -> None:
    given = [Requirement(text="blue", name="b"), "hooded", {"text": "grey", "necessity": "should"}]
    decomposer = FixedDecomposer(given)
    decomposed = decomposer.decompose("")
    assert isinstance(decomposed, DecomposedQuery)
    assert decomposed.requirements[0] is given[0]
    assert [(item.text, item.necessity) for item in decomposed.requirements][1:] == [
        ("hooded", "must"),
        ("grey", "should"),
    ]
    assert decomposed.decomposer == "fixed"
    assert "hooded" in repr(decomposer)
    assert decomposer.decompose("a\ud800").query == "a?"


@pytest.mark.parametrize(
    "requirements", [[], "blue", None, 3, [""], [3], [{"text": "a", "colour": "b"}], [{"weight": 1}]]
)
def test_fixed_refuses_what_is_not_a_list_of_requirements(requirements: object) -> None:
    with pytest.raises(DecomposeError, match=r"non-empty list|requirement 1 is not usable"):
        FixedDecomposer(requirements)  # type: ignore[arg-type]


def test_fixed_wants_a_query_that_is_text() -> None:
    with pytest.raises(DecomposeError, match="must be a string, but got int"):
        FixedDecomposer(["a"]).decompose(3)  # type: ignore[arg-type]


def test_the_package_loads_neither_torch_nor_openai() -> None:
    code = "import sys, yofo_rerank.decompose; sys.exit('torch' in sys.modules or 'openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
