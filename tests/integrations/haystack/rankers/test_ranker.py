"""YofoRanker: order, scores, reasons, limits, failures (S1-S9, S12-S13, H6-H11, H13)."""

import json
import warnings

import pytest
from haystack import Document
from haystack.dataclasses import ByteStream
from haystack_integrations.components.rankers.yofo import YofoRanker

from yofo_rerank import Document as YofoDocument
from yofo_rerank import YofoJudge, YofoReranker
from yofo_rerank.errors import DecomposeError, ImageError, RuleError

QUERY = "a long dress, not pink, preferably with pockets"
REQUIREMENTS = ["long", "not pink"]


def ids(result):
    return [document.id for document in result["documents"]]


def scores(result):
    return {document.id: document.score for document in result["documents"]}


def test_best_first_with_reasons(judge, documents):
    result = YofoRanker().run(query=QUERY, documents=documents)
    found = [document.score for document in result["documents"]]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(documents)
    assert all(type(score) is float and 0 <= score <= 1 for score in found)
    reasons = result["documents"][0].meta["yofo"]
    assert [judged["requirement"]["text"] for judged in reasons["judgements"]] == [
        "dress",
        "long",
        "not pink",
        "pockets",
    ]
    assert reasons["judgements"][3]["requirement"]["necessity"] == "should"
    before = {document.id: (place, document.score) for place, document in enumerate(documents)}
    for document in result["documents"]:
        reasons = document.meta["yofo"]
        assert (reasons["index"], reasons["retrieval_score"]) == before[document.id]
        assert reasons["score"] == document.score
        assert reasons["failure"] is None


def test_result_is_json_and_survives_haystack(judge, documents):
    for document in YofoRanker().run(query=QUERY, documents=documents)["documents"]:
        data = json.loads(json.dumps(document.to_dict()))
        assert Document.from_dict(data).meta == document.meta


def test_order_of_input_does_not_matter(judge, documents):
    ranker = YofoRanker()
    straight, turned = (ranker.run(query=QUERY, documents=order) for order in (documents, documents[::-1]))
    assert scores(straight) == scores(turned)
    assert ids(straight) == ids(turned)


def test_ties_keep_the_order_of_the_input(judge, documents):
    judge.answers = {document.id: 0.5 for document in documents}
    judge.answers["p3"] = 0.75
    result = YofoRanker().run(query=QUERY, documents=documents)
    assert ids(result) == ["p3", "p0", "p1", "p2", "p4", "t"]


@pytest.mark.parametrize(("init", "run", "n"), [(10, None, 6), (2, None, 2), (2, 3, 3), (None, None, 6), (1, 99, 6)])
def test_top_k_of_run_goes_before_that_of_init(judge, documents, init, run, n):
    assert len(YofoRanker(top_k=init).run(query=QUERY, documents=documents, top_k=run)["documents"]) == n


@pytest.mark.parametrize("top_k", [0, -1, True, 1.5, "3"])
def test_bad_top_k_is_refused(judge, documents, top_k):
    with pytest.raises(ValueError, match="top_k must be"):
        YofoRanker(top_k=top_k)
    with pytest.raises(ValueError, match="top_k must be"):
        YofoRanker().run(query=QUERY, documents=documents, top_k=top_k)
    assert judge.calls == []


def test_score_threshold_of_run_goes_before_that_of_init_even_if_zero(judge, documents):
    judge.answers = {document.id: place / 10 for place, document in enumerate(documents)}
    ranker = YofoRanker(score_threshold=0.3, requirements=["long"], scoring="mean")
    assert ids(ranker.run(query="", documents=documents)) == ["t", "p4", "p3"]
    assert len(ranker.run(query="", documents=documents, score_threshold=0.0)["documents"]) == 6
    assert ids(ranker.run(query="", documents=documents, score_threshold=0.35, top_k=1)) == ["t"]


def test_requirements_of_run_go_before_those_of_init_and_those_before_the_decomposer(judge, documents):
    YofoRanker().run(query=QUERY, documents=documents)
    YofoRanker(requirements=["hooded"]).run(query=QUERY, documents=documents)
    YofoRanker(requirements=["hooded"]).run(query=QUERY, documents=documents, requirements=REQUIREMENTS)
    asked = [texts for _, texts in judge.calls]
    assert asked == [["dress", "long", "not pink", "pockets"], ["hooded"], REQUIREMENTS]


def test_requirements_may_be_wishes(judge, documents):
    wish = {"text": "grey", "necessity": "should", "weight": 0.5}
    result = YofoRanker().run(query=QUERY, documents=documents, requirements=["long", wish])
    judged = result["documents"][0].meta["yofo"]["judgements"]
    assert judged[1]["requirement"] == {**wish, "name": None}


@pytest.mark.parametrize("requirements", [[], ["ok", " "], "long", [{"text": "x", "weight": -1}], [{"txt": "x"}], [7]])
def test_unusable_requirements_are_refused_before_the_model(judge, documents, requirements):
    with pytest.raises(DecomposeError):
        YofoRanker().run(query=QUERY, documents=documents, requirements=requirements)
    with pytest.raises(DecomposeError):
        YofoRanker(requirements=requirements)
    assert judge.calls == []


def test_many_equal_and_long_requirements(judge, documents):
    for requirements in (["long"], ["long"] * 3, [f"r {n}" for n in range(64)], ["x" * 999]):
        result = YofoRanker().run(query=QUERY, documents=documents, requirements=requirements)
        assert all(len(document.meta["yofo"]["judgements"]) == len(requirements) for document in result["documents"])


