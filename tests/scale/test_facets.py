"""`yofo facets --ray` keeps the same facets as without."""

import pytest
from typer.testing import CliRunner

from tests.scale.judges import RedJudge
from yofo_rerank.cli import app, options
from yofo_rerank.documents import load_folder
from yofo_rerank.errors import RemoteError, RetrievalError
from yofo_rerank.retrieval import ClipFaissRetriever, Facets
from yofo_rerank.scale.facets import judge_facets

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning:ray.*")


def answers(facets):
    return {(row["document"], row["requirement"]): row for row in facets.table.to_pylist()}


@pytest.mark.slow
def test_the_command_keeps_the_same_facets_with_ray_as_without(ray_here, pictures, tmp_path, monkeypatch):
    traces = tmp_path / "traces"
    traces.mkdir()
    monkeypatch.setattr(options, "load_judge", lambda *_, **__: RedJudge(traces))
    retriever = ClipFaissRetriever.from_pretrained("mini")
    retriever.add(load_folder(pictures(7)))
    retriever.save(tmp_path / "shop.index")
    documents = retriever.documents
    (tmp_path / "pictures" / "002.png").write_bytes(b"no picture any more")
    asked = ["facets", str(tmp_path / "shop.index"), "-r", "red", "-r", "not red", "--ray", "local"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    path = tmp_path / "shop.index" / "facets.parquet"
    got = answers(Facets(path))

    here = Facets(tmp_path / "here.parquet")
    here.judge([one for one in documents if one.id != "002.png"], RedJudge(traces), ["red", "not red"])
    assert got == answers(here)
    assert len(got) == 12
    assert not path.with_suffix(".parts").exists()

    for trace in traces.iterdir():
        trace.unlink()
    judge = RedJudge(traces)
    known = [one for one in documents if one.id != "002.png"]
    report = judge_facets(Facets(path), known, judge, ["red", "not red"])
    assert (report.judged, report.known) == (0, 12)
    assert list(traces.iterdir()) == []


def test_facets_in_memory_are_refused(tmp_path):
    with pytest.raises(RetrievalError, match="path"):
        judge_facets(Facets(), [], RedJudge(tmp_path), ["pink"])


def test_a_judge_that_stays_away_is_not_asked_about_all(pictures, no_cluster, tmp_path):
    documents, facets = list(load_folder(pictures(30))), Facets(tmp_path / "facets.parquet")
    codes = dict.fromkeys([one.id for one in documents[2:]], "remote_unreachable")
    with pytest.raises(RemoteError, match=r"of 8 partitions in a row .* 2 answers are kept") as error:
        judge_facets(facets, documents, codes.get, ["is red"], size=2)
    assert error.value.code == "nothing_judged"
    assert len(no_cluster) == 9
    report = judge_facets(facets, documents, lambda _: None, ["is red"], size=2)  # and the next run goes on
    assert (report.judged, report.known, report.failed) == (28, 2, ())
