import json

import pytest

from evals.figures.markers import filled, without_figures, written
from evals.figures.records import Missing, Records
from evals.figures.tables import TABLES
from evals.figures.values import VALUES
from yofo_rerank.errors import ConfigError


@pytest.fixture
def records(tmp_path):
    found = {"about": {}, "settings": {"n": 1234}, "figures": {"a b": {"mean": 0.98765}, "all": [1, 2]}}
    (tmp_path / "speed.json").write_text(json.dumps(found))
    return Records(tmp_path)


def test_values_within_lines_and_at_the_head(records):
    head = "---\nacc: 0.1  # figures: speed/a b/mean .2f\n---\n"
    text = f"{head}It is <!-- figures: speed/a b/mean x100 .1f -->?<!-- end --> %.\n"
    assert filled(text, records) == (
        "---\nacc: 0.99  # figures: speed/a b/mean .2f\n---\n"
        "It is <!-- figures: speed/a b/mean x100 .1f -->98.8<!-- end --> %.\n"
    )
    assert written("speed/settings/n ,", records) == "1,234"
    assert written("speed/all/1", records) == "2"


def test_a_table_stands_in_lines_of_its_own(records, monkeypatch):
    monkeypatch.setitem(TABLES, "one", lambda records: "| a |\n|---|")
    text = "before\n<!-- figures: one -->\nold\n<!-- end -->\nafter <!-- figures: speed/settings/n -->\n<!-- end -->"
    assert filled(text, records) == (
        "before\n<!-- figures: one -->\n| a |\n|---|\n<!-- end -->\n"
        "after <!-- figures: speed/settings/n -->\n1234\n<!-- end -->"
    )
    assert filled(filled(text, records), records) == filled(text, records)


def test_what_people_wrote(records):
    text = "x: 0.5  # figures: a/b\n0.25 <!-- figures: speed/settings/n -->0.75<!-- end -->"
    assert "0.25" in without_figures(text)
    assert "0.5 " not in without_figures(text)
    assert "0.75" not in without_figures(text)


def test_a_record_that_is_absent_names_its_command(records):
    with pytest.raises(Missing, match=r"not measured yet: run `python -m evals\.mini_search`"):
        written("mini_search/first_stage/depth", records)
    assert written("search", records) == "Not measured yet: run `python -m evals.mini_search`."


@pytest.mark.parametrize("what", ["nothing", "speed/c", "speed/all/7", "speed/settings/n/deeper"])
def test_unknown_figures(records, what):
    with pytest.raises(ConfigError, match=what):
        written(what, records)


@pytest.mark.parametrize("name", VALUES)
def test_every_named_value_is_in_its_record(name):
    assert any(character.isdigit() for character in written(name, Records()))
