"""A catalogue judged once: resumed, never judged twice, kept in Parquet, and asked for by searches."""

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet
import pytest

from yofo_rerank import YofoJudge
from yofo_rerank.documents import Document
from yofo_rerank.errors import IndexMismatch, ModelError, RemoteError, RequirementError, RetrievalError
from yofo_rerank.judges import SystemOneJudge
from yofo_rerank.requirements import Failure, JudgedDocument, Judgement, Requirement
from yofo_rerank.retrieval import ClipFaissRetriever, Facets
from yofo_rerank.retrieval import facets as facets_module
from yofo_rerank.retrieval.facets import FacetReport

TEXTS = ["a pink top", "a blue top", "a pink dress", "a grey dress", "a red hat"]


class WordJudge:
    """Yes where the document's text holds the requirement's last word; "not" turns it round."""

    def __init__(self, name="words"):
        self.name, self.asked = name, []

    def info(self):
        return {"model": self.name}

    def judge_outcomes(self, documents, requirements):
        self.asked += [(document.id, one.text) for document in documents for one in requirements]
        return [self.judged(document, requirements) for document in documents]

    def judged(self, document, requirements):
        if "unreadable" in document.text:
            return JudgedDocument(failure=Failure(code="truncated", message=f"document {document.id!r} is truncated"))
        yes = [(one.text.split()[-1] in document.text) != one.text.startswith("not ") for one in requirements]
        found = zip(requirements, yes, strict=True)
        return JudgedDocument(tuple(Judgement(requirement=r, p_yes=0.95 if y else 0.05, verdict=y) for r, y in found))


@pytest.fixture
def documents():
    return [Document(text=text, id=str(place)) for place, text in enumerate(TEXTS)]


@pytest.fixture
def retriever(encoder, documents):
    retriever = ClipFaissRetriever(encoder)
    retriever.add(documents)
    return retriever


def test_what_is_known_among_the_requirements_of_a_query(retriever, documents):
    retriever.facets.judge(documents, WordJudge(), ["not pink", "top"])
    wish = Requirement(text="a red one", necessity="should")
    where = retriever.facets.among(["not  pink", "never judged", wish, "top"])
    assert where == {"not pink": 0.1, "top": 0.1}
    assert ids(retriever.search("a top", where=where)) == {"1"}
    assert retriever.facets.among(["never judged"]) == {}
    assert len(retriever.search("a top", where={})) == len(documents)
    with pytest.raises(RequirementError):
        retriever.facets.among([])


def test_what_meets_the_conditions_comes_first_and_others_fill_up(retriever, documents):
    retriever.facets.judge(documents, WordJudge(), ["pink"])
    plain = [hit.document.id for hit in retriever.search("a grey dress", top_k=4)]
    hits = retriever.search("a grey dress", top_k=4, where="pink", fill=True)
    found = [hit.document.id for hit in hits]
    assert set(found[:2]) == {"0", "2"}
    assert found[2:] == [one for one in plain if one not in found[:2]][:2]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert len(retriever.search("a grey dress", top_k=1, where="pink", fill=True)) == 1


def test_nothing_missing_loads_no_model(retriever, documents):
    judge = YofoJudge.from_pretrained("mini", cache_bytes=0)
    assert retriever.facets.judge(documents, judge, ["pink"]).judged == len(documents)
    again = YofoJudge.from_pretrained("mini", cache_bytes=0)
    assert retriever.facets.judge(documents, again, ["pink"]).judged == 0
    assert again._loaded is None
    info = again.info()
    assert again.identity() == {key: info[key] for key in again.identity()}
    other = YofoJudge.from_pretrained("mini", attention="joint", cache_bytes=0)
    assert retriever.facets.judge(documents[:1], other, ["pink"]).judged == 1


def test_judges_that_ask_servers_are_told_apart():
    url = "http://127.0.0.1:8000"
    judges = [SystemOneJudge(url), SystemOneJudge("http://127.0.0.1:8001"), SystemOneJudge(url, dialect="vllm")]
    judges += [SystemOneJudge(url, question="Is it {requirement}?"), SystemOneJudge(url, model="m")]
    names = [json.dumps(facets_module.identity(one), sort_keys=True) for one in judges]
    assert len(set(names)) == 5
    again = SystemOneJudge(f"{url}/", connections=2, deadline=5)
    assert json.dumps(facets_module.identity(again), sort_keys=True) == names[0]
    kept = {"model": "words", "adapter": None, "revision": None, "format": None, "attention": None}
    assert facets_module.identity(WordJudge()) == kept  # as in files that were written before


