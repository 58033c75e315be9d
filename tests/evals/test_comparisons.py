"""The programs of the mini suite, from a folder of barely trained contestants to their records."""

import json
from types import SimpleNamespace

import pytest
import torch
from typer.testing import CliRunner

from evals import ablations, dependency, drift, pairs, positions, ranks, throughput
from evals.contestants import yofo
from evals.contestants.pictures import make_pictures
from evals.contestants.recipes import get_recipe, train
from evals.drifting import auroc, bins, by_requirements, flips, temperature
from evals.paired import paired_difference
from tests.evals.test_attention import table
from yofo_rerank import Document
from yofo_rerank.mini.catalog import sample_garments


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("suite")
    pictures = make_pictures(folder / "pictures", 30)
    with pytest.MonkeyPatch.context() as patched:  # a whole batch takes far longer than the second
        patched.setattr(yofo, "BATCH", 2)
        patched.setattr(yofo, "PAIRS", 2)
        for name in ("clip-style", "jina-style", "yofo", "yofo-dep"):
            train(get_recipe(name), pictures, folder, seconds=1)
    return folder


def run(program, tmp_path, *arguments):
    import typer

    app = typer.Typer()
    app.command()(program.main)
    output = tmp_path / "record.json"
    done = CliRunner().invoke(app, [*map(str, arguments), "--output", str(output)])
    return done, json.loads(output.read_text())


def test_pairs_name_what_is_missing_and_go_on(trained, tmp_path):
    done, record = run(pairs, tmp_path, "--limit", 4, "--folder", trained)
    assert done.exit_code == 3
    assert {one["name"] for one in record["figures"]["missing"]} == {
        "siglip-style",
        "blip2-itm-style",
        "whole-query-style",
    }
    found = record["figures"]["contestants"]
    assert found["jina-style"]["single_score"] and not found["yofo"]["single_score"]
    assert 0 <= found["yofo"]["err_rank"]["low"] <= found["yofo"]["err_rank"]["mean"] <= 1
    assert found["yofo"]["trained"]["processor_seconds"] == 1
    assert record["figures"]["targets"]["yofo"]["wanted"] == 0.03
    [first, *_] = record["figures"]["disagreements"]
    assert len(first["garments"]) == 2 and len(first["scores"]["yofo"]) == 2 and first["p_yes"]
    done, again = run(pairs, tmp_path, "--limit", 4, "--folder", trained, "--skip-missing")
    assert done.exit_code == 0 and again["figures"]["contestants"] == found


def test_a_tie_and_a_failure_are_errors():
    made = pairs.make_pairs(3, seed=1)
    ahead = [(1.0, 0.0) if pair.better == 0 else (0.0, 1.0) for pair in made]
    assert pairs.wrong(made, ahead) == [False] * 3
    assert pairs.wrong(made, [(0.5, 0.5), None, ahead[2]]) == [True, True, False]


def test_who_failed_stands_among_the_disagreements():
    made = pairs.make_pairs(2, seed=1)
    scores = {"yofo": [(1.0, 0.0), (1.0, 0.0)], "jina-style": [None, (0.0, 1.0)]}
    errors = {name: pairs.wrong(made, found) for name, found in scores.items()}
    found = pairs.disagreements(made, scores, errors, lambda _at: {})
    assert sorted((one["scores"]["jina-style"] for one in found), key=str) == [(0.0, 1.0), None]


def test_throughput_compares_all_in_one_process(trained, tmp_path):
    done, record = run(
        throughput, tmp_path, "--limit", 2, "--repeats", 1, "--folder", trained, "--skip-missing"
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = record["figures"]["contestants"]
    assert found["yofo"]["ratio"] == 1 and found["one requirement per pass"]["ratio"] > 2
    assert found["jina-style"]["verdicts_per_second"] is None


def test_tables_say_what_is_missing(trained, tmp_path):
    done, record = run(dependency, tmp_path, "--limit", 3, "--folder", trained)
    assert done.exit_code == 0
    assert set(record["figures"]["contestants"]) == set(dependency.NAMES)
    assert not {"right", ablations.PAIRED} & set(record["figures"]["contestants"]["base"])
    assert record["figures"]["contestants"]["base"]["acc_dep_better_than_yofo"]["documents"] == 3
    assert record["figures"]["contestants"]["base"]["better_than_yofo"]["low"] <= 1
    done, record = run(ranks, tmp_path, "--limit", 3, "--folder", trained)
    assert done.exit_code == 3 and len(record["figures"]["missing"]) == 4


def test_every_statement_stands_at_every_place(trained):
    task = ablations.held_out_task(2, 3)
    found = positions.measured(ablations.open_yofo("base", trained, attention="joint"), task, 10)
    assert [one["n"] for one in found["by_position"]] == [20] * 10


def test_drift_gives_a_row_for_each_kind_of_attention(tmp_path):
    _, record = run(drift, tmp_path, "--limit", 24, "--queries", 2, "--counted", 1, "--folder", tmp_path)
    joint, isolated = (record["figures"]["table"][mode] for mode in ("joint", "isolated"))
    assert isolated["largest change of p_yes"] < 1e-4 < joint["largest change of p_yes"]
    assert set(record["figures"]["by_requirements"]["joint"]) == {str(count) for count in drift.COUNTS}
    assert {one["n"] for one in record["figures"]["by_requirements"]["joint"].values()} == {30}
    assert record["settings"]["same_statements_at_every_count"]
    assert record["figures"]["targets"]["isolated"]["met"]


def test_the_same_statements_are_asked_at_every_number_of_requirements():
    asked = {}

    def judge(_documents, texts):
        asked.setdefault(len(texts), []).extend(texts)
        return [[SimpleNamespace(p_yes=0.9, verdict=True) for _ in texts]]

    shown = [(Document(text="a"), garment) for garment in sample_garments(2, 5)]
    found = by_requirements(SimpleNamespace(judge=judge), shown, (1, 3, 6))
    assert asked[1] == asked[3] == asked[6] and len(set(asked[6][:6])) == 6
    assert found["1"] == found["3"] == found["6"] and found["6"]["n"] == 12 and 0 < found["6"]["mean"] < 1
    with pytest.raises(ValueError, match="divide 6, so that templates are full, but got \\[4\\]"):
        by_requirements(SimpleNamespace(judge=judge), shown, (1, 4, 6))


def test_measures_of_drift():
    assert flips(table(0.9, 0.4), table(0.8, 0.6))["flips"]["mean"] == 0.5
    assert auroc([0.5, 0.9], [0.5, 0.1]).mean == pytest.approx(0.875)
    assert temperature([0.99] * 100, [True] * 75 + [False] * 25) == pytest.approx(4.18, rel=0.05)
    assert bins([0.95, 0.91, 0.1], [True, False, False])[-1] == {"p_yes": pytest.approx(0.93), "true": 0.5, "n": 2}


def test_a_paired_difference_of_nothing_is_not_significant():
    same = paired_difference([1, 0] * 10, [1, 0] * 10)
    assert same.mean == 0 and same.p_value == 1
    assert paired_difference([0.0] * 20, [0.0] * 20).p_value == 1
    with pytest.raises(ValueError, match="one length"):
        paired_difference([1], [1, 0])


def test_a_p_is_never_below_what_so_many_resamplings_can_tell():
    sure = paired_difference([1] * 50, [0] * 50, resamples=200)
    assert sure.resamples == 200
    assert pytest.approx(sure.p_value) == 2 / 201
