"""`yofo info` says whose figures it shows."""

import json
import shutil

import pytest

from yofo_rerank.cli import main
from yofo_rerank.mini.weights import weights_folder


@pytest.fixture
def info(capsys):
    """`info(*arguments)`: exit code, facts, stderr."""

    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(["info", "--json", *map(str, arguments)])
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), json.loads(out or "null"), err

    return call


def test_minis_own_figures(info):
    code, facts, _ = info("--model", "mini")
    assert code == 0
    assert facts["figures"]["acc_property"] > 0.9


@pytest.mark.parametrize(
    ("card", "figures"),
    [(None, {}), ("---\nlicense: mit\n---\n# Mine\n", {}), ("---\nfigures:\n  own: 0.5\n---\n# Mine\n", {"own": 0.5})],
)
def test_somebody_elses_adapter_is_not_credited_with_them(info, tmp_path, card, figures):
    adapter = shutil.copytree(weights_folder("adapter"), tmp_path / "adapter")
    (adapter / "README.md").unlink()
    if card:
        (adapter / "README.md").write_text(card)
    code, facts, _ = info("--model", "mini", "--adapter", adapter)
    assert code == 0
    assert facts["model"]["adapter"] == str(adapter)
    assert facts["figures"] == figures


def test_an_adapter_needs_its_model(info, tmp_path):
    code, facts, err = info("--adapter", tmp_path)
    assert (code, facts) == (2, None)
    assert "--adapter needs --model" in err
