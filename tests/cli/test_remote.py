"""`--judge URL`: the command asks a server, and says so."""

import json
import sys

import pytest
from PIL import Image

from tests.judges.conftest import nouls, server, status  # noqa: F401 - a fixture
from yofo_rerank.cli import main


@pytest.fixture
def photo(tmp_path):
    Image.new("RGB", (40, 30), "grey").save(tmp_path / "0.png")
    return str(tmp_path / "0.png")


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    out, err = capsys.readouterr()
    return ended.value.code, out, err


def test_judge(server, photo, capsys):  # noqa: F811
    server.acts = [nouls([0.75])]
    code, out, err = run(capsys, "judge", photo, "-r", "grey", "--judge", server.url, "--model", "m", "--json")
    assert code == 0
    assert json.loads(out)["judgements"][0]["p_yes"] == 0.75
    assert json.loads(out)["model"] == f"m at {server.url}"
    assert server.bodies[0]["model"] == "m"
    assert "mini" not in err


def test_search(server, photo, tmp_path, capsys):  # noqa: F811
    server.acts = [nouls([0.75])]
    Image.new("RGB", (40, 30), "red").save(tmp_path / "1.png")
    words = ("search", "grey", "--images", str(tmp_path), "--judge", server.url, "--json")
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert [one["judgements"][0]["p_yes"] for one in json.loads(out)["ranked"]] == [0.75, 0.75]
    assert json.loads(out)["judge"] == server.url


def test_a_refusal_is_said(server, photo, capsys):  # noqa: F811
    server.acts = [status(404, body=b"no such model")]
    code, out, _ = run(capsys, "judge", photo, "-r", "grey", "--judge", server.url)
    assert code == 1
    assert "no such model" in out


@pytest.fixture
def photos(photo, tmp_path, tmp_path_factory, capsys):
    """An index of two photos."""
    Image.new("RGB", (40, 30), "red").save(tmp_path / "1.png")
    index = str(tmp_path_factory.mktemp("index") / "photos.index")
    assert run(capsys, "index", str(tmp_path), "--out", index)[0] == 0
    return index


def test_facets(server, photos, capsys):  # noqa: F811
    pytest.importorskip("pyarrow", reason="the extra `facets`")
    server.acts = [nouls([0.75])]
    words = ("facets", photos, "-r", "grey", "--judge", server.url, "--model", "m", "--dialect", "vllm")
    code, _, err = run(capsys, *words)
    assert code == 0
    assert f"judged by m at {server.url}" in " ".join(err.split())
    assert "2 answers judged, 0 known" in " ".join(err.split())
    assert "mini" not in err
    assert [body["model"] for body in server.bodies] == ["m", "m"]
    assert all(body["questions"]["q0"]["instructions"].startswith("Is it true") for body in server.bodies)
    assert "0 answers judged, 2 known" in " ".join(run(capsys, *words)[2].split())
    assert len(server.bodies) == 2
    code, _, err = run(capsys, *words, "--verdicts", "kept")
    assert code == 2
    assert "--verdicts" in err


def test_facets_of_a_server_that_is_away_or_refuses_the_key_did_not_succeed(server, photos, capsys):  # noqa: F811
    pytest.importorskip("pyarrow", reason="the extra `facets`")
    server.acts = [nouls([0.75]), status(401)]
    code, _, err = run(capsys, "facets", photos, "-r", "grey", "--judge", server.url)
    said = " ".join(err.split())
    assert code == 1
    assert "2 answers judged" not in said
    assert "png: the server answered 401" in said  # which of them
    assert "1 documents failed for reasons that may pass or be mended; run it again" in said
    server.acts = [nouls([0.75])]
    assert run(capsys, "facets", photos, "-r", "grey", "--judge", server.url)[0] == 0
    server.acts = [status(422)]  # its document is at fault
    assert run(capsys, "facets", photos, "-r", "red", "--judge", server.url)[0] == 0


def test_serve(server, capsys, monkeypatch):  # noqa: F811
    testclient = pytest.importorskip("fastapi.testclient", reason="the extra `serve`")
    apps = []
    monkeypatch.setattr(sys.modules["yofo_rerank.cli.serve"], "_run", lambda app, *_, **__: apps.append(app))
    server.acts = [nouls([0.75])]
    code, _, _ = run(capsys, "serve", "--judge", server.url, "--model", "m", "--name", "shop", "--deadline", "7")
    assert code == 0
    body = {"model": "shop", "query": "grey", "documents": ["a skirt"], "requirements": ["grey"], "scoring": "min"}
    with testclient.TestClient(apps[0]) as client:
        answer = client.post("/v2/rerank", json=body).json()
    assert answer["results"] == [{"index": 0, "relevance_score": 0.75}]
    assert server.bodies[0]["model"] == "m"


@pytest.mark.parametrize("words", [("--states", "x"), ("--verdicts", "x"), ("--device", "cpu"), ("--name",)])
def test_what_serve_cannot_do_with_a_server_is_one_error(server, capsys, monkeypatch, words):  # noqa: F811
    pytest.importorskip("fastapi", reason="the extra `serve`")
    monkeypatch.setattr(sys.modules["yofo_rerank.cli.serve"], "_run", lambda *_, **__: pytest.fail("it is served"))
    named = ("--model", "m", *words) if len(words) == 2 else ()
    code, _, err = run(capsys, "serve", "--judge", server.url, *named)
    assert code == 2
    assert words[0] in err


@pytest.mark.parametrize(
    "words", [("--adapter", "x"), ("--verdicts", "x"), ("--evidence", "x.png"), ("--dialect", "latin")]
)
def test_what_does_not_go_together(server, photo, capsys, words):  # noqa: F811
    code, _, err = run(capsys, "judge", photo, "-r", "grey", "--judge", server.url, *words)
    assert code in (1, 2)
    assert words[0].strip("-") in err or "latin" in err
    assert server.bodies == []
