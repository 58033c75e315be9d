"""The evaluation of facets: which are judged, what a search is kept to, and what true answers bring."""

from evals.facets import asked_of, conditions, denied, facet, measure, right, wanted
from evals.mini_search import make_task
from yofo_rerank.mini.statements import holds
from yofo_rerank.requirements import JudgedDocument, Judgement
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.retrieval.facets import SURELY_NOT


class Oracle:
    """Knows the garments."""

    def __init__(self, task, asked):
        self.task, self.asked = task, asked

    def info(self):
        return {"model": "oracle"}

    def judge_outcomes(self, documents, requirements):
        return [JudgedDocument(tuple(self.judged(document, one) for one in requirements)) for document in documents]

    def judged(self, document, requirement):
        claim, negated = self.asked[requirement.text]
        yes = holds(self.task.garments[document.id], claim) != negated
        return Judgement(requirement=requirement, p_yes=float(yes), verdict=yes)


class Blind:
    """Any vector for anything."""

    model, pretrained, fingerprint, dim = "blind", None, "blind:1", 4

    def encode_texts(self, texts, *, warn=True):
        import numpy as np

        return np.random.default_rng(len(texts)).normal(size=(len(texts), 4)).astype(np.float32)


def test_a_facet_is_what_a_user_types():
    assert facet(("colour", "pink")) == "pink"
    assert facet(("colour", "pink"), negated=True) == "not pink"


def test_true_answers_keep_every_exact_item_and_little_else():
    task, catalogue = make_task(300, 12, 5)
    queries = [query for query in task.queries if denied(query)]
    asked = asked_of(task.queries)
    retriever = ClipFaissRetriever(Blind())
    retriever.add_embeddings(catalogue, Blind().encode_texts(catalogue))
    retriever.facets.judge(catalogue, Oracle(task, asked), list(asked))
    assert right(task, retriever.facets, asked) == 1
    for query in queries:
        kept = conditions(retriever.facets, query, also_wanted=True)
        assert set(kept) <= set(asked)
        assert len(kept) == len(denied(query)) + len(wanted(query))
        assert set(kept.values()) == {SURELY_NOT}
    figures = measure(task, retriever, 30)
    means = [one["mean"] for one in figures["recall"].values()]
    assert figures["queries"] == len(queries) > 5
    assert means[0] < 0.5 < means[-1]  # a blind first stage finds nothing without facets