def test_scoring_of_run_goes_before_that_of_init(judge, documents):
    by_min = YofoRanker(scoring="min").run(query=QUERY, documents=documents)
    given = {"kind": "expression", "expression": "r1"}
    by_first = YofoRanker(scoring="min").run(query=QUERY, documents=documents, scoring=given)
    for document in by_min["documents"]:
        assert document.score == min(
            judge.answer(document.id, text) for text in ("dress", "long", "not pink", "pockets")
        )
    for document in by_first["documents"]:
        assert document.score == pytest.approx(judge.answer(document.id, "dress"))


def test_wrong_settings_are_refused_at_once():
    with pytest.raises(RuleError, match="known kinds"):
        YofoRanker(scoring="best")
    with pytest.raises(DecomposeError, match="known ones"):
        YofoRanker(decomposer="magic")
    with pytest.raises(ValueError, match="raise, last, drop"):
        YofoRanker(on_error="ignore")
    with pytest.raises(ValueError, match="ComponentDevice"):
        YofoRanker(device="cuda")


def test_a_blank_query_needs_requirements(judge, documents):
    with pytest.raises(DecomposeError, match="blank"):
        YofoRanker().run(query=" ", documents=documents)
    assert len(YofoRanker().run(query="", documents=documents, requirements=["long"])["documents"]) == 6


def test_no_documents_need_no_model():
    assert YofoRanker(model="/nowhere").run(query="", documents=[]) == {"documents": []}


def test_duplicates_are_ranked_once_with_their_best_score(judge):
    twice = [
        Document(id="a", content="x", score=0.1),
        Document(id="b", content="y"),
        Document(id="a", content="x", score=0.7),
    ]
    result = YofoRanker().run(query=QUERY, documents=twice)
    assert sorted(ids(result)) == ["a", "b"]
    assert {d.id: d.meta["yofo"]["retrieval_score"] for d in result["documents"]} == {"a": 0.7, "b": None}


def test_nothing_that_comes_in_is_changed(judge, documents, make_image):
    documents = [
        *documents,
        Document(id="e", content="x", blob=ByteStream(b"a,b", mime_type="text/csv"), embedding=[0.5]),
    ]
    before = [document.to_dict() for document in documents]
    order = list(documents)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = YofoRanker().run(query=QUERY, documents=documents)
    assert [document.to_dict() for document in documents] == before
    assert all(one is other for one, other in zip(order, documents, strict=True))
    given = {document.id: document for document in documents}
    for document in result["documents"]:
        source = given[document.id]
        assert document is not source
        assert (document.content, document.blob, document.embedding) == (source.content, source.blob, source.embedding)
        assert {name: value for name, value in document.meta.items() if name != "yofo"} == source.meta


def test_the_reasons_go_where_told(judge, documents):
    first = YofoRanker(meta_field="why").run(query=QUERY, documents=documents)["documents"][0]
    assert "yofo" not in first.meta
    assert first.meta["why"]["score"] == first.score


def test_blob_path_and_root_are_the_same_picture(photos, model):
    data = (photos / "1.png").read_bytes()
    same = [
        Document(id="path", meta={"file_path": str(photos / "1.png")}),
        Document(id="base", meta={"file_path": "1.png"}),  # as ImageFileToDocument stores it
        Document(id="blob", blob=ByteStream(data, mime_type="image/png")),
        Document(id="other", meta={"file_path": "2.png"}),
    ]
    found = scores(YofoRanker(model=model, root_path=photos).run(query=QUERY, documents=same))
    assert found["path"] == found["base"] == found["blob"] != found["other"]


def test_no_path_leaves_the_root(photos, tmp_path, model):
    outside = Document(id="out", meta={"file_path": str(photos / "1.png")})
    inside = Document(id="in", content="a skirt")
    result = YofoRanker(model=model, root_path=tmp_path).run(query=QUERY, documents=[outside, inside])
    assert ids(result) == ["in", "out"]
    assert result["documents"][1].meta["yofo"]["failure"]["code"] == "outside_root"
    with pytest.raises(ImageError, match="outside"):
        YofoRanker(model=model, root_path=tmp_path, on_error="raise").run(query=QUERY, documents=[outside])


def test_scores_and_order_are_those_of_the_core(model, documents):
    result = YofoRanker(model=model).run(query=QUERY, documents=documents)
    own = [YofoDocument(image=d.meta.get("file_path"), text=d.content, id=d.id) for d in documents]
    core = YofoReranker(YofoJudge.from_pretrained(model)).rerank(QUERY, own)
    assert ids(result) == [place.document.id for place in core]
    assert [document.score for document in result["documents"]] == pytest.approx([p.score for p in core], abs=1e-5)
    assert len({place.score for place in core}) > 3


def test_batches_do_not_change_scores(model, documents):
    found = [
        scores(YofoRanker(model=model, max_batch_tokens=tokens, cache_bytes=0).run(query=QUERY, documents=documents))
        for tokens in (1, 300, 8192)
    ]
    assert len(set(found[0].values())) > 3
    for other in found[1:]:
        assert other == pytest.approx(found[0], abs=1e-5)


def test_bfloat16_does_not_tie_the_list(model, documents):
    result = YofoRanker(model=model, dtype="bfloat16").run(query=QUERY, documents=documents, requirements=REQUIREMENTS)
    assert len({document.score for document in result["documents"]}) > 3


def test_a_text_too_long_fails_instead_of_losing_slots(model):
    texts = [Document(id="long", content="grey skirt " * 5000), Document(id="short", content="grey skirt")]
    result = YofoRanker(model=model).run(query=QUERY, documents=texts, requirements=REQUIREMENTS)
    assert ids(result) == ["short", "long"]
    assert len(result["documents"][0].meta["yofo"]["judgements"]) == 2
    assert result["documents"][1].meta["yofo"]["failure"]
