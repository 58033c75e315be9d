import pytest
from PIL import Image

from evals.failures import AllFailed
from evals.mteb_search import NOTHING, YofoSearch, as_found, query_text, to_document
from evals.ranking_sets.local import local_task, split_data
from evals.ranking_sets.mini import Size, mini_task
from evals.run_file import RunFile
from evals.systems import Scored
from yofo_rerank import YofoReranker
from yofo_rerank.errors import ConfigError, DocumentError, ImageError
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.retrieval import ClipFaissRetriever

mteb = pytest.importorskip("mteb")

SIZE = Size(documents=80, queries=5, candidates=30, seed=3)


@pytest.fixture(scope="module")
def task(request):
    from tests.evals.conftest import RandomEncoder

    made = mini_task(SIZE, ClipFaissRetriever(RandomEncoder()))
    made.load_data()
    return made


@pytest.fixture
def perfect(oracle_judge):
    garments = sample_garments(SIZE.documents, SIZE.seed)
    by_id = {f"mini-{SIZE.seed}-{place:05d}": garment for place, garment in enumerate(garments)}
    return YofoReranker(oracle_judge(by_id))


def evaluate(search, task):
    result = mteb.evaluate(
        search, task, cache=None, co2_tracker=False, show_progress_bar=False, encode_kwargs={"batch_size": 8}
    )
    return result.task_results[0].scores["test"][0]


class InOrder:
    """A floor: keeps the order; `fails` some documents by their place, `stop` ends it after some queries."""

    def __init__(self, *, fails=(), stop=None):
        self.fails, self.stop, self.queries = fails, stop, []

    def score(self, query, documents):
        if query not in self.queries:
            if len(self.queries) == self.stop:
                raise KeyboardInterrupt
            self.queries.append(query)
        if self.fails == "all" or any(one.id in self.fails for one in documents):
            raise ImageError("torn")
        return [-float(place) for place in range(len(documents))]


def test_mteb_takes_it_for_a_search():
    search = YofoSearch(InOrder(), name="in-order")
    assert isinstance(search, mteb.SearchProtocol)
    assert not isinstance(search, mteb.EncoderProtocol | mteb.CrossEncoderProtocol)
    assert not hasattr(search, "predict")
    assert search.mteb_model_meta.name == "evals/in-order"


def test_a_perfect_judge_orders_the_candidates_perfectly(task, perfect):
    scores = evaluate(YofoSearch(perfect), task)
    first = evaluate(YofoSearch(InOrder()), task)
    split = task.dataset["default"]["test"]
    found = [set(split["top_ranked"][query]) & set(split["relevant_docs"][query]) for query in split["queries"]["id"]]
    assert scores["mrr_at_10"] == pytest.approx(sum(map(bool, found)) / len(found), abs=1e-4)
    assert first["mrr_at_10"] < scores["mrr_at_10"]


def test_each_document_is_what_the_catalogue_holds(task):
    split = task.dataset["default"]["test"]
    search = YofoSearch(InOrder())
    search.index(split["corpus"], task_metadata=task.metadata)
    document = search._document("mini-3-00007")
    assert isinstance(document.image, bytes)  # undecoded
    assert document.text is None
    assert document.load_image().tobytes() == split["corpus"][7]["image"].tobytes()


