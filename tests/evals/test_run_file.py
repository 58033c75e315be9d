import json

import pytest

from evals import run_file
from evals.run_file import RunFile, record_path, slug

SETTINGS = {"task": "mini", "model": "a"}


def test_what_was_added_is_there_in_the_next_process(tmp_path):
    run = RunFile(tmp_path, SETTINGS)
    run.add("q1", {"scores": {"a": 0.5}})
    run.add("q2", {"scores": {}})
    again = RunFile(tmp_path, SETTINGS)
    assert again.done == {"q1": {"scores": {"a": 0.5}}, "q2": {"scores": {}}}
    again.add("q3", {})
    assert len(RunFile(tmp_path, SETTINGS).commits) == 2  # two processes answered


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_that_a_kill_cut_short_is_asked_again_and_nothing_else(tmp_path, cut):
    run = RunFile(tmp_path, SETTINGS)
    run.add("q1", {"scores": {"a": 0.5}})
    run.add("q2", {"scores": {"a": 0.5}})
    data = run.path.read_bytes()
    run.path.write_bytes(data[:-cut])
    again = RunFile(tmp_path, SETTINGS)
    assert "q1" in again.done
    again.add("q3", {"scores": {}})
    done = RunFile(tmp_path, SETTINGS).done
    assert done["q1"] == {"scores": {"a": 0.5}}
    assert done["q3"] == {"scores": {}}
    assert ("q2" in done) == (cut == 1)  # the newline alone was lost


def test_other_settings_have_another_file(tmp_path):
    RunFile(tmp_path, SETTINGS).add("q1", 1)
    assert RunFile(tmp_path, SETTINGS | {"limit": 3}).done == {}
    assert RunFile(tmp_path, dict(reversed(SETTINGS.items()))).done == {"q1": 1}


def test_fresh_forgets(tmp_path):
    RunFile(tmp_path, SETTINGS).add("q1", 1)
    assert RunFile(tmp_path, SETTINGS, fresh=True).done == {}


def test_a_number_that_json_has_not_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        RunFile(tmp_path, SETTINGS).add("q1", float("nan"))


def test_the_file_says_what_was_asked(tmp_path):
    run = RunFile(tmp_path, SETTINGS)
    run.add("q1", 1)
    assert json.loads(run.path.read_text().splitlines()[0])["begun"] == SETTINGS


def test_names_of_files(tmp_path):
    assert slug("rank", "ViDoRe(v3.1, reranking)", "a/b") == "rank_ViDoRe-v3.1-reranking_a-b"
    whole = record_path(tmp_path, "rank", "mini", "yofo", None)
    assert whole.name == "rank_mini_yofo.json"
    assert record_path(tmp_path, "rank", "mini", "yofo", 5) != whole


def test_other_embedded_weights_have_another_file(tmp_path, monkeypatch):
    RunFile(tmp_path, SETTINGS).add("q1", 1)
    monkeypatch.setattr(run_file, "mini_weights", lambda: "another digest")
    assert RunFile(tmp_path, SETTINGS).done == {}
