import json

import pytest

from evals import mini_search
from evals.mini_search import draw, make_task, print_figures, search
from evals.record import write_record
from evals.search_figures import by_rule, expression, figures_of
from yofo_rerank import Requirement, YofoReranker
from yofo_rerank.decompose import get_decomposer
from yofo_rerank.retrieval import ClipFaissRetriever
from yofo_rerank.scoring import RULES

DOCUMENTS, QUERIES = 120, 10


@pytest.fixture(scope="module")
def world():
    return make_task(DOCUMENTS, QUERIES, seed=3)


def run(world, judge, encoder, *, n_candidates, decomposer="rules"):
    task, catalogue = world
    retriever = ClipFaissRetriever(encoder)
    retriever.add(catalogue)
    searched = search(task, retriever, YofoReranker(judge, decomposer), n_candidates=n_candidates)
    return searched, figures_of(task, searched, get_decomposer(decomposer))


def test_a_perfect_judge_of_all_candidates_is_perfect(world, oracle_judge, random_encoder):
    _, figures = run(world, oracle_judge(world[0].garments), random_encoder, n_candidates=DOCUMENTS)
    given = figures["orders"]["reranked, given requirements"]
    assert {name: found["mean"] for name, found in given.items()} == dict.fromkeys(given, 1.0)
    assert figures["first_stage"]["recall_whole"]["mean"] == 1
    assert figures["judge"]["all"]["mean"] == 1
    assert figures["blame"]["ndcg_lost_by"]["first stage"] == pytest.approx(0)
    assert figures["blame"]["ndcg_lost_by"]["judge"] == pytest.approx(0)
    assert figures["orders"]["first stage"]["nDCG@10"]["mean"] < 0.5  # so reranking did it


def test_what_the_first_stage_misses_is_its_fault(world, oracle_judge, random_encoder):
    _, figures = run(world, oracle_judge(world[0].garments), random_encoder, n_candidates=15)
    assert figures["first_stage"]["recall_whole"]["mean"] < 0.5
    assert figures["blame"]["ndcg_lost_by"]["first stage"] > 0.3
    assert figures["blame"]["ndcg_lost_by"]["judge"] == pytest.approx(0)
    assert figures["blame"]["imperfect_first_places"]["first stage"] > 0
    assert figures["blame"]["imperfect_first_places"]["judge"] == 0


def test_what_the_judge_gets_wrong_is_its_fault(world, oracle_judge, random_encoder):
    judge = oracle_judge(world[0].garments, wrong=lambda text: "not" in text or "no " in text or "without" in text)
    _, figures = run(world, judge, random_encoder, n_candidates=DOCUMENTS)
    negated = sum(any(one.negated for one in query.oracle) for query in world[0].queries)
    assert figures["queries"]["with_negation"] == negated > 0
    assert figures["judge"]["negated"]["mean"] == 0
    assert figures["judge"]["positive"]["mean"] == 1
    assert figures["blame"]["imperfect_first_places"] == {"first stage": 0, "judge": negated, "decomposer": 0}


def test_what_the_decomposer_gets_wrong_is_its_fault(world, oracle_judge, random_encoder):
    decomposer = {"kind": "fixed", "requirements": ["striped"]}
    _, figures = run(
        world, oracle_judge(world[0].garments), random_encoder, n_candidates=DOCUMENTS, decomposer=decomposer
    )
    assert figures["decomposer"]["exact"] == 0
    assert figures["decomposer"]["misread"][0]["found"] == ["striped (must)"]
    assert figures["blame"]["ndcg_lost_by"]["decomposer"] > 0.3
    assert figures["blame"]["imperfect_first_places"]["decomposer"] > 0
    assert figures["blame"]["imperfect_first_places"]["judge"] == 0


def test_ordering_judgements_again_is_what_the_reranker_does(world, oracle_judge, random_encoder):
    judge = oracle_judge(world[0].garments)
    searched, _ = run(world, judge, random_encoder, n_candidates=40)
    orders = set()
    for kind in RULES:
        again = [by_rule(one.reranked, kind) for one in searched]
        orders.add(str(again))
        if kind != "expression":  # which needs an expression for each query
            reranker = YofoReranker(judge, scoring=kind)
            for one, order in zip(searched, again, strict=True):
                candidates = [place.document for place in sorted(one.reranked, key=lambda place: place.index)]
                assert [place.document.id for place in reranker.rerank(one.query.text, candidates)] == order
    assert len(orders) > 1


def test_expression_of_shoulds_alone():
    assert expression([Requirement(text="red", necessity="should")]) == "r1"


def test_tables_record_and_picture(world, oracle_judge, random_encoder, tmp_path, capsys):
    _, figures = run(world, oracle_judge(world[0].garments), random_encoder, n_candidates=40)
    print_figures(figures)
    shown = capsys.readouterr().out
    assert "Who is to blame" in shown
    assert "threshold_count" in shown
    record = json.loads(write_record(tmp_path / "search.json", settings={}, figures=figures).read_text())
    assert record["figures"]["queries"]["n"] == QUERIES
    assert draw(figures, tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")


def test_the_program(monkeypatch, tmp_path, world, oracle_judge, random_encoder):
    monkeypatch.setattr(mini_search, "make_task", lambda *_: world)
    monkeypatch.setattr(mini_search, "open_retriever", lambda _: ClipFaissRetriever(random_encoder))
    monkeypatch.setattr(mini_search, "open_judge", lambda *_, **__: oracle_judge(world[0].garments))
    files = {"output": tmp_path / "a.json", "picture": tmp_path / "a.png"}
    mini_search.main(candidates=20, **files)
    figures = json.loads((tmp_path / "a.json").read_text())["figures"]
    mini_search.main(candidates=20, **files)
    assert json.loads((tmp_path / "a.json").read_text())["figures"] == figures  # same seed, same figures
    assert (tmp_path / "a.png").is_file()


def test_tasks_depend_on_the_seed_alone(world):
    task, catalogue = make_task(DOCUMENTS, QUERIES, seed=3)
    assert task == world[0]
    assert [one.id for one in catalogue] == [one.id for one in world[1]]
    assert all(task.grades[query.id][catalogue[query.target].id] == 2 for query in task.queries)
