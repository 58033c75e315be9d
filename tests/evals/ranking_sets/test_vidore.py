"""A reranking task of ViDoRe v3.1 in the layout of the hub, of a few drawn pages: mteb's own loader reads it."""

import pytest
from PIL import Image

from evals import rank
from evals.data_sets import MissingData
from evals.ranking_sets import registry
from evals.run_file import RunFile
from evals.systems import System

pytest.importorskip("mteb")

TASK = "Vidore3HrBM25sReranking.v2"
LANGUAGES = ("english", "french", "german", "italian", "portuguese", "spanish")
SHADES = {"p0": 10, "p1": 200, "p2": 100}  # of each page


@pytest.fixture
def published(tmp_path):
    """One configuration for each language and table, as README.md tells them, and a Parquet file of each."""
    from datasets import Dataset, Features, Value
    from datasets import Image as Picture

    pages = {
        "id": list(SHADES),
        "image": [Image.new("RGB", (40, 56), (shade, 0, 0)) for shade in SHADES.values()],
        "text": ["", "a table of wages", ""],
    }
    kinds = Features({"id": Value("string"), "image": Picture(), "text": Value("string")})
    configs = []
    for language in LANGUAGES:
        tables = {
            "corpus": Dataset.from_dict(pages, features=kinds),
            "queries": Dataset.from_dict({"id": ["q0", "q1"], "text": [f"wages ({language})", "leave"]}),
            "qrels": Dataset.from_dict(
                {"query-id": ["q0", "q0", "q1"], "corpus-id": ["p1", "p2", "p0"], "score": [2, 1, 1]}
            ),
            "top_ranked": Dataset.from_dict(
                {"query-id": ["q0", "q1"], "corpus-ids": [["p0", "p1", "p2"], ["p2", "p0"]]}
            ),
        }
        for name, table in tables.items():
            file = f"{language}-{name}/test-00000-of-00001.parquet"
            (tmp_path / file).parent.mkdir()
            table.to_parquet(tmp_path / file)
            files = f"  data_files:\n  - split: test\n    path: {file}\n"
            configs.append(f"- config_name: {language}-{name}\n{files}")
    (tmp_path / "README.md").write_text("---\nconfigs:\n" + "".join(configs) + "---\n")
    return tmp_path


class Shade:
    """Scores a page by how red it is."""

    def score(self, query, documents):
        return [float(document.load_image().getpixel((0, 0))[0]) for document in documents]


def test_pages_candidates_and_grades_are_read_and_ranked(published, tmp_path):
    [task] = registry.get_tasks(TASK, str(published))
    registry.load(task)
    assert set(task.dataset) == set(LANGUAGES)
    split = task.dataset["french"]["test"]
    assert split["queries"]["text"] == ["wages (french)", "leave"]
    assert split["top_ranked"] == {"q0": ["p0", "p1", "p2"], "q1": ["p2", "p0"]}
    assert split["relevant_docs"] == {"q0": {"p1": 2, "p2": 1}, "q1": {"p0": 1}}
    figures = rank.measure(task, System("shade", scorer=Shade()), RunFile(tmp_path / "run", {}))
    assert (figures["queries"], figures["pairs"]) == (12, 30)
    assert figures["by_query"]["MRR"]["mean"] == pytest.approx(0.75)  # of q0 the reddest is right, of q1 the second


def test_a_folder_that_is_not_there_says_whence_the_data_come(tmp_path):
    [task] = registry.get_tasks(TASK, str(tmp_path / "nowhere"))
    with pytest.raises(MissingData, match=f"the data of {TASK} are not there"):
        registry.load(task)


def test_of_a_benchmark_each_task_has_its_own_folder(tmp_path):
    tasks = registry.get_tasks("ViDoRe-v3.1", str(tmp_path))
    assert {task.metadata.dataset["path"] for task in tasks} == {str(tmp_path / task.metadata.name) for task in tasks}
    assert len({task.metadata.dataset["path"] for task in tasks}) == 40
    [again] = registry.get_tasks(TASK)
    assert again.metadata.dataset["path"] == f"mteb/{TASK}"  # the class is as it was
