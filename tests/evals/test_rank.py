import json

import pytest
import typer

from evals import missing, rank
from evals.against import VALUES
from evals.baselines.floors import Random
from evals.data_sets import BadData, MissingData
from evals.program import MISSING
from evals.ranking_sets import mini, registry
from evals.ranking_sets.mini import Size, mini_task
from evals.record import ORIGIN
from evals.systems import MissingModel, System
from yofo_rerank import YofoReranker
from yofo_rerank.errors import ConfigError, ImageError
from yofo_rerank.mini.catalog import sample_garments
from yofo_rerank.retrieval import ClipFaissRetriever

pytest.importorskip("mteb")

SIZE = Size(documents=60, queries=5, candidates=20, seed=3)


class InOrder:
    def __init__(self):
        self.asked = 0

    def score(self, query, documents):
        self.asked += 1
        return [-float(place) for place in range(len(documents))]


@pytest.fixture(scope="module")
def drawn():
    from tests.evals.conftest import RandomEncoder

    return mini.read_mini(SIZE, ClipFaissRetriever(RandomEncoder()))


@pytest.fixture
def world(monkeypatch, oracle_judge, random_encoder, drawn):
    """The mini task in small, ours with a judge that is always right, two floors, and a model that is absent."""
    garments = sample_garments(SIZE.documents, SIZE.seed)
    by_id = {f"mini-{SIZE.seed}-{place:05d}": garment for place, garment in enumerate(garments)}
    systems = {
        "yofo": System("yofo", {"model": "oracle"}, reranker=YofoReranker(oracle_judge(by_id))),
        "no-reranking": System("no-reranking", scorer=InOrder()),
        "random": System("random", scorer=Random()),
    }

    def open_system(name, **_):
        if name == "absent":
            raise MissingModel("absent cannot be loaded from owner/absent; it comes from owner/absent under MIT")
        return systems[name]

    monkeypatch.setattr(missing, "open_system", open_system)
    monkeypatch.setattr(mini, "read_mini", lambda *_: dict(drawn))
    monkeypatch.setattr(
        registry, "get_tasks", lambda name, source: [mini_task(SIZE, ClipFaissRetriever(random_encoder))]
    )
    return systems


