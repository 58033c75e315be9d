"""The ranking sets that mteb lacks, on small files in the layouts that their makers publish."""

import json

import pytest
from PIL import Image

from evals.data_sets import BadData, MissingData
from evals.ranking_sets import registry
from yofo_rerank.errors import ConfigError

pytest.importorskip("mteb")


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def mcmr(tmp_path):
    """candidate.jsonl, query.jsonl, images/ of the hub, and topk50.jsonl of eval/retrieval/llave.py."""
    (tmp_path / "images").mkdir()
    Image.new("RGB", (40, 40), "red").save(tmp_path / "images" / "71ab.jpg")
    products = [
        {
            "candidate_id": f"TOP{number}",
            "title": f"Top {number}",
            "description": ["Soft."],
            "features": ["cotton", "crew neck"],
            "price": 19.9,
            "Date First Available": "May 2, 2020",
            "images": [{"large": "https://shop.example/I/71ab.jpg", "hi_res": None}] if number != 2 else [],
        }
        for number in range(4)
    ]
    lines(tmp_path / "candidate.jsonl", products)
    queries = [
        {"qid": "q0", "query": "a soft red top", "pos_ids": ["TOP1"]},
        {"qid": "q1", "query": "a sofa", "pos_ids": ["Furniture9"]},
        {"qid": "q2", "query": "not in the pool file", "pos_ids": ["TOP0"]},
    ]
    lines(tmp_path / "query.jsonl", queries)
    pool = [
        {"rank": rank, "candidate_id": f"TOP{number}", "is_pos": 0, "score": 0.1}
        for rank, number in enumerate((2, 1, 0))
    ]
    rows = [{"qid": query, "query": "", "topk": pool} for query in ("q0", "q1")]
    lines(tmp_path / "topk50.jsonl", rows)
    return tmp_path


def test_mcmr(mcmr):
    [task] = registry.get_tasks("MCMR", str(mcmr))
    registry.load(task)
    split = task.dataset["default"]["test"]
    assert split["corpus"]["id"] == ["TOP0", "TOP1", "TOP2"]  # what is in a pool
    assert split["corpus"][1]["text"] == "Top 1 | Soft. | cotton crew neck | price: 19.9 | date: May 2, 2020"
    assert split["corpus"].with_format(None)[1]["image"]["path"].endswith("images/71ab.jpg")
    assert split["corpus"][2]["image"] is None
    assert dict(zip(split["queries"]["id"], split["queries"]["text"], strict=True)) == {
        "q0": "a soft red top",
        "q1": "a sofa",
    }
    assert split["relevant_docs"] == {"q0": {"TOP1": 1}, "q1": {"Furniture9": 1}}
    assert split["top_ranked"]["q0"] == ["TOP2", "TOP1", "TOP0"]
    assert registry.licence(task).startswith("CC BY-NC-SA 4.0")


def test_mcmr_as_its_own_programs_name_things(mcmr):
    (mcmr / "topk50.jsonl").rename(mcmr / "llave_direct_eval_topk50.jsonl")
    products = mcmr / "candidate.jsonl"
    products.write_text(products.read_text().replace('"candidate_id"', '"id"'))
    [task] = registry.get_tasks("MCMR", str(mcmr))
    registry.load(task)
    assert task.dataset["default"]["test"]["corpus"]["id"] == ["TOP0", "TOP1", "TOP2"]


@pytest.mark.parametrize(("name", "advice"), [("topk50.jsonl", "EXPORT_TOPK_JSONL=True"), ("images", "unpack images")])
def test_mcmr_says_what_to_do_for_what_is_missing(mcmr, name, advice):
    (mcmr / name).rename(mcmr / "elsewhere")
    [task] = registry.get_tasks("MCMR", str(mcmr))
    with pytest.raises(MissingData, match=advice):
        registry.load(task)


def test_a_limit_keeps_queries_that_can_be_measured(mcmr):
    lines(
        mcmr / "query.jsonl",
        [{"qid": "q0", "query": "a", "pos_ids": ["x"]}, {"qid": "q1", "query": "b", "pos_ids": ["y"]}],
    )
    [task] = registry.get_tasks("MCMR", str(mcmr))
    registry.load(task)
    split = task.dataset["default"]["test"]
    split["relevant_docs"]["q0"] = {}
    registry.limit_queries(task, 1)
    assert split["queries"]["id"] == ["q1"]
    assert split["relevant_docs"] == {"q1": {"y": 1}}


