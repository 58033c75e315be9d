"""The example program as a user runs it: JSON, page, exit codes; on the embedded weights where they exist."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from yofo_rerank.mini.weights import weights_folder

PROGRAM = Path(__file__).parents[2] / "pipelines" / "fashion_search.py"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHIP = re.compile(r'<li class="chip (yes|no) (must|should)"')
needs_mini = pytest.mark.skipif(
    not all((weights_folder(part)).is_dir() for part in ("base", "adapter", "clip")),
    reason="the embedded weights are not built yet (make train-mini)",
)


def run(*arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(PROGRAM.parents[1])}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)


def load_program():
    """The program as a module, for what needs no process."""
    spec = importlib.util.spec_from_file_location("fashion_search", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_short_enough_to_read() -> None:
    assert len(PROGRAM.read_text().splitlines()) <= 150


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["q", "--top-k", "0"],
        ["q", "--candidates", "-3"],
        ["q", "--preset", "unknown"],
        ["q", "--rule", "{not json"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        load_program().main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_error_is_one_line_and_debug_raises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = load_program()
    arguments = ["q", "--images", str(tmp_path / "nowhere")]
    assert program.main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "nowhere" in err.splitlines()[-1] and err.splitlines()[-1].startswith("error: ")
    with pytest.raises(ValueError, match="nowhere"):
        program.main([*arguments, "--debug"])


def test_an_unknown_rule_is_refused_before_any_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert load_program().main(["q", "--rule", "bogus"]) == 1
    assert "bogus" in capsys.readouterr().err


@needs_mini
@pytest.mark.slow
def test_the_three_presets_make_one_page_with_every_chip(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    presets = [part for name in ("evening", "ruched", "summer-text") for part in ("--preset", name)]
    done = run(*presets, "--top-k", "5", "--json", "--html", page)
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == 3
    dom = dump_dom(page, tmp_path / "profile")
    assert len(CHIP.findall(dom)) == sum(2 * 5 * len(result["query"]["requirements"]) for result in results)
    assert len(re.findall(r"<img ", dom)) == 2 * 2 * 5  # the third search is over texts
    assert len(re.findall(r"<blockquote ", dom)) == 2 * 5
    for result in results:
        assert len(result["ranked"]) == 5
        assert [entry["score"] for entry in result["ranked"]] == sorted(
            (entry["score"] for entry in result["ranked"]), reverse=True
        )
    preferred = [entry["requirement"]["necessity"] for entry in results[2]["ranked"][0]["judgements"]]
    assert "should" in preferred  # "I'd prefer them to be grey if available"


@needs_mini
@pytest.mark.slow
def test_own_images_requirements_and_table(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for name, colour in (("red", "red"), ("blue", "blue"), ("green", "green")):
        Image.new("RGB", (96, 96), colour).save(images / f"{name}.png")
    (images / "broken.png").write_bytes(b"nothing")
    done = run(
        "something red", "--images", images, "--requirement", "red", "--requirement", "not blue", "--rule", "mean"
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("red.png", "blue.png", "green.png"))
    assert "broken.png" not in done.stdout and "broken.png" in done.stderr
    assert len(re.findall(r"[✓✗] [01]\.\d\d", done.stdout)) == 3 * 2


@needs_mini
@pytest.mark.slow
def test_ranking_is_better_than_the_first_stage() -> None:
    done = run("--preset", "ruched", "--json")
    assert done.returncode == 0, done.stderr
    top = json.loads(done.stdout)["ranked"]
    assert all(judgement["verdict"] for judgement in top[0]["judgements"])
    assert [entry["index"] for entry in top] != sorted(entry["index"] for entry in top)  # not CLIP's order again


def dump_dom(page: Path, profile: Path) -> str:
    """What the browser makes of the page; its source where there is no browser."""
    if BROWSER is None:
        return page.read_text(encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --dump-dom --disable-quic --no-first-run --disable-sync"
    flags += " --disable-background-networking --disable-component-update"
    command = [BROWSER, *flags.split(), f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
