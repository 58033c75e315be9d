"""`yofo facets --ray --out`: the answers of an index as partitions, FAISS shards and points; no cluster is needed."""

import json

import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from yofo_rerank.cli import app, options
from yofo_rerank.documents import load_folder
from yofo_rerank.retrieval import ClipEncoder, ClipFaissRetriever
from yofo_rerank.scale import QdrantCollection, open_shards

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")


@pytest.fixture
def index(pictures, tmp_path):
    retriever = ClipFaissRetriever.from_pretrained("mini")
    retriever.add(load_folder(pictures(5)))
    retriever.save(tmp_path / "shop.index")
    return tmp_path / "shop.index"


@pytest.fixture
def facets(index, no_cluster, monkeypatch):
    """Run the command with a judge that says by the document's id with which code it fails."""

    def run(*arguments, judge=lambda _: None):
        monkeypatch.setattr(options, "load_judge", lambda *_, **__: judge)
        return CliRunner().invoke(app, ["facets", str(index), "-r", "red", *map(str, arguments)])

    return run


def test_the_answers_of_an_index_go_where_they_are_asked_to(facets, index, no_cluster, tmp_path):
    out, points = tmp_path / "answers", tmp_path / "qdrant"
    asked = ("--ray", "local", "--out", out, "--faiss", "--qdrant", points, "--collection", "shop")
    done = facets(*asked)
    assert done.exit_code == 0, done.output
    ids = {f"{place:03}.png" for place in range(5)}
    rows = [row for path in out.glob("*.parquet") for row in parquet.read_table(path).to_pylist()]
    assert {(row["document"], row["requirement"]) for row in rows} == {(id_, "red") for id_ in ids}
    assert set(open_shards(out).ids) == ids
    client = QdrantCollection("shop", str(points)).client()
    try:
        found, _ = client.scroll("shop", limit=100)
    finally:
        client.close()
    assert {one.payload["document"]: one.payload["p_yes"] for one in found} == {
        row["document"]: {"red": row["p_yes"]} for row in rows
    }
    assert json.loads((out / "catalogue.json").read_text())["embeds"] == repr(ClipEncoder("mini"))  # the index's own
    assert not list(index.glob("facets*"))

    assert len(no_cluster) == 1
    assert facets(*asked).exit_code == 0
    assert len(no_cluster) == 1  # nothing is judged again


def test_without_outputs_nothing_is_embedded(facets, tmp_path):
    out = tmp_path / "answers"
    assert facets("--ray", "local", "--out", out).exit_code == 0
    assert json.loads((out / "catalogue.json").read_text())["embeds"] is None
    assert [path.name for path in out.iterdir() if path.is_dir()] == []


def test_what_could_not_be_finished_is_a_failure_of_the_command(facets, tmp_path):
    out = tmp_path / "answers"
    done = facets("--ray", "local", "--out", out, judge=lambda _: "remote")
    assert done.exit_code == 1
    assert list(out.glob("*.parquet")) == []


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [(["--out", "answers"], "--ray"), (["--ray", "local", "--faiss"], "--out"), (["--qdrant", "q"], "--out")],
)
def test_an_option_without_the_one_that_it_needs_is_wrong_usage(facets, no_cluster, arguments, wanted):
    done = facets(*arguments)
    assert done.exit_code == 2
    assert f"needs {wanted}" in done.output
    assert no_cluster == []
