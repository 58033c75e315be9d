"""Records of every kind, made up, and a folder that holds them."""

import json
from dataclasses import asdict

import pytest

from evals.figures.records import Records
from yofo_rerank.mini.catalog import sample_garments

ABOUT = {
    "command": "python -m evals.pairs", "commit": "c" * 40, "uncommitted_changes": False,
    "date": "2026-01-02T03:04:05+00:00", "seconds": 12.3, "python": "3.11.7",
    "versions": {"yofo-rerank": "0.2.0", "torch": "2.9"}, "cpu": "a <cpu>", "cpu_count": 2,
}  # fmt: skip


def estimate(mean):
    return {"mean": mean, "low": mean * 0.9, "high": mean * 1.1, "n": 500}


def record(figures, **settings):
    return {"about": ABOUT, "settings": {"repeats": 3} | settings, "figures": figures}


PAIRED = {"mean": -0.2, "low": -0.3, "high": -0.1, "p_value": 0.0005}


def pairs():
    garments = sample_garments(2, 5)
    errors = {
        "random": 0.5, "clip-style": 0.3, "jina-style": 0.16, "whole-query": 0.12, "yofo": 0.02,
        "yofo + own decomposer": 0.03, "yofo, as shipped": 0.025,
    }  # fmt: skip
    trained = {"steps": 102, "processor_seconds": 240.0}
    return {
        "contestants": {
            name: {"err_rank": estimate(error), "ties": 0.01, "failures": 0, "p_value": 0.0005,
                   "single_score": not name.startswith("yofo"),
                   "trained": trained if name in ("jina-style", "yofo") else None}
            for name, error in errors.items()
        },
        "disagreements": [
            {
                "query": "a dress, not <b>striped</b>", "better": 1, "expression": "2*r1 + 2*r2",
                "garments": [{"attributes": asdict(one), "look": place} for place, one in enumerate(garments)],
                "scores": {"yofo": [0.1, 0.9], "jina-style": [0.7, 0.4], "tied": [0.5, 0.5], "gone": None},
                "p_yes": {"dress": [0.9, 0.95], "not striped": [0.03, 0.99]},
            }
        ],
        "by_differences": {name: {"1": estimate(error), "2": estimate(error / 2)} for name, error in errors.items()},
        "targets": {
            "yofo": {"value": 0.02, "wanted": 0.03, "met": True},
            "share_of_best_single_score": {
                "best": "whole-query", "value": 0.17, "low": 0.1, "high": None, "wanted": 0.25, "met": True
            },
        },
        "missing": [{"name": "jinaai/jina-reranker-m0", "reason": "no checkpoint"}],
    }  # fmt: skip


def ranked():
    failed = {"failed": {"documents": 950, "by_reason": {"oom": 950}}}
    ours = {"by_query": {"nDCG@10": estimate(0.9)}, "pairs_per_second": 80.0, "pairs": 1000} | failed
    return {
        "rank_mini_yofo": ours,
        "rank_mini_random": {"by_query": {"nDCG@10": estimate(0.2)}, "pairs_per_second": None},
        "rank_mini_gone": {"missing": [{"name": "gone", "reason": "no checkpoint of it"}]},
    }


def figures():
    accuracy = {
        "opposite_of_own_answer": estimate(0.95),
        "acc_dep": estimate(0.99),
        "acc_property": estimate(0.9),
        "acc_sample": estimate(0.6),
    }
    speeds = {"jina-style": 50.0, "whole-query": 60.0, "yofo": 80.0}
    return {
        "pairs": pairs(),
        "throughput": {
            "contestants": {
                name: {
                    "pairs_per_second": speed,
                    "verdicts_per_second": 5 * speed,
                    "ratio": 80.0 / speed,
                    "ratios": [72.0 / speed, 88.0 / speed],
                    "processor_seconds": [32 / speed, 40 / speed],
                }
                for name, speed in speeds.items()
            },
            "targets": {"generated verdicts": {"value": 8.0, "wanted": 10.0, "met": False}},
        },
        **{
            name: {"contestants": {"base": accuracy | {"better_than_yofo": PAIRED}, "yofo": accuracy}}
            for name in ("reasons", "ranks")
        },
        "dependency": {
            "contestants": {"base": accuracy | {"better_than_yofo": PAIRED}, "yofo": dict(accuracy)},
            "targets": {"acc_dep": {"value": 0.5, "wanted": 0.99, "met": False}},
        },
        **ranked(),
        "positions": {
            "contestants": {
                "base": {"by_position": [estimate(0.8), estimate(0.7)]},
                "yofo": {"by_position": [estimate(0.9), estimate(0.9)]},
            }
        },
        "drift": {
            "table": {
                "joint": {"flips together/alone": 0.001, "ties": 0.02},
                "isolated": {"flips together/alone": 0.0, "ties": 0.01},
            },
            "details": {"joint": {"together": {"alone": {"flips": {"mean": 0.001, "low": 0.0005, "high": 0.002}}}}},
            "targets": {"joint": {"value": 0.001, "wanted": 0.005, "met": True}},
            "calibration": {"yofo": [{"p_yes": 0.1, "true": 0.2}, {"p_yes": 0.9, "true": 0.8}]},
            "by_requirements": {"yofo": {"1": 0.99, "30": 0.97}, "base": {"1": 0.9, "30": 0.7}},
        },
    }


def write(folder, found):
    for name, one in found.items():
        settings = {"task": "mini", "model": name.rpartition("_")[2]} if name.startswith("rank_") else {}
        settings |= {"pairs": {"note": "an uneven start"}, "throughput": {"documents": 32}}.get(name, {})
        (folder / f"{name}.json").write_text(json.dumps(record(one, **settings)))
    return Records(folder)


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """A record for everything that is compared."""
    return write(tmp_path_factory.mktemp("results"), figures())