@pytest.mark.parametrize("name", ["candidate.jsonl", "query.jsonl", "topk50.jsonl"])
def test_mcmr_says_what_is_missing_and_whence_it_comes(mcmr, name):
    (mcmr / name).unlink()
    [task] = registry.get_tasks("MCMR", str(mcmr))
    with pytest.raises(MissingData, match=rf"holds no {name}.*Lux1997/MCMR under CC BY-NC-SA 4.0"):
        registry.load(task)


def test_mcmr_of_another_layout_is_named(mcmr):
    (mcmr / "query.jsonl").write_text('{"qid": "q0", "question": "a"}\n')
    [task] = registry.get_tasks("MCMR", str(mcmr))
    with pytest.raises(BadData, match=r"query.jsonl: wanted query or text .* qid, question"):
        registry.load(task)
    (mcmr / "query.jsonl").write_text("{torn\n")
    with pytest.raises(BadData, match=r"query.jsonl:1: "):
        registry.load(task)


@pytest.fixture
def inquire(tmp_path):
    """data/test-*.parquet with the hub's columns; picture 7 is a candidate of both queries."""
    from datasets import Dataset, Features, Value
    from datasets import Image as Picture

    rows = [
        ("a fox in snow", 5, 0, 0.2, "red"),
        ("a fox in snow", 7, 1, 0.3, "blue"),
        ("a bird with a ring", 7, 0, 0.1, "blue"),
        ("a bird with a ring", 9, 1, 0.05, "green"),
    ]
    columns = {
        "image": [Image.new("RGB", (32, 32), row[4]) for row in rows],
        "query": [row[0] for row in rows],
        "relevant": [row[2] for row in rows],
        "clip_score": [row[3] for row in rows],
        "inat24_image_id": [row[1] for row in rows],
        "inat24_file_name": ["x.jpg"] * 4,
    }
    kinds = {"image": Picture(), "query": Value("string"), "relevant": Value("int64"), "clip_score": Value("float64")}
    kinds |= {"inat24_image_id": Value("int64"), "inat24_file_name": Value("string")}
    (tmp_path / "data").mkdir()
    Dataset.from_dict(columns, features=Features(kinds)).to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    return tmp_path


def test_inquire(inquire):
    [task] = registry.get_tasks("INQUIRE-Rerank", str(inquire))
    registry.load(task)
    split = task.dataset["default"]["test"]
    assert list(split["corpus"]["id"]) == ["5", "7", "9"]
    assert split["corpus"][0]["image"]["bytes"].startswith(b"\x89PNG")
    assert split["queries"]["text"] == ["a fox in snow", "a bird with a ring"]
    assert split["top_ranked"] == {"q000": ["7", "5"], "q001": ["7", "9"]}  # CLIP's order
    assert split["relevant_docs"] == {"q000": {"7": 1}, "q001": {"9": 1}}


def test_inquire_says_whence_it_comes(tmp_path):
    [task] = registry.get_tasks("INQUIRE-Rerank", str(tmp_path))
    with pytest.raises(MissingData, match=r"test-\*.parquet; .*evendrow/INQUIRE-Rerank under CC BY-NC 4.0"):
        registry.load(task)


def test_vidore_is_40_tasks_of_mteb():
    tasks = registry.get_tasks("ViDoRe-v3.1")
    assert len(tasks) == 40
    assert {registry.licence(task) for task in tasks} == {"cc-by-4.0"}


def test_an_unreachable_task_of_mteb_says_whence_it_comes(monkeypatch):
    [task] = registry.get_tasks("Vidore3HrBM25sReranking.v2")

    def unreachable(**_):
        raise ConnectionError("Couldn't reach the Hub")

    monkeypatch.setattr(task, "load_data", unreachable)
    with pytest.raises(MissingData, match=r"datasets/mteb/Vidore3HrBM25sReranking.v2 at \w+ under cc-by-4.0"):
        registry.load(task)


def test_unknown_tasks_and_such_that_rank_nothing():
    with pytest.raises(ConfigError, match=r"unknown task 'nothing'; known are mini, MCMR, INQUIRE-Rerank, ViDoRe-v3.1"):
        registry.get_tasks("nothing")
    with pytest.raises(ConfigError, match="SugarCrepe ranks no documents"):
        registry.get_tasks("SugarCrepe")
