"""Help, usage and errors of the `yofo` command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from yofo_rerank.cli import main, options


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command in this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


# Help, usage and errors


def test_help_is_quick_and_loads_no_model_library() -> None:
    check = (
        "import sys\nfrom yofo_rerank.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit as stop: assert not stop.code\n"
        "heavy = {'torch', 'transformers', 'open_clip', 'faiss', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("search", "judge", "index", "train", "info"))


@pytest.mark.parametrize("command", ["search", "judge", "index", "train", "info"])
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert f"yofo {command} " in out.split("Example:")[1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert (code, out.split()[0]) == (0, "yofo-rerank")


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["search"],
        ["search", "q", "--top-k", "0"],
        ["search", "q", "--candidates", "-1"],
        ["search", "q", "--images", "no-such-folder"],
        ["judge", "a.png"],
        ["index", "no-such-folder", "--out", "x"],
        ["index", ".", "--out", __file__],
        ["info", "--no-such-option"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in out + err


def test_an_error_is_one_line_and_debug_shows_where(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["train", str(tmp_path / "missing.yaml")]
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ") and "missing.yaml" in err
    assert err.count("\n") == 1
    for place in (0, 1, 2):
        with pytest.raises(ValueError, match=r"missing\.yaml"):
            main([*arguments[:place], "--debug", *arguments[place:]])


def test_debug_after_a_double_dash_is_text() -> None:
    with pytest.raises(SystemExit) as stop:
        main(["train", "--", "--debug"])
    assert stop.value.code == 1  # a file of that name is missing, and no traceback came


def test_rule_is_a_name_or_json() -> None:
    assert options.parse_rule("min") == "min"
    assert options.parse_rule(' {"kind": "min"}') == {"kind": "min"}
    with pytest.raises(typer.BadParameter, match="no JSON object"):
        options.parse_rule("{kind: min}")
