"""SECURITY.md: every promise names its tests, which exist; the figures are those of the record."""

import re
from pathlib import Path

import pytest

from tests.attack.table import SECURITY, read_record, render, with_table

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def promises():
    """The rows of the table of promises, and the list below it."""
    text = SECURITY.read_text(encoding="utf-8")
    section = text.partition("## What is not trusted")[2].partition("## What is tried")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| input")]
    return rows + ["- " + item for item in section.split("\n- ")[1:]]


def test_there_are_promises():
    assert len(promises()) >= 15


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise[2:30])
def test_every_promise_names_tests_that_exist(promise):
    named = NAMED.findall(promise)
    assert named, "no test is named"
    for path, function in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not function or re.search(rf"^\s*(async )?def {function}\(", source, re.MULTILINE), (
            f"{path} has no {function}"
        )


def test_the_table_is_that_of_the_record():
    text = SECURITY.read_text(encoding="utf-8")
    assert with_table(text, render(read_record())) == text


def test_nothing_was_lost_or_let_in():
    for name, count in read_record()["figures"]["entries"].items():
        assert (count["lost"], count["let_in"], count["crashed"]) == (0, 0, 0), name
        assert count["inputs"] >= 100, name
