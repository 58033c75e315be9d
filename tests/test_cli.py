"""The `yofo` command as a user meets it: exit codes, one-line errors, JSON on stdout, quick help."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from yofo_rerank.cli import main
from yofo_rerank.mini.weights import weights_folder

needs_mini = pytest.mark.skipif(
    not (weights_folder("base") / "config.json").is_file(),
    reason="the embedded weights are not built yet (make train-mini)",
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command in this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder with three pictures and one file that only pretends to be one."""
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for name, colour in (("red.png", "red"), ("blue.jpg", "blue"), ("sub/green.webp", "green")):
        Image.new("RGB", (64, 64), colour).save(folder / name)
    (folder / "broken.jpg").write_bytes(b"not an image")
    return folder


def test_index_and_images_exclude_each_other(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "search", "q", "--images", images, "--index", images)
    assert code == 2
    assert "not both" in err


# With tiny random models: what is printed and written, not whether it is right


@pytest.fixture(scope="session")
def judge_folder(tmp_path_factory, tiny_qwen3_vl, saved_model) -> Path:
    return saved_model(tiny_qwen3_vl, tmp_path_factory.mktemp("models") / "judge")


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory) -> Path:
    """A tiny open_clip folder with random weights."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("models") / "clip"
    folder.mkdir()
    text = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    vision = {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 16, "layers": 1}
    config = {"model_cfg": {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return folder


def test_judge_prints_json_alone(judge_folder: Path, images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "judge", images / "red.png", "-r", "red", "-r", "not\nblue", "--model", judge_folder, "--json"
    )
    assert code == 0
    result = json.loads(out)
    assert [judgement["requirement"]["text"] for judgement in result["judgements"]] == ["red", "not\nblue"]
    assert all(0 <= judgement["p_yes"] <= 1 for judgement in result["judgements"])
    assert result["failure"] is None


def test_judge_as_a_process(judge_folder: Path, images: Path) -> None:
    command = [sys.executable, "-m", "yofo_rerank.cli", "judge", images / "red.png", images / "broken.jpg", "-r", "red"]
    done = subprocess.run(
        [*map(str, command), "--model", str(judge_folder), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stderr  # one of the two is no image
    assert [len(json.loads(line)["judgements"]) for line in done.stdout.splitlines()] == [1, 0]
    assert "Traceback" not in done.stderr


def test_judge_says_which_image_failed_and_exits_with_1(
    judge_folder: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["judge", images / "red.png", images / "broken.jpg", "-r", "red", "--model", judge_folder]
    code, out, _ = run(capsys, *arguments)
    assert code == 1
    assert out.count(" red\n") + out.count(" red ") == 1
    assert "not judged" in out and "not JPEG, PNG, WebP" in " ".join(out.split())
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 1
    assert [json.loads(line)["failure"] is None for line in out.splitlines()] == [True, False]


def test_index_then_search_with_page(
    judge_folder: Path,
    clip_folder: Path,
    images: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    states = ["--model", judge_folder, "--states", tmp_path / "states"]
    code, _, err = run(capsys, "index", images, "--out", tmp_path / "ix", "--encoder", clip_folder, *states)
    assert code == 0
    assert "embedded 3 images, skipped 1" in err
    assert "3 prefix states in" in err
    for _ in range(50):  # written behind the command's back; here no process ends
        if len(list((tmp_path / "states").rglob("*.safetensors"))) == 3:
            break
        time.sleep(0.1)
    else:
        pytest.fail("no prefix states")
    assert "broken.jpg" in caplog.text  # on stderr, outside of pytest
    page = tmp_path / "page.html"
    search = ["search", "a red top, preferably long", "--index", tmp_path / "ix", "--model", judge_folder]
    code, out, err = run(capsys, *search, "--html", page)
    assert code == 0
    assert all(name in out for name in ("red.png", "blue.jpg", "sub/green.webp"))
    assert page.read_text(encoding="utf-8").count('<li class="card">') == 2 * 3
    assert f"page: {page}" in err


def test_search_folder_with_given_requirements_as_json(
    judge_folder: Path, clip_folder: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["search", "q", "--images", images, "--encoder", clip_folder, "--model", judge_folder, "--json"]
    arguments += [
        "-r",
        "red",
        "-p",
        "long",
        "--top-k",
        "2",
        "--rule",
        '{"kind": "expression", "expression": "r1 or r2"}',
    ]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    result = json.loads(out)
    found = [(entry["text"], entry["necessity"]) for entry in result["query"]["requirements"]]
    assert found == [("red", "must"), ("long", "should")]
    assert len(result["ranked"]) == 2
    assert sorted(result["ranked"][0]["document"]) == ["id", "image", "metadata", "text"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["search", " "], "blank"),
        (["search", "q", "-r", " "], "blank"),
        (["search", "q", "--rule", "bogus"], "threshold_count"),
        (["search", "q", "--rule", '{"kind": "expression", "expression": "r9"}'], "r9"),
        (["search", "q", "--model", "/no/such/folder"], "/no/such/folder"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    reason: str,
    judge_folder: Path,
    clip_folder: Path,
    images: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = [] if "--model" in arguments else ["--model", judge_folder]
    code, out, err = run(capsys, *arguments, *model, "--images", images, "--encoder", clip_folder)
    assert (code, out) == (1, "")
    assert reason in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("error: ")


def test_a_folder_without_images_and_a_foreign_index(
    judge_folder: Path, clip_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    code, _, err = run(capsys, "index", tmp_path / "empty", "--out", tmp_path / "ix", "--encoder", clip_folder)
    assert code == 1 and "no readable JPEG, PNG or WebP image" in err
    code, _, err = run(capsys, "search", "q", "--index", tmp_path, "--model", judge_folder)
    assert code == 1 and "error: " in err


def test_info_lists_the_names_that_commands_take(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "info", "--json")
    facts = json.loads(out)
    assert code == 0
    assert {"weighted", "expression"} <= set(facts["rules"])
    assert {"rules", "llm"} <= set(facts["decomposers"])
    assert {"qwen2_vl", "qwen2_5_vl", "qwen3_vl"} <= set(facts["families"])
    assert "yofo-v1" in facts["formats"]
    assert facts["versions"]["torch"]
    assert any(device.startswith("cpu") for device in facts["devices"])


def test_info_shows_a_model_and_the_figures_of_its_card(
    judge_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\nfigures:\n  property_accuracy: 0.5\n---\n# Card\n")
    for path in judge_folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    code, out, _ = run(capsys, "info", "--model", tmp_path)
    assert code == 0
    assert "qwen3_vl" in out
    assert "property_accuracy" in out and "0.5" in out


def test_train_passes_the_configuration_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import yofo_rerank.training.run as training

    seen = []

    def train(config):
        seen.append(config.resume)
        return SimpleNamespace(folder=tmp_path / "final")

    monkeypatch.setattr(training, "train", train)
    path = tmp_path / "config.yaml"
    (tmp_path / "t.jsonl").touch()
    (tmp_path / "checkpoint-3").mkdir()
    monkeypatch.chdir(tmp_path)
    path.write_text("model: m\ntrain_file: t.jsonl\noutput_dir: out\nresume: checkpoint-3\n")
    for flags in ([], ["--resume"], ["--no-resume"]):
        code, out, _ = run(capsys, "train", path, *flags)
        assert code == 0
        assert str(tmp_path / "final") in out
    assert seen == ["checkpoint-3", "auto", "never"]


# With the embedded weights


@needs_mini
def test_search_the_embedded_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("yofo_rerank.cli.catalogue.CATALOGUE_SIZE", 40)
    code, out, _ = run(capsys, "search", "a red dress, not striped", "--json", "--top-k", "3")
    assert code == 0
    scores = [entry["score"] for entry in json.loads(out)["ranked"]]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
    code, out, _ = run(capsys, "info", "--model", "mini", "--json")
    assert code == 0
    assert json.loads(out)["model"]["family"] == "qwen3_vl"