def ids(hits):
    return {hit.document.id for hit in hits}


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("pink", {"0", "2"}),
        ("not  pink", {"1", "3", "4"}),
        (["not pink", "is a dress"], {"3"}),
        ({"pink": False, "is a dress": 0.9}, {"3"}),
        ({"pink": 0.96}, set()),
        ({"pink": 0.01}, {"0", "1", "2", "3", "4"}),
        ([], {"0", "1", "2", "3", "4"}),
    ],
)
def test_a_search_is_kept_to_what_is_known_to_hold(retriever, encoder, documents, where, wanted):
    retriever.facets.judge(documents, WordJudge(), ["pink", "not pink", "is a dress"])
    hits = retriever.search("something to wear", where=where)
    assert ids(hits) == wanted
    everything = [hit.document.id for hit in retriever.search("something to wear")]
    assert [hit.document.id for hit in hits] == [id_ for id_ in everything if id_ in wanted]  # the same order
    assert [hit.rank for hit in hits] == list(range(1, len(wanted) + 1))
    vector = encoder.encode_texts(["something to wear"])
    assert ids(retriever.search_embeddings(vector, where=where)[0]) == wanted
    assert [ids(found) for found in retriever.search_many(["a", "b"], where=where)] == [wanted, wanted]


def test_an_unknown_facet_names_the_known_ones(retriever, documents):
    with pytest.raises(RetrievalError, match="known are: none") as caught:
        retriever.search("x", where="pink")
    assert caught.value.code == "unknown_facet"
    retriever.facets.judge(documents, WordJudge(), ["pink", "is a dress"])
    with pytest.raises(RetrievalError, match="known are: 'is a dress', 'pink'"):
        retriever.search("x", where=["pink", "blue"])


@pytest.mark.parametrize("where", [7, [7], {"pink": 2}, {"pink": "yes"}, {"pink": None}, " ", {"": True}, b"pink"])
def test_bad_conditions(retriever, documents, where):
    retriever.facets.judge(documents, WordJudge(), ["pink"])
    with pytest.raises(RetrievalError) as caught:
        retriever.search("x", where=where)
    assert caught.value.code == "bad_where"


def test_documents_that_were_never_judged_are_left_out_with_a_warning(retriever, documents, caplog):
    retriever.facets.judge(documents, WordJudge(), ["not pink"])
    retriever.add([Document(text="a green hat", id="new")])
    assert ids(retriever.search("x", where="not pink")) == {"1", "3", "4"}
    assert "1 documents were never judged for 'not pink'" in caplog.text


def test_nothing_is_judged_twice(tmp_path, documents):
    facets = Facets(tmp_path / "facets.parquet")
    judge = WordJudge()
    assert facets.judge(documents, judge, ["pink"]).judged == 5
    report = Facets(tmp_path / "facets.parquet").judge(documents, judge, ["pink", "is a dress", "pink"])
    assert (report.judged, report.known) == (5, 5)
    assert sorted(judge.asked) == sorted((d.id, text) for d in documents for text in ("pink", "is a dress"))
    changed = [Document(text="a blue skirt", id="0"), *documents[1:]]
    assert facets.judge(changed, judge, ["pink"]).judged == 1
    assert facets.satisfying("pink", ["0", "2"]) == {"2"}
    assert facets.judge(changed, WordJudge("another"), ["pink"]).judged == 5
    table = pyarrow.parquet.read_table(tmp_path / "facets.parquet")
    assert table.column_names[:4] == ["document", "requirement", "p_yes", "verdict"]
    assert len(table) == 10
    assert not (tmp_path / "facets.parts").exists()


def test_a_changed_file_is_judged_again(tmp_path, make):
    make.colour(9, 9, 9).save(tmp_path / "a.png")
    document = Document(image=tmp_path / "a.png", text="pink")
    facets = Facets()
    assert facets.judge([document], WordJudge(), ["pink"]).judged == 1
    assert facets.judge([document], WordJudge(), ["pink"]).judged == 0
    make.colour(9, 9, 99, size=(40, 40)).save(tmp_path / "a.png")
    assert facets.judge([document], WordJudge(), ["pink"]).judged == 1


def test_what_cannot_be_judged_is_reported_and_tried_again(documents):
    facets = Facets()
    documents = [*documents, Document(text="unreadable", id="bad")]
    for expected in (5, 0):
        report = facets.judge(documents, WordJudge(), ["pink"])
        assert report.judged == expected
        assert [(one.id, one.code) for one in report.failed] == [("bad", "truncated")]
    with pytest.raises(RequirementError):
        facets.judge(documents, WordJudge(), [])