def record(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_from_end_to_end(world, tmp_path, capsys):
    folders = {"output": tmp_path / "results", "runs": tmp_path / "runs"}
    rank.main(task="mini", model=["yofo", "no-reranking", "random"], **folders)
    ours = record(folders["output"], "rank_mini_yofo")
    floor = record(folders["output"], "rank_mini_no-reranking")["figures"]
    assert ours["settings"]["about"] == {"model": "oracle"}
    assert ours["settings"]["licence"] == "Apache-2.0"
    figures = ours["figures"]
    assert figures["mteb"]["test"][0]["ndcg_at_10"] > floor["mteb"]["test"][0]["ndcg_at_10"] + 0.2
    assert figures["by_query"]["MRR"]["mean"] == pytest.approx(figures["mteb"]["test"][0]["mrr_at_100"], abs=1e-4)
    assert figures["by_query"]["nDCG@10"]["low"] <= figures["by_query"]["nDCG@10"]["mean"]
    assert (figures["queries"], figures["pairs"], figures["failed"]["documents"]) == (5, 100, 0)
    assert floor["ties"] == 0
    shown = capsys.readouterr().out
    assert "no-reranking" in shown
    assert "data under Apache-2.0" in shown
    asked = world["no-reranking"].scorer.asked
    rank.main(task="mini", model=["no-reranking"], **folders)
    assert world["no-reranking"].scorer.asked == asked  # finished before
    assert record(folders["output"], "rank_mini_no-reranking")["figures"] == floor
    rank.main(task="mini", model=["no-reranking"], fresh=True, **folders)
    assert world["no-reranking"].scorer.asked == asked + 5


def test_each_is_compared_with_ours_on_the_same_queries_also_in_a_later_run(world, tmp_path, capsys):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    rank.main(task="mini", model=["random", "yofo"], **folders)  # ours is measured first, wherever it is named
    assert "random - rank_mini_yofo, nDCG@10" in capsys.readouterr().out
    rank.main(task="mini", model=["no-reranking"], **folders)
    ours = record(tmp_path, "rank_mini_yofo")["figures"]
    assert "against" not in ours
    for name in ("random", "no-reranking"):
        figures = record(tmp_path, f"rank_mini_{name}")["figures"]
        assert VALUES not in figures
        told = figures["against"]["rank_mini_yofo"]
        assert set(told["measures"]) == set(ours["by_query"])
        assert told["commit"] == ORIGIN["commit"]
        for measure, gap in told["measures"].items():
            wanted = figures["by_query"][measure]["mean"] - ours["by_query"][measure]["mean"]
            assert gap["mean"] == pytest.approx(wanted, abs=1e-5)
            assert gap["n"] == SIZE.queries and gap["low"] <= gap["mean"] <= gap["high"]
        assert told["measures"]["nDCG@10"]["mean"] < -0.2
    rank.main(task="mini", model=["random"], limit=2, **folders)
    assert "against" not in record(tmp_path, "rank_mini_random_first2")["figures"]  # ours has no such run


def test_what_ours_reached_on_other_data_is_not_compared(world, tmp_path):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    rank.main(task="mini", model=["yofo"], source="here", **folders)
    rank.main(task="mini", model=["random"], source="elsewhere", **folders)
    assert "against" not in record(tmp_path, "rank_mini_random")["figures"]


def test_a_limit_has_a_record_of_its_own(world, tmp_path):
    rank.main(task="mini", model=["random"], limit=2, output=tmp_path, runs=tmp_path / "runs")
    assert record(tmp_path, "rank_mini_random_first2")["figures"]["queries"] == 2
    assert not (tmp_path / "rank_mini_random.json").exists()


def test_what_is_absent_is_named_skipped_and_listed(world, tmp_path, capsys):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    with pytest.raises(typer.Exit) as ended:
        rank.main(task="mini", model=["absent", "random"], **folders)
    assert ended.value.exit_code == MISSING
    assert "owner/absent under MIT" in record(tmp_path, "rank_mini_absent")["figures"]["missing"][0]["reason"]
    assert record(tmp_path, "rank_mini_random")["figures"]["queries"] == 5  # the others ran
    assert "skipped: absent cannot be loaded" in capsys.readouterr().err
    with pytest.raises(typer.Exit) as ended:
        rank.main(task="mini", model=["absent"], skip_missing=True, **folders)
    assert ended.value.exit_code == 0


def test_absent_data_do_not_overwrite_what_was_measured(world, tmp_path, monkeypatch):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    rank.main(task="mini", model=["random"], **folders)
    monkeypatch.undo()
    monkeypatch.setattr(missing, "open_system", lambda name, **_: System(name, scorer=Random()))
    with pytest.raises(typer.Exit) as ended:
        rank.main(task="MCMR", model=["random"], source=str(tmp_path / "nowhere"), **folders)
    assert ended.value.exit_code == MISSING
    assert "CC BY-NC-SA" in record(tmp_path, "rank_MCMR_random")["figures"]["missing"][0]["reason"]
    assert "queries" in record(tmp_path, "rank_mini_random")["figures"]
    missing.Missing().add("mini", MissingModel("gone"), {tmp_path / "rank_mini_random.json": {}})
    assert "queries" in record(tmp_path, "rank_mini_random")["figures"]


class Blind:
    """Finds no picture."""

    def score(self, query, documents):
        raise ImageError("a.png does not exist", code="missing")


def test_pictures_that_are_absent_are_missing_data(world, tmp_path):
    world["blind"] = System("blind", scorer=Blind())
    with pytest.raises(typer.Exit) as ended:
        rank.main(task="mini", model=["random", "blind"], output=tmp_path, runs=tmp_path / "runs")
    assert ended.value.exit_code == MISSING
    assert record(tmp_path, "rank_mini_random")["figures"]["queries"] == 5
    reason = record(tmp_path, "rank_mini_blind")["figures"]["missing"][0]["reason"]
    assert "files of the first 5 units are not there, such as query q" in reason
    assert "; mini comes from" in reason


def test_a_source_is_for_one_model(world, tmp_path):
    with pytest.raises(ConfigError, match="for one model, but got yofo, random"):
        rank.main(task="mini", model=["yofo", "random"], model_source="folder", output=tmp_path, runs=tmp_path)


def test_plain_retrieval_with_the_predictions_of_a_first_stage(world, tmp_path, monkeypatch, drawn):
    plain = mini_task(SIZE)
    plain.load_data()
    split = plain.dataset["default"]["test"]
    kept = {query: {id_: -float(place) for place, id_ in enumerate(ids)} for query, ids in split["top_ranked"].items()}
    split["top_ranked"] = None
    predictions = tmp_path / "mini_predictions.json"
    predictions.write_text(json.dumps({"default": {"test": kept}}))
    monkeypatch.setattr(registry, "get_tasks", lambda name, source: [plain])
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    with pytest.raises(ConfigError, match="needs candidates"):
        rank.main(task="mini", model=["random"], **folders)
    with pytest.raises(MissingData, match="no predictions at"):
        rank.main(task="mini", model=["random"], candidates=tmp_path / "nowhere.json", **folders)
    with pytest.raises(BadData, match="no predictions of mteb for mini"):
        rank.main(task="mini", model=["random"], candidates=predictions, **folders)
    predictions.write_text(json.dumps({"default": {"test": kept}, "mteb_model_meta": {"model_name": "a"}}))
    rank.main(task="mini", model=["random"], candidates=predictions, top_k=3, **folders)
    assert record(tmp_path, "rank_mini_random")["figures"]["pairs"] == 3 * SIZE.queries


def test_a_benchmark_of_several_tasks_has_a_record_that_lists_them(world, tmp_path, monkeypatch, random_encoder):
    folders = {"output": tmp_path, "runs": tmp_path / "runs"}
    tasks = [mini_task(SIZE, ClipFaissRetriever(random_encoder)) for _ in range(2)]
    monkeypatch.setattr(registry, "get_tasks", lambda *_: tasks)
    rank.main(task="ViDoRe-v3.1", model=["random"], **folders)
    found = record(tmp_path, "rank_ViDoRe-v3.1_random")
    assert found["figures"] == {"tasks": ["mini", "mini"]}
    assert "model" not in found["settings"]  # no row of the report
