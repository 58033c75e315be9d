"""What a command says: one format, each warning once, nothing with -q; the model always named; mistakes told early."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from PIL import Image

from yofo_rerank.cli import main, messages
from yofo_rerank.mini.weights import weights_folder
from yofo_rerank.scoring import EXAMPLES, RULES, get_rule

needs_mini = pytest.mark.skipif(not weights_folder("base").is_dir(), reason="the embedded weights are not built yet")


def run(capsys, *arguments):
    """Exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture
def picture(tmp_path) -> Path:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_one_format_and_each_warning_once(capsys):
    with messages.speaking():
        for _ in range(2):
            logging.getLogger("yofo_rerank.any").warning("a\x1b[31m word\nand [red]more[/x]")
            warnings.warn("from a library", stacklevel=1)
        logging.getLogger("yofo_rerank.any").info("nobody asked")
        messages.say("a note")
        messages.complain("it failed")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "warning: a [31m word and [red]more[/x]",
        "warning: from a library",
        "a note",
        "error: it failed",
    ]


def test_quiet_leaves_errors_alone(capsys):
    with messages.speaking(quiet=True):
        messages.warn("careful")
        messages.say("a note")
        messages.complain("it failed")
    assert capsys.readouterr().err == "error: it failed\n"
    logging.getLogger("yofo_rerank.any").warning("after")
    assert "warning: after" not in capsys.readouterr().err


@needs_mini
@pytest.mark.parametrize("quiet", [[], ["-q"], ["--quiet"]])
def test_own_images_and_no_model_named(quiet, picture, capsys):
    code, out, err = run(capsys, *quiet, "judge", picture, "-r", "a thing with sequins")
    assert code == 0
    assert out.splitlines()[-1] == "judged by mini (embedded)"
    told = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert len(told) == (0 if quiet else 2)
    if not quiet:
        assert "'mini' knows drawn garments alone" in told[0] and "--model Qwen/" in told[0]
        assert "never saw" in told[1]
    code, out, err = run(capsys, "judge", picture, "-r", "red", "--model", "mini", "--json")
    assert json.loads(out)["model"] == "mini (embedded)"
    assert "drawn garments alone" not in err  # asked for


@needs_mini
def test_wishes_without_musts_join_the_query(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("yofo_rerank.cli.catalogue.CATALOGUE_SIZE", 12)
    code, out, err = run(capsys, "search", "a red dress", "-p", "long", "--json", "--top-k", 1)
    assert code == 0
    result = json.loads(out)
    asked = [(one["text"], one["necessity"]) for one in result["query"]["requirements"]]
    assert asked == [("dress", "must"), ("red", "must"), ("long", "should")]
    assert (result["judge"], result["encoder"]) == ("mini (embedded)", "mini (embedded)")
    assert "drawn garments alone" not in err  # its own catalogue
    code, out, _ = run(capsys, "search", "a red dress", "--top-k", 1)
    assert out.splitlines()[-1] == "found by mini (embedded), judged by mini (embedded)"


def test_rules_lists_each_with_an_example_that_works(capsys):
    code, out, _ = run(capsys, "rules")
    assert code == 0
    examples = [line.split("--rule ")[1].strip("'") for line in out.splitlines() if "--rule" in line]
    assert [get_rule(json.loads(example)).kind for example in examples] == list(RULES)
    assert json.loads(run(capsys, "rules", "--json")[1]) == EXAMPLES


@pytest.mark.parametrize(
    ("rule", "code", "reason"),
    [
        ("bogus", 1, "unknown scoring rule 'bogus'"),
        ('{"rule": "min"}', 1, "needs a kind"),
        ('{"kind": "min"', 2, "no JSON object"),
        ("[1]", 1, "must be a name"),
    ],
)
def test_a_wrong_rule_shows_an_example_of_each(rule, code, reason, capsys):
    got, _, err = run(capsys, "search", "red", "--rule", rule)
    assert got == code
    assert err.startswith("error: ") and reason in err
    assert '"kind"' in err and all(f'"{kind}"' in err for kind in RULES)


EARLY = [
    ["search", " "],
    ["search", "red", "-r", " "],
    ["search", "red", "--model", "./nowhere"],
    ["search", "red", "--adapter", "/no/such/adapter"],
    ["search", "red", "--rule", "bogus"],
    ["search", "red", "--images", "no-such-folder"],
    ["search", "red", "--device", "gpu"],
    ["judge", __file__, "-r", "red", "--device", "gpu"],
    ["judge", "nowhere.png", "-r", "red"],
    ["judge", __file__, "-r", " "],
    ["judge", __file__, "-r", "red", "--attention", "bogus"],
    ["index", str(Path(__file__).parent), "--out", "/tmp/never-made.index", "--encoder", "./nowhere"],
]


def test_mistakes_are_told_before_anything_heavy_is_imported():
    """All in one process: none of them imports torch, and together they take less than some imports would."""
    check = (
        "import json, sys, time\nfrom yofo_rerank.cli import main\n"
        "codes, started = [], time.perf_counter()\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    try: main(arguments)\n    except SystemExit as stop: codes.append(stop.code)\n"
        "heavy = sorted({'torch', 'transformers', 'open_clip', 'faiss'} & set(sys.modules))\n"
        "print(json.dumps([codes, heavy, time.perf_counter() - started]))"
    )
    done = subprocess.run([sys.executable, "-c", check, json.dumps(EARLY)], capture_output=True, text=True, check=True)
    codes, heavy, seconds = json.loads(done.stdout)
    assert heavy == []
    assert seconds < 1.0 * len(EARLY)
    assert codes == [1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1]
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == ["error:"] * len(EARLY)


@needs_mini
def test_a_bar_while_judging_and_none_with_quiet(picture, monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    for quiet, is_shown in (([], True), (["-q"], False)):
        monkeypatch.setattr(sys, "stderr", stderr := Terminal())
        code, out, _ = run(capsys, *quiet, "judge", picture, "-r", "red", "--json")
        assert code == 0 and json.loads(out)["judgements"]
        assert ("1/1" in stderr.getvalue()) == is_shown


@needs_mini
def test_mini_is_loaded_without_the_bars_of_libraries():
    code = (
        "from yofo_rerank import Document, YofoJudge\n"
        "YofoJudge.from_pretrained('mini').judge([Document(text='a red dress')], ['red'])\n"
        "from transformers.utils import logging\nassert logging.is_progress_bar_enabled()"
    )
    shown = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_PROGRESS_BARS"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=shown)
    assert done.stderr == "" and done.stdout == ""