class LeavingJudge(WordJudge):
    """Answers about the documents below `until`, and fails with `code` after them."""

    def __init__(self, until, code):
        super().__init__()
        self.until, self.code = until, code

    def judged(self, document, requirements):
        if int(document.id) < self.until:
            return super().judged(document, requirements)
        return JudgedDocument(failure=Failure(code=self.code, message="no answer"))


@pytest.mark.parametrize("code, kind", [("remote_timeout", RemoteError), ("nan", ModelError)])
def test_a_judge_that_stays_away_is_not_asked_about_all(tmp_path, code, kind):
    documents, facets = [Document(text="a top", id=str(place)) for place in range(300)], Facets(tmp_path / "f.parquet")
    judge = LeavingJudge(10, code)
    with pytest.raises(kind, match=rf"2 batches of 64 in a row .*\({code}\)\. 10 answers are kept") as error:
        facets.judge(documents, judge, ["top"])
    assert error.value.code == "nothing_judged"
    assert len(judge.asked) == 3 * 64
    judge.until = 300
    assert facets.judge(documents, judge, ["top"]) == FacetReport(judged=290, known=10)  # the next run goes on


def test_documents_that_fail_of_themselves_end_nothing():
    documents = [Document(text="a top", id=str(place)) for place in range(300)]
    report = Facets().judge(documents, LeavingJudge(10, "truncated"), ["top"])
    assert (report.judged, len(report.failed)) == (10, 290)


def test_facets_live_in_the_index_folder(retriever, encoder, documents, tmp_path):
    retriever.facets.judge(documents, WordJudge(), ["pink"])
    retriever.save(tmp_path)  # what was judged in memory is kept with the index
    assert (tmp_path / "facets.parquet").is_file()
    again = ClipFaissRetriever.load(tmp_path, encoder)
    assert ids(again.search("x", where="pink")) == {"0", "2"}
    Facets(tmp_path / "facets.parquet").judge(documents, WordJudge(), ["is a hat"])  # by another process
    assert ids(again.search("x", where="is a hat")) == {"4"}
    again.save(tmp_path)
    assert again.facets.known == ["is a hat", "pink"]


def test_a_run_that_is_interrupted_goes_on(tmp_path, documents, monkeypatch):
    monkeypatch.setattr(facets_module, "BATCH_SIZE", 2)
    path = tmp_path / "facets.parquet"
    judge = WordJudge()

    def stop(judged, total):
        if judged == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Facets(path).judge(documents, judge, ["pink"], progress=stop)
    seen = []
    assert Facets(path).judge(documents, judge, ["pink"], progress=lambda *now: seen.append(now)).judged == 1
    assert seen == [(5, 5)]
    assert len(judge.asked) == 5


def test_a_killed_run_loses_one_batch_at_most(tmp_path):
    program = f"""
import sys, time
sys.path.insert(0, {str(facets_module.__file__).rsplit("/", 3)[0]!r})
from yofo_rerank.documents import Document
from yofo_rerank.requirements import JudgedDocument, Judgement
from yofo_rerank.retrieval import Facets, facets
facets.BATCH_SIZE = 5
class Slow:
    def info(self): return {{"model": "words"}}
    def judge_outcomes(self, documents, requirements):
        time.sleep(0.02)
        print(len(documents), flush=True)
        return [JudgedDocument((Judgement(requirement=requirements[0], p_yes=1.0, verdict=True),)) for _ in documents]
documents = [Document(text=f"a pink top {{i}}", id=str(i)) for i in range(2000)]
Facets({str(tmp_path / "facets.parquet")!r}).judge(documents, Slow(), ["pink"])
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    judged = 5 + sum(map(int, process.communicate()[0].split()))
    facets = Facets(tmp_path / "facets.parquet")
    assert judged - 5 <= len(facets.table) <= judged
    documents = [Document(text=f"a pink top {i}", id=str(i)) for i in range(2000)]
    kept = len(facets.table)
    assert facets.judge(documents, WordJudge(), ["pink"]).judged == 2000 - kept
    assert len(pyarrow.parquet.read_table(facets.path)) == 2000


def test_two_runs_at_once_are_refused(tmp_path, documents):
    path = tmp_path / "facets.parquet"

    class Nested(WordJudge):
        def judge_outcomes(self, documents, requirements):
            with pytest.raises(RetrievalError) as caught:
                Facets(path).judge(documents, WordJudge(), ["pink"])
            assert caught.value.code == "locked"
            return super().judge_outcomes(documents, requirements)

    assert Facets(path).judge(documents, Nested(), ["pink"]).judged == 5


def test_a_damaged_file_is_refused(tmp_path, documents):
    (tmp_path / "facets.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(IndexMismatch, match="no table of facets"):
        Facets(tmp_path / "facets.parquet").satisfying("pink", ["0"])
