"""`--judge URL`: the command asks a server, and says so."""

import json

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


@pytest.mark.parametrize(
    "words", [("--adapter", "x"), ("--verdicts", "x"), ("--evidence", "x.png"), ("--dialect", "latin")]
)
def test_what_does_not_go_together(server, photo, capsys, words):  # noqa: F811
    code, _, err = run(capsys, "judge", photo, "-r", "grey", "--judge", server.url, *words)
    assert code in (1, 2)
    assert words[0].strip("-") in err or "latin" in err
    assert server.bodies == []
