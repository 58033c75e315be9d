"""The words of the library: frozen, JSON-able, and strict about what they hold."""

import dataclasses
import json
import math

import pytest
from PIL import Image
from pydantic import ValidationError

from yofo_rerank import DecomposedQuery, Document, Judgement, RankedDocument, Ranking, Requirement
from yofo_rerank.requirements import MAX_REQUIREMENT_CHARS, Failure, JudgedDocument

BLUE = Requirement(text="blue")
GREY = Requirement(text="grey", necessity="should", weight=0.5, name="grey")
QUERY = DecomposedQuery(query="blue, preferably grey", requirements=(BLUE, GREY), scoring={"kind": "mean"})
JUDGED = Judgement(requirement=BLUE, p_yes=0.75, verdict=True)
RANKED = RankedDocument(
    document=Document(image=Image.new("RGB", (4, 4)), text="a top", id="7", metadata={"price": 9}),
    index=3,
    score=0.75,
    retrieval_score=0.25,
    judgements=(JUDGED,),
)


def test_requirement_strips_its_text():
    assert Requirement(text="  blue \n").text == "blue"


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * (MAX_REQUIREMENT_CHARS + 1)},
        {"text": None},
        {"text": "half \ud800"},
        {"text": "a", "necessity": "could"},
        {"text": "a", "weight": 0},
        {"text": "a", "weight": -1},
        {"text": "a", "weight": math.nan},
        {"text": "a", "weight": math.inf},
        {"text": "a", "name": "1st"},
        {"text": "a", "name": "has logo"},
        {"text": "a", "colour": "blue"},
    ],
)
def test_requirement_refuses(arguments):
    with pytest.raises(ValidationError):
        Requirement(**arguments)


@pytest.mark.parametrize("p_yes", [-0.1, 1.1, math.nan, math.inf])
def test_judgement_holds_a_probability(p_yes):
    with pytest.raises(ValidationError):
        Judgement(requirement=BLUE, p_yes=p_yes, verdict=True)


def test_a_query_has_at_least_one_requirement():
    with pytest.raises(ValidationError):
        DecomposedQuery(query="blue", requirements=())


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (BLUE, "text"),
        (QUERY, "query"),
        (JUDGED, "p_yes"),
        (Failure(code="truncated", message="m"), "code"),
    ],
)
def test_records_are_frozen(record, field):
    with pytest.raises(ValidationError, match="frozen"):
        setattr(record, field, "other")


@pytest.mark.parametrize(("record", "field"), [(RANKED, "score"), (JudgedDocument(), "failure")])
def test_results_are_frozen(record, field):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, field, 0.0)


@pytest.mark.parametrize("record", [BLUE, GREY, QUERY, JUDGED])
def test_records_survive_json(record):
    assert type(record).model_validate(json.loads(json.dumps(record.to_dict()))) == record


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_is_finite(score):
    with pytest.raises(ValueError, match="finite"):
        dataclasses.replace(RANKED, score=score)


def test_ranked_document_to_dict():
    assert json.loads(json.dumps(RANKED.to_dict())) == {
        "document": {"id": "7", "text": "a top", "image": None, "metadata": {"price": 9}},
        "index": 3,
        "score": 0.75,
        "retrieval_score": 0.25,
        "judgements": [
            {
                "requirement": {"text": "blue", "necessity": "must", "weight": 1.0, "name": None},
                "p_yes": 0.75,
                "verdict": True,
            }
        ],
        "failure": None,
    }


def test_ranking_is_a_list_with_its_query():
    failed = dataclasses.replace(RANKED, score=0.0, judgements=(), failure=Failure(code="truncated", message="cut"))
    ranking = Ranking([RANKED, failed], query=QUERY, warnings=["careful"])
    assert ranking[0] is RANKED
    assert [ranked.index for ranked in ranking] == [3, 3]
    data = json.loads(json.dumps(ranking.to_dict()))
    assert data["warnings"] == ["careful"]
    assert data["query"]["requirements"][1]["name"] == "grey"
    assert data["ranked"][1]["failure"] == {"code": "truncated", "message": "cut"}
    assert Ranking(query=QUERY).to_dict()["ranked"] == []
