"""The page without the page: what is judged, what is ranked without a model, what an address may hold."""

import csv
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from yofo_rerank import Document, YofoJudge
from yofo_rerank.demo.actions import OWN_ID, Engine, export
from yofo_rerank.demo.cards import ranked_cards, retriever_cards
from yofo_rerank.demo.session import MAX_WISHES, Session, Shared, Wish
from yofo_rerank.errors import ConfigError
from yofo_rerank.mini.indexed import sample_retriever

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    retriever = sample_retriever(40, seed=5, cache=tmp_path_factory.mktemp("demo"))
    return Engine(retriever, YofoJudge.from_pretrained("mini"), candidates=12)


def settle(engine, session, wishes):
    steps = list(engine.answer(session, wishes))
    return steps, steps[-1][1]


def test_a_search_in_steps(engine):
    session = engine.find("a long dress, not pink")
    wishes, warnings = engine.understand("a long dress, not pink")
    assert [wish.text for wish in wishes] and warnings == []
    steps, known = settle(engine, session, wishes)
    assert [done for done, _ in steps] == [10, 12, 12]
    direct = engine.judge.judge(session.documents, [wish.text for wish in wishes])
    for place in known.ranking(wishes, "weighted"):
        assert [one.p_yes for one in place.judgements] == pytest.approx([one.p_yes for one in direct[place.index]])


def test_necessity_weight_and_rule_need_no_model(engine):
    wishes = [Wish(text="a dress"), Wish(text="it has a belt", necessity="should")]
    _, session = settle(engine, engine.find("dress"), wishes)
    before = engine.judge.stats
    changed = [Wish(text="a dress", necessity="off"), Wish(text="it has a belt", weight=3)]
    assert session.missing(changed) == []
    orders = {
        tuple(place.index for place in session.ranking(some, rule))
        for some in (wishes, changed)
        for rule in ("weighted", "= not r1")
    }
    assert len(orders) > 1
    assert [len(place.judgements) for place in session.ranking(changed, "min")] == [1] * 12
    assert engine.judge.stats == before


def test_only_a_new_text_is_judged(engine):
    _, session = settle(engine, engine.find("dress"), [Wish(text="a dress")])
    assert [one.text for one in session.missing([Wish(text="a dress"), Wish(text="it is striped")])] == [
        "it is striped"
    ]


def test_a_picture_of_ones_own_joins_and_an_earlier_one_goes(engine):
    wishes = [Wish(text="a dress")]
    _, session = settle(engine, engine.find("dress"), wishes)
    for colour in ("red", "blue"):
        session = engine.add_picture(session, Image.new("RGBA", (80, 60), colour))
    assert [document.id for document in session.documents].count(OWN_ID) == 1
    assert len(session.ranking(wishes, "weighted")) == 13
    assert session.missing(wishes) == []


def test_a_document_that_cannot_be_judged_goes_last_with_its_reason(engine):
    good = Document(text="a long dress", id="good")
    session = Session(query="x", documents=(Document(image="gone.png", id="bad"), good), retrieval_scores=(None, None))
    _, session = settle(engine, session, [Wish(text="a dress")])
    ranking = session.ranking([Wish(text="a dress")], "weighted")
    assert [place.document.id for place in ranking] == ["good", "bad"]
    assert "not judged" in ranked_cards(ranking)


def test_foreign_words_are_shown_and_not_run(engine, tmp_path):
    document = Document(text=HOSTILE, id=HOSTILE, metadata={"title": HOSTILE})
    wishes = [Wish(text=HOSTILE)]
    _, session = settle(engine, Session(query=HOSTILE, documents=(document,), retrieval_scores=(1.0,)), wishes)
    for html in (retriever_cards(session), ranked_cards(session.ranking(wishes, "weighted"))):
        assert "<script" not in html and "&lt;script" in html


def test_exports(engine, tmp_path):
    wishes = [Wish(text="=1+1 a dress")]
    _, session = settle(engine, engine.find("dress"), wishes)
    ranking = session.ranking(wishes, "weighted")
    paths = export(ranking, tmp_path, {"judge": "mini"})
    rows = list(csv.reader(paths["csv"].open(encoding="utf-8")))
    assert len(rows) == 13 and rows[0][-1] == "'=1+1 a dress"
    assert len(json.loads(paths["json"].read_text())["ranked"]) == 12
    assert paths["html"].read_text().startswith("<!DOCTYPE html>")


def test_an_address_brings_the_same_page_back():
    shared = Shared(query="dress", wishes=(Wish(text="long", necessity="should", weight=0.5),), rule="= r1")
    assert Shared.read(shared.write()) == shared


@given(
    st.text()
    | st.builds(
        json.dumps,
        st.dictionaries(st.sampled_from(["query", "wishes", "rule", "x"]), st.integers() | st.lists(st.none())),
    )
)
def test_a_foreign_address_is_a_clear_error(text):
    try:
        assert isinstance(Shared.read(text), Shared)
    except ConfigError as error:
        assert "address" in str(error)


def test_an_address_has_limits():
    for data in ({"wishes": [{}] * (MAX_WISHES + 1)}, {"query": "x" * 30_000}, {"wishes": [{"weight": -1}]}):
        with pytest.raises(ConfigError):
            Shared.read(json.dumps(data))


def test_a_change_of_necessity_takes_less_than_a_tenth_of_a_second(engine, tmp_path):
    """Of the server, for a hundred candidates: rule, order and cards; the browser's part is in `test_page`."""
    pytest.importorskip("gradio", reason='gradio is not installed: pip install "yofo-rerank[demo]"')
    from yofo_rerank.demo.handlers import Handlers

    many = tuple(Document(text=f"dress number {number}", id=str(number)) for number in range(100))
    wishes = [Wish(text=text) for text in ("a dress", "it has a belt", "not pink")]
    _, session = settle(engine, Session(query="dress", documents=many, retrieval_scores=(None,) * 100), wishes)
    handlers, times = Handlers(engine, tmp_path), []
    for necessity in ("should", "off", "must", "should", "off"):
        rows = [part for wish in wishes for part in (wish.text, necessity, 1.0)]
        rows[1] = "must"
        started = time.perf_counter()
        board = list(handlers.change(session, "weighted", *rows))[-1]
        times.append(time.perf_counter() - started)
        assert len(board[1]) == 100
    assert min(times) < 0.1
