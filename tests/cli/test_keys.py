"""`yofo serve --keys FILE`: a file that cannot be used opens the service to nobody."""

import sys

import pytest

from yofo_rerank.cli import main


@pytest.mark.parametrize(
    "held, said",
    [
        (b"", "holds no key"),
        (b"\n  \n", "holds no key"),
        ("k\N{LATIN SMALL LETTER E WITH ACUTE}y".encode() * 8, "must be ASCII, one key a line, but byte 1 is 0xc3"),
        (None, "cannot be read"),
    ],
)
def test_a_file_of_keys_that_holds_none_is_one_error(tmp_path, capsys, monkeypatch, held, said):
    monkeypatch.delenv("YOFO_SERVE_KEYS", raising=False)
    monkeypatch.setattr(sys.modules["yofo_rerank.cli.serve"], "_run", lambda *_, **__: pytest.fail("it is served"))
    if held is not None:
        (tmp_path / "keys").write_bytes(held)
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--judge", "http://x", "--name", "shop", "--keys", str(tmp_path / "keys")])
    assert ended.value.code == 2
    err = " ".join(capsys.readouterr().err.split())
    assert said in err
    assert "--keys" in err
