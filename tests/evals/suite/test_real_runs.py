"""Steps of the real suite as they are, but for a tiny checkpoint of the real class and small files as published."""

import json

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from evals import rank, verdicts
from evals.report.names import model_of, reads_of
from evals.suite import real
from yofo_rerank import YofoJudge
from yofo_rerank.decompose import decompose
from yofo_rerank.errors import ConfigError

pytest.importorskip("mteb")

PROGRAMS = {"evals.rank": rank.main, "evals.verdicts": verdicts.main}
STEPS = {step.record: step for step in real.REAL}


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def checkpoint(make_tiny, saved_model, tmp_path_factory):
    return str(saved_model(make_tiny("qwen3_vl"), tmp_path_factory.mktemp("checkpoint")))


@pytest.fixture(scope="module")
def data(tmp_path_factory, make_image):
    """MCMR with two queries over three products, a pair of LRVS-Fashion, and a thing of VAW."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("MCMR/images", "lrvs", "vaw/VG_100K", "vaw/VG_100K_2"):
        (folder / name).mkdir(parents=True)
    products, pool = [], []
    for number in range(3):
        make_image(48, 48, number).save(folder / "MCMR" / "images" / f"{number}.jpg")
        images = [{"large": f"https://shop.example/{number}.jpg"}]
        products.append({"candidate_id": f"T{number}", "title": f"Top {number}", "images": images})
        pool.append({"rank": number, "candidate_id": f"T{number}"})
    lines(folder / "MCMR" / "candidate.jsonl", products)
    asked = [{"qid": f"q{at}", "query": text, "pos_ids": ["T1"]} for at, text in enumerate(("a red top", "blue"))]
    lines(folder / "MCMR" / "query.jsonl", asked)
    lines(folder / "MCMR" / "topk50.jsonl", [{"qid": one["qid"], "topk": pool} for one in asked])
    for at, name in enumerate("ab"):
        make_image(48, 48, at).save(folder / "lrvs" / f"{name}.png")
    pair = {"first": "a.png", "second": "b.png", "query": "a red dress, not striped", "better": "first"}
    lines(folder / "lrvs" / "pairs.jsonl", [pair | {"requirements": ["a dog"], "expression": "not r1"}])
    Image.new("RGB", (64, 64), "red").save(folder / "vaw" / "VG_100K" / "1.jpg")
    thing = {"image_id": 1, "instance_id": "1", "object_name": "hat", "instance_bbox": [0, 0, 60, 60]}
    thing |= {"positive_attributes": ["red"], "negative_attributes": ["blue"]}
    (folder / "vaw" / "test.json").write_text(json.dumps([thing]))
    return folder


@pytest.fixture
def run(data, checkpoint, tmp_path):
    """Run a step by its record, with the tiny checkpoint for the real one, and give its record."""

    def run(name):
        step = STEPS[name]
        said = [word.replace(str(real.DATA), str(data)).replace(real.CHECKPOINT, checkpoint) for word in step.words]
        app = typer.Typer()
        app.command()(PROGRAMS[said[2]])
        done = CliRunner().invoke(app, [*said[3:], "--output", str(tmp_path), "--runs", str(tmp_path / "runs")])
        assert done.exit_code == 0, done.output
        return json.loads((tmp_path / f"{name}.json").read_text())

    return run


@pytest.mark.parametrize("model", [*real.isolating(), *real.FLOORS])
def test_the_same_weights_asked_otherwise_and_the_floors_order_products(run, checkpoint, model):
    written = run(f"rank_MCMR_{model}")
    figures = written["figures"]
    assert written["settings"]["model_source"] == (None if model in real.FLOORS else checkpoint)
    assert (figures["queries"], figures["pairs"]) == (2, 6)
    if model == "generated-verdicts":  # random weights write no JSON: counted, never scored
        assert figures["failed"]["documents"] == 6
        assert figures["by_query"]["MRR"]["mean"] == 0
    else:
        assert figures["failed"]["documents"] == 0
        assert figures["by_query"]["MRR"]["mean"] > 0
    if model == "no-reranking":
        assert figures["by_query"]["MRR"]["mean"] == 0.5  # the second of the first stage's order


@pytest.mark.parametrize("model", real.isolating())
def test_they_order_pairs(run, model):
    figures = run(f"verdicts_lrvs_{model}")["figures"]
    assert figures["units"] == 1
    assert figures["failed"]["units"] == (model == "generated-verdicts")


@pytest.mark.parametrize("model", real.isolating(verdicts=True))
def test_and_give_verdicts(run, model):
    figures = run(f"verdicts_vaw_{model}")["figures"]
    assert figures["units"] == 1
    if model == "one-per-pass":
        assert figures["acc_property"]["n"] == 2
    else:
        assert figures["failed"] == {"units": 1, "by_reason": {"unparsable": 1}}


def test_ours_orders_pairs_by_given_requirements_and_by_its_own_of_the_query_alone(run, monkeypatch):
    asked = []
    judge_outcomes = YofoJudge.judge_outcomes

    def listening(self, documents, requirements, **named):
        asked.append([str(getattr(one, "text", one)) for one in requirements])
        return judge_outcomes(self, documents, requirements, **named)

    monkeypatch.setattr(YofoJudge, "judge_outcomes", listening)
    given, own = run("verdicts_lrvs_yofo"), run("verdicts_lrvs_yofo-own-decomposer")
    assert asked == [["a dog"], [one.text for one in decompose("a red dress, not striped").requirements]]
    assert given["figures"]["failed"]["units"] == own["figures"]["failed"]["units"] == 0
    assert own["settings"]["set"] == given["settings"]["set"]  # two rows of one table
    rows = [(model_of(one["settings"], "verdicts"), reads_of(one["settings"], one["figures"])) for one in (given, own)]
    assert rows[1][0] == f"{rows[0][0]} + own decomposer"
    assert [said for _, said in rows] == ["its requirements and expression, image + text", "the query, image + text"]


def test_a_run_with_its_own_decomposer_is_of_ours_on_pairs(tmp_path):
    folders = {"output": tmp_path, "runs": tmp_path, "own_decomposer": True}
    with pytest.raises(ConfigError, match="for yofo alone, but got whole-query: others read the query"):
        verdicts.main(name="lrvs", model=["whole-query"], **folders)
    with pytest.raises(ConfigError, match="--own-decomposer is for pairs, but mini holds statements"):
        verdicts.main(name="mini", model=["yofo"], **folders)
