"""Every code block of the documentation works when pasted, in the order in which it stands on its page.

Nothing can be downloaded here, so the names in STAND_INS are replaced by what is embedded; the rest runs as it stands.
"""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from yofo_rerank.cli import main
from yofo_rerank.mini import sample_catalog
from yofo_rerank.mini.weights import weights_folder

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "```" in page.read_text(encoding="utf-8"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
RUN = {"python", "console", "json", "yaml"}
STAND_INS = {
    '"ViT-B-32", "laion2b_s34b_b79k"': '"mini"',
    "Qwen/Qwen3-VL-2B-Instruct": str(weights_folder("base")),
    "runs/hooded/final": str(weights_folder("adapter")),
}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "photos"
    folder.mkdir()
    for number, (document, _) in enumerate(sample_catalog(12, seed=3), start=1):
        document.load_image().save(folder / f"{number}.png")
    return folder


@pytest.fixture
def workplace(tmp_path, photos, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").symlink_to(photos)
    (tmp_path / "1.png").write_bytes((photos / "1.png").read_bytes())
    return tmp_path


def test_there_are_pages_and_only_known_kinds_of_blocks():
    kinds = {kind for page in PAGES for kind, _ in BLOCK.findall(page.read_text(encoding="utf-8"))}
    assert len(PAGES) >= 9
    assert kinds <= RUN | {"text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_page(page, workplace, capsys):
    names: dict = {"__name__": "page"}
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks
    for kind, code in blocks:
        for real, stand_in in STAND_INS.items():
            code = code.replace(real, stand_in)
        if kind == "python":
            exec(compile(code, str(page), "exec"), names)
        elif kind == "console":
            for line in code.splitlines():
                _run_line(line)
        elif kind == "json":
            json.loads(code)
            (workplace / "train.jsonl").write_text(code * 4)  # one batch
            (workplace / "validation.jsonl").write_text(code)
        elif kind == "yaml":
            (workplace / "config.yaml").write_text(code)


def _run_line(line: str) -> None:
    words = shlex.split(line)
    if words[0] == "yofo":
        with pytest.raises(SystemExit) as ended:
            main(words[1:])
        assert ended.value.code == 0, line
    elif words[:2] == ["pip", "install"]:
        assert set(re.findall(r"\[([\w,-]+)\]", line)) <= set(EXTRAS), line
    else:
        pytest.fail(f"nobody checks {line!r}")