def test_an_interrupted_run_goes_on_where_it_stopped(task, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        evaluate(YofoSearch(InOrder(stop=2), run=RunFile(tmp_path, {})), task)
    rest = InOrder()
    scores = evaluate(YofoSearch(rest, run=RunFile(tmp_path, {})), task)
    assert len(rest.queries) == SIZE.queries - 2
    idle = InOrder(stop=0)
    assert evaluate(YofoSearch(idle, run=RunFile(tmp_path, {})), task) == scores
    assert evaluate(YofoSearch(InOrder()), task)["ndcg_at_10"] == scores["ndcg_at_10"]


def test_a_document_that_fails_is_counted_and_left_out(task):
    top = next(iter(task.dataset["default"]["test"]["top_ranked"].values()))[0]
    search = YofoSearch(InOrder(fails={top}))
    evaluate(search, task)
    holds = [found for found in search.found.values() if top in found["failed"]]
    assert search.failures == {"ImageError": len(holds)}
    assert holds
    assert all(top not in found["scores"] for found in search.found.values())


def test_a_query_of_which_everything_fails_earns_nothing(task):
    search = YofoSearch(InOrder(fails="all"))
    scores = evaluate(search, task)
    assert scores["ndcg_at_100"] == 0
    assert search.failures == {"ImageError": SIZE.queries * SIZE.candidates}
    found = search.search(
        [{"id": "q", "text": "a"}], hf_split="test", hf_subset="default", top_ranked={"q": ["nowhere"]}
    )
    assert found == {"q": {NOTHING: 0.0}}


class Lost(InOrder):
    """Its device fails."""

    def score(self, query, documents):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")


class Gone(InOrder):
    """The file of its first document is not there."""

    def score(self, query, documents):
        if any(one.id == "b" for one in documents):
            raise ImageError("b.jpg does not exist", code="missing")
        return super().score(query, documents)


def test_a_query_of_which_a_document_failed_for_now_is_asked_again(tmp_path):
    from datasets import Dataset

    from evals.data_sets import Origin

    corpus = Dataset.from_dict({"id": ["a", "b"], "text": ["red", "blue"]})
    gone = local_task(
        Origin("texts", "here", "MIT"),
        category="t2t",
        description="",
        read=lambda: split_data(corpus, {"q": "x"}, {"q": {"b": 1}}, {"q": ["a", "b"]}),
    )
    first = YofoSearch(Gone(), run=RunFile(tmp_path, {}))
    assert evaluate(first, gone)["mrr_at_10"] == 0
    assert first.failures == {"missing": 1}
    assert evaluate(YofoSearch(InOrder(), run=RunFile(tmp_path, {})), gone)["mrr_at_10"] == 0.5


def test_a_contestant_that_fails_on_everything_for_now_is_stopped(task, tmp_path):
    with pytest.raises(AllFailed, match=r"yofo: 5 units in a row failed \(RuntimeError: 5\)"):
        evaluate(YofoSearch(Lost(), run=RunFile(tmp_path, {})), task)
    scores = evaluate(YofoSearch(InOrder(), run=RunFile(tmp_path, {})), task)
    assert scores["ndcg_at_100"] > 0


def test_a_task_without_candidates_is_refused(task):
    search = YofoSearch(InOrder())
    with pytest.raises(ConfigError, match="needs candidates"):
        search.search([{"id": "q", "text": "a"}], hf_split="test", hf_subset="default")


def test_queries_are_texts_with_their_instruction():
    assert query_text({"id": "1", "text": "a", "instruction": "b"}) == "a b"
    with pytest.raises(ConfigError, match="wanted a text"):
        query_text({"id": "1", "text": "a", "image": Image.new("RGB", (4, 4))})


def test_a_row_has_the_parts_that_the_task_reads():
    row = {"id": "1", "title": "T", "text": "x", "image": {"bytes": b"png", "path": None}}
    both = to_document(row, ["text", "image"])
    assert (both.text, both.image) == ("T x", b"png")
    assert to_document(row, ["image"]).text is None
    assert to_document(row | {"image": {"bytes": None, "path": "a.png"}}, ["image"]).image == "a.png"
    with pytest.raises(DocumentError):
        to_document({"id": "1", "text": " "}, ["text"])


def test_found_holds_no_score_for_a_failure():
    found = as_found(["a", "b"], [Scored(0.0), Scored(None, "torn")])
    assert found == {"scores": {"a": 0.0}, "failed": {"b": "torn"}}


def test_texts_are_ranked_too():
    from datasets import Dataset

    from evals.data_sets import Origin

    corpus = Dataset.from_dict({"id": ["a", "b"], "title": ["", "T"], "text": ["red", "blue"]})
    task = local_task(
        Origin("texts", "here", "MIT"),
        category="t2t",
        description="",
        read=lambda: split_data(corpus, {"q": "x"}, {"q": {"b": 1}}, {"q": ["a", "b"]}),
    )
    assert evaluate(YofoSearch(InOrder()), task)["mrr_at_10"] == 0.5
